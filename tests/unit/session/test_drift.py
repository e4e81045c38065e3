"""The alarm: one note when a number goes off, one when it is well again."""

from typing import Any

from engine._core.signals.drift import DRIFT_NAMES, Drift
from engine._core.state.book import Book
from engine.session.drift import LOOK_NS, WORDS
from engine.session.machine import Session
from tests.unit.session.stand_in import SECOND, Desk, idle_for_long, plan

NAME = "BTC-PERPETUAL"


def desk_with(drift: Drift | None) -> Desk:
    desk = Desk()
    desk.plans = [plan(NAME, drift=drift)]
    desk.session = Session(desk.core, desk.settings, desk.plans)
    idle_for_long(desk.session._ctx.credits)
    return desk.go()


def drift_notes(desk: Desk) -> list[tuple[str, str]]:
    return [(level, text) for level, kind, text in desk.core.noted if kind == "drift"]


def moving(drift: Drift, from_s: int, seconds: int, ticks: int) -> int:
    """Have the mid go to and fro by so much each two seconds; return the end."""
    book = Book(window_ticks=256)
    for at_s in range(from_s, from_s + seconds, 2):
        bid = 100 + ticks * (at_s // 2 % 2)
        rows: Any = [("bid", bid, 1), ("ask", bid + 2, 1)]
        book.apply_rows(rows, change_id=1, is_snapshot=True, venue_ms=at_s * 1000)
        drift.observe_book(book, at_s * SECOND)
    return from_s + seconds


def test_what_goes_off_is_noted_once_and_once_when_it_is_well_again() -> None:
    drift = Drift(sigma_ticks=5.0, tau_s=60, horizon_s=1.0)
    desk = desk_with(drift)
    at_s = moving(drift, 1, 400, 7)
    desk.until(60)
    assert drift_notes(desk) == []
    at_s = moving(drift, at_s, 400, 40)
    desk.until(60)
    ((level, text),) = drift_notes(desk)
    assert level == "warning"
    assert text.startswith(f"{NAME}: volatility is off: 28.")
    assert "configured 5" in text
    moving(drift, at_s, 800, 7)
    desk.until(60)
    assert [level for level, _ in drift_notes(desk)] == ["warning", "info"]
    assert "is well again" in drift_notes(desk)[1][1]


def test_it_is_looked_at_every_few_seconds_and_quoting_goes_on() -> None:
    drift = Drift(sigma_ticks=5.0, tau_s=60, horizon_s=1.0)
    desk = desk_with(drift)
    moving(drift, 1, 400, 40)
    desk.until(LOOK_NS / SECOND + 0.1)
    assert len(drift_notes(desk)) == 1
    assert desk.state == "quoting"
    found = desk.session.snapshot()["drift"][NAME]["sigma_ticks"]
    assert found["is_off"]
    assert found["configured"] == 5.0


def test_without_a_drift_nothing_is_looked_at() -> None:
    desk = desk_with(None)
    desk.until(60)
    assert desk.session.snapshot()["drift"] == {}
    assert drift_notes(desk) == []


def test_every_number_has_its_words() -> None:
    assert tuple(WORDS) == DRIFT_NAMES
