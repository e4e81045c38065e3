"""The rows: every number of the snapshot, under the name the documents give it."""

from typing import Any

import pytest

from engine._core.base.hist import Histogram
from engine._core.core import Core
from engine.metrics.export import SESSION_STATES, rows
from engine.metrics.reading import Reading, Stage

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def snapshot() -> dict[str, Any]:
    """A snapshot as the core gives it."""
    return {
        "quoting": True,
        "stance": "reduce",
        "exposure": {"": 70.0, "BTC": 50.0},
        "halted": "",
        "counters": {"frames": 1000, "gaps": 2, "quotes": 400, "fills": 7},
        "requests": {"new": 10, "edit": 300, "cancel": 5, "cancel_all": 1},
        "rejects_by_code": {10028: 1, 11054: 3},
        "turnover": {"BTC future": {"changes": 90, "volume": 0.5, "used": 0.25}},
        "credits": {"trading": {"left": 17.5, "burst": 20.0, "rate": 5.0}},
        "orders": {"live": 2, "unknown": 0},
        "instruments": {
            "BTC-PERPETUAL": {
                "book_state": "readable",
                "stance": "pull",
                "why_held": "BTC-PERPETUAL is halted",
                "quotes": {"bid": [[65000.0, 10.0, "live"]], "ask": []},
                "position": -120.0,
                "position_limit": 500.0,
                "max_abs_position": 130.0,
                "realized_pnl": 0.001,
                "unrealized_pnl": -0.0005,
                "fees": 0.0001,
                "currency": "BTC",
                "mid": 65000.25,
                "mark_price": None,
                "gaps": 2,
            }
        },
        "session": {
            "state": "quoting",
            "cod": {"enabled": True, "verified": True, "age_s": 12.5, "losses": 1},
            "reconnects": 1,
            "kill": {"count": 2, "pending": True},
            "clock_offset_ms": -2.5,
            "risk": {
                "trips": [
                    {"rule": "loss", "scope": "", "stance": "reduce", "latched": True}
                ],
                "rules": [{"rule": "loss", "scope": "", "value": 7.5, "limit": 5.0}],
            },
            "balances": {"BTC": 10.0},
        },
    }


def scrape(reading: Reading) -> Samples:
    """Return what is exported, by name as it is scraped, and labels."""
    suffix = {"counter": "_total", "info": "_info"}
    return {
        (
            family.name + suffix.get(family.kind, ""),
            frozenset(zip(family.labels, labels, strict=True)),
        ): float(value)
        for family, samples in rows(reading)
        if family.kind != "histogram"
        for labels, value in samples
        if isinstance(value, (int, float))
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_every_number_is_exported(snapshot: dict[str, Any]) -> None:
    shell = {"connected": 1, "connects": 2, "disconnects": 1, "bytes_written": 512}
    found = scrape(Reading(snapshot, {}, shell, "simulation"))
    perp = {"instrument": "BTC-PERPETUAL"}
    assert value(found, "halfspread_frames_total") == 1000
    assert value(found, "halfspread_requests_total", kind="edit") == 300
    assert value(found, "halfspread_rejects_by_code_total", code="10028") == 1
    assert value(found, "halfspread_credits_left", pool="trading") == 17.5
    assert value(found, "halfspread_book_changes_total", group="BTC future") == 90
    assert value(found, "halfspread_maker_volume_total", group="BTC future") == 0.5
    assert value(found, "halfspread_book_changes_used", group="BTC future") == 0.25
    assert value(found, "halfspread_orders", state="live") == 2
    assert value(found, "halfspread_position", **perp) == -120
    assert value(found, "halfspread_position_limit", **perp) == 500
    assert value(found, "halfspread_realized_pnl", **perp, currency="BTC") == 0.001
    assert value(found, "halfspread_book_state", **perp, state="readable") == 1
    assert value(found, "halfspread_book_state", **perp, state="gapped") == 0
    assert value(found, "halfspread_quoted_levels", **perp, side="bid") == 1
    assert value(found, "halfspread_quoted_levels", **perp, side="ask") == 0
    assert value(found, "halfspread_cod_verified") == 1
    assert value(found, "halfspread_cod_age_seconds") == 12.5
    assert value(found, "halfspread_cod_losses_total") == 1
    assert value(found, "halfspread_halted") == 0
    assert value(found, "halfspread_reconnects_total") == 1
    assert value(found, "halfspread_kills_total") == 2
    assert value(found, "halfspread_kill_pending") == 1
    assert value(found, "halfspread_clock_offset_seconds") == -0.0025
    assert value(found, "halfspread_equity", currency="BTC") == 10
    assert value(found, "halfspread_stance", instrument="") == 2
    assert value(found, "halfspread_stance", **perp) == 3
    assert value(found, "halfspread_closed", **perp) == 1
    trip = {"rule": "loss", "scope": "", "stance": "reduce", "latched": "yes"}
    assert value(found, "halfspread_risk_tripped", **trip) == 1
    assert value(found, "halfspread_risk_value", rule="loss", scope="") == 7.5
    assert value(found, "halfspread_risk_limit", rule="loss", scope="") == 5.0
    assert value(found, "halfspread_exposure_usd", currency="") == 70
    assert value(found, "halfspread_exposure_usd", currency="BTC") == 50
    assert value(found, "halfspread_connected") == 1
    assert value(found, "halfspread_disconnects_total") == 1
    assert ("halfspread_mark_price", frozenset(perp.items())) not in found


def test_watched_parameters_are_exported_as_far_as_they_are_known() -> None:
    row = {"live": 0.5, "standard_error": 0.1, "configured": None, "is_off": True}
    unknown = {"live": None, "configured": 0.4, "is_off": False}
    drift = {"X": {"k_per_tick": row, "a_per_s": unknown}}
    found = scrape(Reading({"session": {"drift": drift}}, {}, {}, "simulation"))
    k = {"instrument": "X", "what": "k_per_tick"}
    a = {"instrument": "X", "what": "a_per_s"}
    assert value(found, "halfspread_drift_live", **k) == 0.5
    assert value(found, "halfspread_drift_off", **k) == 1
    assert value(found, "halfspread_drift_configured", **a) == 0.4
    assert ("halfspread_drift_live", frozenset(a.items())) not in found
    assert ("halfspread_drift_configured", frozenset(k.items())) not in found


def test_exactly_one_session_state_is_hot(snapshot: dict[str, Any]) -> None:
    for state in SESSION_STATES:
        snapshot["session"]["state"] = state
        found = scrape(Reading(snapshot))
        hot = [
            each
            for each in SESSION_STATES
            if value(found, "halfspread_session_state", state=each)
        ]
        assert hot == [state]


def test_stages_are_exported_as_they_were_copied() -> None:
    histogram = Histogram()
    histogram.observe(150)
    stages = {"decode": Stage.copy(histogram)}
    ((family, samples),) = [
        row for row in rows(Reading({}, stages)) if row[0].kind == "histogram"
    ]
    assert family.name == "halfspread_latency_seconds"
    assert list(samples) == [(("decode",), stages["decode"])]


def test_every_counter_of_a_core_is_exported() -> None:
    counters = Core(7).snapshot()["counters"]
    assert counters
    found = scrape(Reading({"counters": dict.fromkeys(counters, 3)}))
    for key in counters:
        assert value(found, f"halfspread_{key}_total") == 3


def test_no_two_families_have_a_name_in_common(snapshot: dict[str, Any]) -> None:
    names = [family.name for family, _ in rows(Reading(snapshot))]
    assert len(names) == len(set(names))


def test_an_empty_snapshot_is_no_error() -> None:
    assert value(scrape(Reading({})), "halfspread_quoting") == 0
