"""The report: complete, computed from the snapshot, written whole."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.report.report import RunFacts, build, write

REQUIRED = {
    "duration_s",
    "quotes",
    "requests",
    "fills",
    "position",
    "max_abs_position",
    "position_limit",
    "pnl",
    "fees",
    "gaps",
    "rate_limit_errors",
    "open_orders_at_exit",
    "latency_ns",
}


@pytest.fixture
def snapshot() -> dict[str, Any]:
    """A snapshot as the core gives it, two instruments."""
    row = {
        "position": -120.0,
        "position_limit": 500.0,
        "max_abs_position": 130.0,
        "average_price": 65000.0,
        "realized_pnl": 0.5,
        "unrealized_pnl": -0.25,
        "fees": 0.125,
        "currency": "BTC",
        "gaps": 1,
        "bids": [[1.0, 2.0]],
    }
    summary = {"count": 3, "p50": 100, "p99": 200, "p999": 300, "max": 300}
    return {
        "halted": "",
        "counters": {"quotes": 40, "fills": 7, "gaps": 2},
        "requests": {"new": 2, "edit": 30, "cancel": 1, "cancel_all": 1},
        "rejects_by_code": {10028: 1, 11054: 3},
        "instruments": {
            "ETH-PERPETUAL": {**row, "position": 7.0, "currency": "ETH"},
            "BTC-PERPETUAL": row,
        },
        "latency_ns": {"decode": summary, "turn": summary},
        "session": {"open_orders_at_exit": 0, "cod": {"enabled": True}},
    }


def facts(**changes: Any) -> RunFacts:
    found: dict[str, Any] = {
        "started_at": "2026-10-01T00:00:00Z",
        "duration_s": 60.0004,
        "environment": "simulation",
        "instruments": ("BTC-PERPETUAL", "ETH-PERPETUAL"),
        "run_id": 0xAB,
        "outcome": "stopped",
    }
    return RunFacts(**{**found, **changes})


def test_everything_promised_is_there(snapshot: dict[str, Any]) -> None:
    tick = {"tick_to_order": {"count": 1, "p50": 9, "p99": 9, "p999": 9, "max": 9}}
    report = build(snapshot, facts(), tick)
    assert report.keys() >= REQUIRED
    assert report["duration_s"] == 60.0
    assert report["run_id"] == "000000ab"
    assert report["requests"] == {"new": 2, "edit": 30, "cancel": 1, "cancel_all": 1}
    assert report["open_orders_at_exit"] == 0
    assert set(report["latency_ns"]) == {"decode", "turn", "tick_to_order"}
    for stage in report["latency_ns"].values():
        assert stage.keys() >= {"p50", "p99", "p999"}


def test_top_level_is_the_first_configured_instrument(snapshot: dict[str, Any]) -> None:
    report = build(snapshot, facts(), {})
    assert report["main_instrument"] == "BTC-PERPETUAL"
    assert report["position"] == -120.0
    assert report["instruments"]["ETH-PERPETUAL"]["position"] == 7.0


def test_pnl_is_net_of_fees(snapshot: dict[str, Any]) -> None:
    assert build(snapshot, facts(), {})["pnl"] == 0.5 - 0.25 - 0.125


@pytest.mark.parametrize(("closes", "expected"), [(0, 1), (2, 3)])
def test_rate_limit_errors_are_rejects_and_closes(
    snapshot: dict[str, Any], closes: int, expected: int
) -> None:
    report = build(snapshot, facts(rate_limit_closes=closes), {})
    assert report["rate_limit_errors"] == expected


def test_the_books_are_in_it_as_the_session_shows_them(
    snapshot: dict[str, Any],
) -> None:
    books = {"is_open": True, "currencies": {"BTC": {"cash_difference": 0.0}}}
    session = {**snapshot["session"], "ledger": books}
    assert build({**snapshot, "session": session}, facts(), {})["ledger"] == books


def test_a_run_that_never_loaded_an_instrument_has_a_report_too() -> None:
    report = build({}, facts(outcome="unreachable"), {})
    assert report.keys() >= REQUIRED
    assert report["position"] is None
    assert report["open_orders_at_exit"] is None
    assert report["rate_limit_errors"] == 0


def test_file_is_whole_and_nothing_else_is_left(
    tmp_path: Path, snapshot: dict[str, Any]
) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")
    report = build(snapshot, facts(), {})
    write(path, report)
    assert orjson.loads(path.read_bytes()) == report
    assert [each.name for each in tmp_path.iterdir()] == ["out.json"]


def test_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.mkdir()
    with pytest.raises(OSError, match=r"out\.json"):
        write(path, {})
    assert [each.name for each in tmp_path.iterdir()] == ["out.json"]
