"""The comparison with the venue while quoting goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.session.stand_in import (
    RUN_ID,
    SECOND,
    Desk,
    order,
    trade,
    unknown_slot,
    wall_ms,
)

EVERY_S = 60
LABEL = f"hs-{RUN_ID:08x}-3-7"
OPEN = "private/get_open_orders"
TRADES = "private/get_user_trades_by_instrument"
POSITIONS = "private/get_positions"
QUESTION = [TRADES, OPEN, POSITIONS]


def live(desk: Desk, state: str = "live") -> dict[str, Any]:
    """Put an order into the core; return the row the venue would show for it."""
    desk.core.slots[3] = unknown_slot(3, LABEL, state=state)
    return dict(order("1", LABEL))


def differences(desk: Desk) -> dict[str, int]:
    return dict(desk.session.snapshot()["differences"])


def asked(desk: Desk, since: int) -> list[str]:
    """Return what was asked since then, but for the line's life and the limits."""
    methods = [one for one in desk.methods()[since:] if one.startswith("private/")]
    others = ("private/get_account_summary", "_cancel_on_disconnect")
    return [one for one in methods if not one.endswith(others)]


def on_reading(desk: Desk, number: int, action: Callable[[], None]) -> None:
    """Do something right before the open orders are read for the n-th time from now."""
    answer, left = desk.venue.answer[OPEN], [number]

    def read(params: dict[str, Any]) -> Any:
        left[0] -= 1
        rows = answer(params)
        if left[0] == 0:
            action()
        return rows

    desk.venue.answer[OPEN] = read


def test_everything_is_compared_once_an_interval_and_not_before() -> None:
    desk = Desk().go()
    at = len(desk.methods())
    desk.until(EVERY_S - 2)
    assert asked(desk, at) == []
    desk.until(2)
    assert asked(desk, at) == QUESTION
    desk.until(EVERY_S)
    assert asked(desk, at) == QUESTION * 2
    assert differences(desk)["rechecks"] == 2


def test_the_interval_is_a_setting() -> None:
    desk = Desk(recheck_ns=5 * SECOND).go()
    desk.until(26)
    assert differences(desk)["rechecks"] == 5


def test_an_order_both_know_is_left_alone() -> None:
    desk = Desk().go()
    desk.venue.orders = [live(desk)]
    desk.until(EVERY_S + 5)
    assert differences(desk)["orders_doubted"] == 0
    assert desk.params("private/cancel") == []
    assert desk.core.slots[3]["state"] == "live"


@pytest.mark.parametrize("state", ["live", "pending_edit", "pending_cancel"])
def test_an_order_two_readings_miss_is_asked_about_by_its_label(state: str) -> None:
    desk = Desk().go()
    live(desk, state)
    desk.venue.history = [order("1", LABEL, order_state="filled")]
    desk.until(EVERY_S + 3)
    assert differences(desk)["orders_doubted"] == 1
    assert desk.params("private/get_order_state_by_label")[-1]["label"] == LABEL
    assert [slot for slot, _ in desk.core.resolved] == [3]
    assert desk.core.closed == []


@pytest.mark.parametrize("state", ["pending_new", "unknown"])
def test_an_order_the_venue_never_confirmed_is_not_judged(state: str) -> None:
    desk = Desk().go()
    live(desk, state)
    desk.until(EVERY_S + 5)
    assert differences(desk)["orders_doubted"] == 0
    assert desk.core.slots[3]["state"] == state


def test_one_reading_alone_ends_nothing() -> None:
    desk = Desk().go()
    row = live(desk)
    on_reading(desk, 1, lambda: desk.venue.orders.append(row))
    desk.until(EVERY_S + 5)
    assert desk.methods().count(OPEN) == 3, "a second reading was taken"
    assert differences(desk)["orders_doubted"] == 0


@pytest.mark.parametrize("number", [1, 2])
def test_an_order_sent_after_the_question_cannot_be_missed(number: int) -> None:
    # Another order is missed in the first reading, so that there is a second one.
    desk = Desk().go()
    desk.core.slots[4] = {**unknown_slot(4, "hs-abcd1234-4-1", state="live")}
    on_reading(desk, number, lambda: live(desk) and None)
    desk.until(EVERY_S + 5)
    assert LABEL not in desk.noted("warning")


def test_an_order_that_ended_in_between_is_no_difference() -> None:
    desk = Desk().go()
    row = live(desk)
    desk.venue.orders = [row]

    def end() -> None:
        desk.core.slots.clear()
        desk.venue.orders.clear()

    on_reading(desk, 1, end)
    desk.until(EVERY_S + 5)
    found = differences(desk)
    assert found["orders_doubted"] == found["orders_orphaned"] == 0
    assert desk.methods().count(OPEN) == 2


def test_an_order_nobody_here_knows_is_cancelled_after_two_readings() -> None:
    desk = Desk().go()
    desk.venue.orders = [
        order("9", "hs-00000001-3-7"),
        order("10", "set-by-hand"),
        order("11", f"hs-{RUN_ID:08x}-t-4"),
    ]
    desk.until(EVERY_S + 5)
    assert [p["order_id"] for p in desk.params("private/cancel")] == ["9"]
    assert differences(desk)["orders_orphaned"] == 1
    assert "hs-00000001-3-7" in desk.noted("warning")


@pytest.mark.parametrize("change", [{"price": 60_000.5}, {"amount": 20.0}])
def test_an_order_at_rest_that_is_shown_otherwise_is_asked_about(change: Any) -> None:
    desk = Desk().go()
    row = {**live(desk), **change}
    desk.venue.orders = desk.venue.history = [row]
    desk.until(EVERY_S + 3)
    assert differences(desk)["orders_doubted"] == 1
    assert desk.core.resolved == [(3, row)]


@pytest.mark.parametrize("state", ["pending_edit", "pending_cancel"])
def test_an_order_being_changed_may_look_otherwise(state: str) -> None:
    desk = Desk().go()
    desk.venue.orders = [{**live(desk, state), "price": 60_000.5}]
    desk.until(EVERY_S + 5)
    assert differences(desk)["orders_doubted"] == 0


def test_a_fill_nobody_told_is_booked_and_no_difference() -> None:
    desk = Desk().go()
    desk.until(30)
    desk.venue.trades = [trade(1, wall_ms(desk))]
    desk.until(EVERY_S)
    found = differences(desk)
    assert list(desk.core.trades) == ["BTC-PERPETUAL-1"]
    assert found["fills_fetched"] == 1
    assert found["positions"] == 0


def position(size: float) -> dict[str, Any]:
    return {
        "instrument_name": "BTC-PERPETUAL",
        "size": size,
        "direction": "buy",
        "average_price": 61_000.5,
    }


def test_a_look_that_a_disconnect_has_cut_short_is_taken_anew() -> None:
    desk = Desk().go()
    desk.venue.positions = [position(30.0)]
    desk.until(EVERY_S - 0.5)  # between the two readings
    assert differences(desk)["positions"] == 0
    desk.command("disconnect")
    desk.command("rearm")
    desk.until(5)
    assert desk.state == "quoting"
    assert differences(desk)["positions"] == 1


def test_a_position_two_readings_contradict_is_taken_over() -> None:
    desk = Desk().go()
    desk.venue.positions = [position(30.0)]
    desk.until(EVERY_S + 3)
    assert desk.core.positions[0] == (3, 61_000.5)
    assert differences(desk)["positions"] == 1
    assert "we had 0, the venue says 30" in desk.noted("error")
    desk.until(EVERY_S)
    assert differences(desk)["positions"] == 1, "taken once"


def test_a_position_that_moves_between_the_readings_is_not_taken() -> None:
    desk = Desk().go()
    desk.venue.positions = [position(30.0)]
    on_reading(desk, 2, lambda: desk.venue.positions.__setitem__(0, position(40.0)))
    desk.until(EVERY_S + 3)
    assert differences(desk)["positions"] == 0
    assert desk.core.positions[0][0] == 0


def test_positions_that_fills_move_are_left_for_later() -> None:
    desk = Desk().go()

    def positions(params: dict[str, Any]) -> Any:
        desk.core.fills += 1
        return [position(30.0)]

    desk.venue.answer[POSITIONS] = positions
    desk.until(EVERY_S + 3)
    assert differences(desk)["positions"] == 0
    assert differences(desk)["rechecks"] == 1
    assert desk.core.closed == []


def test_ids_that_fill_up_bring_the_reading_forward(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk().go()
    crowded = [True]
    booked = type(desk.session._ctx.booked)
    monkeypatch.setattr(booked, "is_crowded", lambda self: crowded and crowded.pop())
    desk.session.on_timer(desk.now_ns)
    desk.talk()
    assert differences(desk)["rechecks"] == 1


def test_a_line_lost_in_between_ends_the_comparison() -> None:
    desk = Desk().go()
    live(desk)
    desk.until(EVERY_S - 0.5)
    desk.lose()
    desk.core.slots.clear()
    desk.connect()
    desk.until(5)
    assert differences(desk)["rechecks"] == 0
    assert desk.state == "quoting"


def test_nothing_is_compared_while_the_run_ends() -> None:
    desk = Desk().go()
    desk.command("stop")
    at = len(desk.methods())
    desk.until(EVERY_S + 5)
    assert TRADES not in asked(desk, at)
