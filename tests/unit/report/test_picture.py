"""The picture: what must be seen is there, at every size and in every state."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from engine.report.picture import STAGES, Frame, nanos, screen, status_line


def row(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "book_state": "readable",
        "bids": [[65000.0 - level / 2, 1000.0 + level] for level in range(5)],
        "asks": [[65000.5 + level / 2, 2000.0 + level] for level in range(5)],
        "quotes": {
            "bid": [[64999.5, 100.0, "live"], [64900.0, 20.0, "live"]],
            "ask": [[65001.0, 300.0, "pending_edit"]],
        },
        "mid": 65000.25,
        "mark_price": 65001.125,
        "position": -130.0,
        "position_limit": 500.0,
        "realized_pnl": 0.00012,
        "unrealized_pnl": -0.00001,
        "fees": 0.00003,
        "currency": "BTC",
        "tick_size": 0.5,
    }
    return {**found, **changes}


def frame(**changes: Any) -> Frame:
    latency = {
        "count": 5,
        "p50": 340,
        "p99": 12_300,
        "p999": 1_200_000,
        "max": 2 * 10**9,
    }
    snapshot = {
        "counters": {"book_frames": 123456, "quotes": 4567, "fills": 12},
        "requests": {"new": 10, "edit": 1234, "cancel": 5},
        "orders": {"live": 2, "pending_edit": 1, "unknown": 0},
        "credits": {"trading": {"left": 17.2, "burst": 20.0, "rate": 5.0}},
        "session": {"state": "quoting", "cod": {"enabled": True, "verified": True}},
        "instruments": {"BTC-PERPETUAL": row(), "ETH-PERPETUAL": row()},
        "latency_ns": dict.fromkeys(STAGES, latency),
    }
    fields: dict[str, Any] = {
        "snapshot": snapshot,
        "instruments": ["BTC-PERPETUAL", "ETH-PERPETUAL"],
        "environment": "simulation",
        "up_s": 3723.0,
        "left_s": 18.0,
        "connected": 1,
        "notes": [["12:00:01", "info", "first note"], ["12:00:02", "error", "second"]],
    }
    return Frame(**{**fields, **changes})


def drawn(shown: Frame, width: int = 80, height: int = 24) -> str:
    console = Console(file=io.StringIO(), width=width, height=height)
    console.print(screen(shown, height), height=height)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_all_that_matters_fits_80_by_24() -> None:
    text = drawn(frame())
    lines = text.rstrip("\n").split("\n")
    assert len(lines) <= 24
    assert max(len(line) for line in lines) <= 80
    for expected in (
        "SIMULATION",
        "quoting",
        "COD on, read back",
        "BTC-PERPETUAL",
        "65000.0",
        "*100",
        "*300",
        "-130 of ±500",
        "+0.00008000 BTC",
        "tick_to_order",
        "340 ns",
        "12.3 µs",
        "1.20 ms",
        "2.00 s",
        "17 of 20",
        "2 live 1 sent 0 ?",
        "not begun",
        "01:02:03",
        "first note",
        "second",
    ):
        assert expected in text
    assert "…" not in text


def test_a_quote_below_the_shown_depth_is_still_seen() -> None:
    text = drawn(frame())
    assert "64900.0" in text
    assert "*20" in text


def test_more_room_shows_the_other_instruments() -> None:
    assert "ETH-PERPETUAL" not in drawn(frame())
    assert "ETH-PERPETUAL" in drawn(frame(), width=120, height=40)


def test_trouble_is_in_plain_sight() -> None:
    snapshot = {
        "halted": "fuse",
        "session": {"state": "quoting", "cod": {"enabled": True, "verified": False}},
        "instruments": {
            "BTC-PERPETUAL": row(book_state="gapped", why_held="btc_usd is locked")
        },
    }
    text = drawn(frame(snapshot=snapshot, connected=0))
    for expected in ("halted", "COD off", "gapped", "btc_usd is locked", "no conn"):
        assert expected in text


@pytest.mark.parametrize(
    "snapshot",
    [
        {},
        {"instruments": {}},
        {"instruments": {"BTC-PERPETUAL": {}}},
        {"instruments": {"BTC-PERPETUAL": row(bids=[], asks=[], mid=None)}},
    ],
)
def test_what_is_not_known_yet_is_no_error(snapshot: dict[str, Any]) -> None:
    assert "halfspread" in drawn(frame(snapshot=snapshot, notes=()))
    assert "\n" not in status_line(frame(snapshot=snapshot))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.integers(1, 80))
def test_no_terminal_size_is_an_error(width: int, height: int) -> None:
    drawn(frame(), width=width, height=height)


def test_status_line_is_one_line() -> None:
    line = status_line(frame())
    assert "\n" not in line
    for expected in ("quoting", "65000.0/65000.5", "64999.5/65001.0", "-130/500"):
        assert expected in line


@pytest.mark.parametrize(
    ("value_ns", "expected"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.00 µs"),
        (12_345, "12.3 µs"),
        (123_456, "123 µs"),
        (1_000_000, "1.00 ms"),
        (2_500_000_000, "2.50 s"),
        (1_000_000_000_000, "1000 s"),
    ],
)
def test_durations_are_short(value_ns: int, expected: str) -> None:
    assert nanos(value_ns) == expected


def books(**changes: Any) -> dict[str, Any]:
    """Return a snapshot's ledger that is tied out, but for what is changed."""
    return {
        "is_open": True,
        "untold": 0,
        "unlogged": 0,
        "currencies": {"BTC": {"cash_difference": 0.0}},
        "instruments": {"BTC-PERPETUAL": {"position_difference": 0.0}},
        **changes,
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "tied out"),
        ({"currencies": {"BTC": {"cash_difference": -3e-8}}}, "BTC off -3e-08"),
        ({"instruments": {"X": {"position_difference": 10.0}}}, "X off 10"),
        ({"untold": 1, "unlogged": 2}, "3 fills off"),
    ],
)
def test_it_is_seen_whether_our_books_are_the_venue_s(
    changed: dict[str, Any], expected: str
) -> None:
    shown = frame()
    session = {**shown.snapshot["session"], "ledger": books(**changed)}
    assert expected in drawn(frame(snapshot={**shown.snapshot, "session": session}))
