"""Signals in the checkpoint: how long the engine was away, and what starts cold."""

from typing import Any

import pytest

from engine import EwmaVolatility, Strategy
from engine._core.state.book import Book
from engine.session.machine import Session
from engine.session.signals import LastingSignals
from tests.unit.session.stand_in import SECOND, Desk, plan

NAME = "BTC-PERPETUAL"


class Slow(Strategy):
    """Listens to one signal that takes a while."""

    def __init__(self, tau_s: float = 600.0) -> None:
        self.pace = self.listen(EwmaVolatility(tau_s=tau_s, sample_s=1.0))

    def hear(self, at_ns: int, mids: tuple[int, ...] = (50, 51, 49, 52)) -> None:
        """Let it see some mids, a second apart, up to a time."""
        book = Book()
        for step, mid in enumerate(mids, 1 - len(mids)):
            rows = [("bid", mid - 1, 5), ("ask", mid + 1, 5)]
            book.apply_rows(rows, change_id=1, is_snapshot=True)
            self.pace.observe_book(book, at_ns + step * SECOND)


def desk_of(strategy: Strategy) -> Desk:
    desk = Desk()
    desk.plans = [plan(NAME, strategy=strategy)]
    desk.session = Session(desk.core, desk.settings, desk.plans)
    return desk


def part_of(desk: Desk) -> LastingSignals:
    ctx: Any = desk.session._ctx
    found = ctx.lasting["signals"]
    assert isinstance(found, LastingSignals)
    return found


def left() -> tuple[Slow, Desk, dict[str, Any]]:
    """Return a run, its strategy, and what it dumps."""
    strategy = Slow()
    desk = desk_of(strategy).go()
    strategy.hear(desk.session._ctx.now_ns)
    return strategy, desk, part_of(desk).dump()


def test_a_later_run_goes_on_where_it_was() -> None:
    before, desk, kept = left()
    after = Slow()
    later = desk_of(after)
    later.now_ns = desk.now_ns + 90 * SECOND
    later.go()
    part_of(later).load(kept)
    assert after.pace.value == before.pace.value > 0
    assert later.noted("warning") == ""


def test_the_time_between_two_runs_is_the_venues() -> None:
    _, desk, kept = left()
    later = desk_of(Slow())
    later.now_ns = desk.now_ns + 700 * SECOND
    later.go()
    part_of(later).load(kept)
    said = "BTC-PERPETUAL: EwmaVolatility starts cold: away for 701 s, tau_s is 600 s"
    assert later.noted("warning") == said


def test_those_made_otherwise_start_cold_and_are_named() -> None:
    _, desk, kept = left()
    later = desk_of(Slow(tau_s=601.0))
    later.now_ns = desk.now_ns + SECOND
    later.go()
    part_of(later).load(kept)
    assert "starts cold: tau_s was 600.0 and is 601.0" in later.noted("warning")


def test_what_it_knows_of_an_instrument_nobody_quotes_now_is_left_out() -> None:
    _, desk, kept = left()
    kept["signals"]["X"] = kept["signals"].pop(NAME)
    part_of(desk).load(kept)
    assert desk.noted("warning") == ""


def test_they_are_read_anew_every_ten_seconds() -> None:
    _, desk, first = left()
    desk.until(8)
    assert part_of(desk).dump() is first
    desk.until(3)
    desk.session.on_timer(desk.now_ns)
    assert part_of(desk).dump()["venue_ms"] - first["venue_ms"] >= 10_000


def test_nothing_known_is_nothing_kept() -> None:
    desk = desk_of(Slow()).go()
    assert part_of(desk).dump() == {}
    part_of(desk).load({})
    assert desk.noted("warning") == ""


def test_what_was_kept_later_than_now_is_refused() -> None:
    _, desk, kept = left()
    part_of(desk).load({**kept, "venue_ms": kept["venue_ms"] + 500})
    with pytest.raises(ValueError, match="2000 ms from later than now"):
        part_of(desk).load({**kept, "venue_ms": kept["venue_ms"] + 2_000})
    with pytest.raises((KeyError, TypeError, ValueError)):
        part_of(desk).load({"signals": kept["signals"]})
