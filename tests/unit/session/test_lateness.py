"""Orders that come too late: the clock is measured, then quoting is held."""

from engine.session.lateness import HOLD_NS, LATE_MAX, TIMED_OUT, WINDOW_NS
from tests.unit.session.stand_in import SECOND, WALL_MS, Desk

HOLD_S, WINDOW_S = HOLD_NS // SECOND, WINDOW_NS // SECOND


def late(desk: Desk, times: int, apart_s: float = 0.5) -> None:
    for _ in range(times):
        desk.session.on_refused(0, TIMED_OUT, desk.now_ns)
        desk.until(apart_s)


def test_the_core_is_told_the_venues_clock() -> None:
    desk = Desk().go()
    assert desk.core.venue_offset_ns == WALL_MS * 1_000_000


def test_one_late_order_measures_the_clock_and_holds_nothing() -> None:
    desk = Desk().go()
    asked = len(desk.params("public/test"))
    late(desk, 1)
    assert len(desk.params("public/test")) == asked + 1
    assert desk.state == "quoting"


def test_late_orders_at_the_limit_hold_quoting_and_say_why() -> None:
    desk = Desk().go()
    late(desk, LATE_MAX - 1)
    assert desk.state == "quoting"
    late(desk, 1)
    assert desk.state == "paused"
    assert not desk.core.may_quote
    assert "came too late for the venue" in desk.noted("error")
    assert "see orders.valid_for_ms" in desk.core.quoting[-1][1]
    desk.until(HOLD_S)
    assert desk.state == "quoting"


def test_late_orders_now_and_then_hold_nothing() -> None:
    desk = Desk().go()
    late(desk, 3 * LATE_MAX, apart_s=WINDOW_S / (LATE_MAX - 1) + 0.1)
    assert desk.state == "quoting"


def test_other_refusals_are_not_about_time() -> None:
    desk = Desk().go()
    asked = len(desk.params("public/test"))
    for _ in range(3 * LATE_MAX):
        desk.session.on_refused(0, 10009, desk.now_ns)
    desk.until(1)
    assert len(desk.params("public/test")) == asked
    assert desk.state == "quoting"
