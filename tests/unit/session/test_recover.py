"""The one road from connected to quoting."""

from typing import Any

import pytest

from engine.session.recover import AGREE_NS, BOOKS_NS
from tests.unit.session.stand_in import (
    SECOND,
    Desk,
    Nothing,
    Refusal,
    order,
    trade,
    unknown_slot,
    wall_ms,
)

ROAD = [
    "public/auth",
    "public/set_heartbeat",
    "private/enable_cancel_on_disconnect",
    "private/get_cancel_on_disconnect",
    "public/get_instrument",
    "private/get_account_summary",
    "private/subscribe",
    "public/subscribe",
    "private/get_user_trades_by_instrument",
    "private/get_open_orders",
    "private/get_positions",
    "private/get_user_trades_by_instrument",
    "public/status",
]


def test_start_and_reconnect_walk_the_same_road() -> None:
    desk = Desk().go()
    assert desk.methods() == ROAD
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.methods() == ROAD + ROAD
    assert desk.session.snapshot()["reconnects"] == 1


@pytest.mark.parametrize("method", ROAD)
def test_no_step_can_be_left_out(method: str) -> None:
    def hold_back(params: dict[str, Any]) -> Any:
        raise Nothing

    desk = Desk()
    desk.venue.answer[method] = hold_back
    desk.connect()
    desk.until(4.5)
    assert not desk.core.may_quote
    desk.until(1)
    assert desk.core.closed == [(0, f"{method} unanswered for 5 s")]
    assert not any(allowed for allowed, _ in desk.core.quoting)


@pytest.mark.parametrize("method", ROAD)
def test_a_line_lost_at_any_step_is_taken_up_from_the_start(method: str) -> None:
    def hold_back(params: dict[str, Any]) -> Any:
        raise Nothing

    desk = Desk()
    answer = desk.venue.answer[method]
    desk.venue.answer[method] = hold_back
    desk.connect()
    desk.until(2)
    desk.lose()
    desk.venue.answer[method] = answer
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"
    assert desk.methods()[-len(ROAD) :] == ROAD
    assert desk.core.table.size == 1


@pytest.mark.parametrize("method", ROAD[1:])
@pytest.mark.parametrize("code", [10040, 13028, 424242])
def test_an_error_that_may_pass_is_asked_again(method: str, code: int) -> None:
    desk = Desk()
    answer = desk.venue.answer[method]
    failures = [code, code]

    def fail_first(params: dict[str, Any]) -> Any:
        if failures:
            raise Refusal(failures.pop())
        return answer(params)

    desk.venue.answer[method] = fail_first
    desk.connect()
    desk.until(3)
    if method == "public/status" and code == 424242:
        assert failures == []
    assert desk.state == "quoting"
    assert desk.core.closed == []


@pytest.mark.parametrize("method", [m for m in ROAD if m != "public/status"])
def test_too_many_requests_ends_the_connection_and_empties_the_mirror(
    method: str,
) -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(10028, "too_many_requests")

    desk = Desk()
    answer = desk.venue.answer[method]
    desk.venue.answer[method] = refuse
    desk.connect()
    desk.until(0.1)
    assert "10028" in desk.core.closed[0][1]
    desk.lose()
    desk.venue.answer[method] = answer
    sent = len(desk.core.sent)
    desk.connect()
    assert len(desk.core.sent) == sent, "nothing before the pool has refilled"
    desk.until(5)
    assert desk.state == "quoting"


def test_maintenance_is_waited_out() -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(11051, "system_maintenance")

    desk = Desk()
    answer = desk.venue.answer["public/get_instrument"]
    desk.venue.answer["public/get_instrument"] = refuse
    desk.connect()
    desk.until(8)
    assert desk.core.closed == []
    assert not desk.core.may_quote
    desk.venue.answer["public/get_instrument"] = answer
    desk.until(6)
    assert desk.state == "quoting"


def test_quoting_waits_for_every_book() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.books_come = False
    desk.connect()
    desk.until(1)
    desk.core.book_states[0] = "readable"
    desk.until(1)
    assert desk.state == "recovering"
    desk.core.book_states[1] = "crossed"
    desk.until(1)
    assert desk.state == "recovering"
    desk.core.book_states[1] = "readable"
    desk.until(0.2)
    assert desk.state == "quoting"


def test_a_book_that_does_not_come_is_named_and_costs_the_connection() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.books_come = False
    desk.connect()
    desk.until(1)
    desk.core.book_states[0] = "readable"
    desk.until(BOOKS_NS / SECOND)
    assert desk.core.closed == [(0, "no readable book for ETH-PERPETUAL")]


def test_quoting_waits_until_the_core_has_let_go_of_every_order() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7", state="pending_cancel")
    desk.lose(1)
    desk.connect(1)
    desk.until(2)
    assert desk.state == "recovering"
    desk.core.slots = {}
    desk.until(1)
    assert desk.state == "quoting"


def test_orders_here_that_the_venue_does_not_show_cost_the_connection() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7", state="live")
    desk.lose(1)
    desk.connect(1)
    desk.until(AGREE_NS / SECOND + 1)
    assert (0, "1 orders here that the venue has not") in desk.core.closed


def test_an_order_that_becomes_unknown_during_recovery_is_resolved_by_it() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7", state="pending_cancel")
    desk.lose(1)
    desk.connect(1)
    desk.until(1)
    desk.core.slots[3]["state"] = "unknown"
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(3)
    assert desk.core.resolved == [(3, None)]
    assert desk.state == "quoting"


def test_not_found_counts_only_after_the_cancels_and_their_reading() -> None:
    desk = Desk().go()
    desk.lose()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7")
    desk.venue.orders = [order("1", "hs-abcd1234-3-7")]
    at = len(desk.methods())
    desk.connect()
    desk.until(3)
    methods = desk.methods()[at:]
    first = methods.index("private/get_order_state_by_label")
    assert methods.index("private/cancel") < first
    assert methods[:first].count("private/get_open_orders") == 2
    assert desk.core.resolved == [(3, None)]


def test_a_hold_that_came_during_recovery_is_respected_at_its_end() -> None:
    desk = Desk()
    desk.books_come = False
    desk.connect()
    desk.until(1)
    desk.notify("platform_state", {"maintenance": True})
    desk.core.book_states[0] = "readable"
    desk.until(1)
    assert desk.state == "paused"
    assert not any(allowed for allowed, _ in desk.core.quoting)


def test_answers_out_of_order_make_no_difference() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
    desk.connect()
    for _ in range(60):
        frames = desk.unread()
        for conn, frame in reversed(frames):
            desk.respond(conn, frame)
    desk.until(1)
    assert desk.state == "quoting"
    assert desk.core.table.names() == ["BTC-PERPETUAL", "ETH-PERPETUAL"]


@pytest.mark.parametrize("method", ROAD)
@pytest.mark.parametrize("result", [None, 0, "", [], {}, [[]], [None], {"x": []}])
def test_no_answer_of_any_shape_breaks_the_session(method: str, result: Any) -> None:
    desk = Desk()
    desk.venue.answer[method] = lambda params: result
    desk.connect()
    desk.until(30)
    assert desk.state in ("connecting", "recovering", "quoting", "halted", "preparing")
    if desk.state == "connecting":
        assert len(desk.core.closed) == 1


def test_what_an_order_that_ended_long_ago_has_filled_is_in_the_history() -> None:
    # The venue forgets an ended order after half an hour; its trades it never forgets.
    desk = Desk().go()
    desk.lose()
    label = "hs-abcd1234-3-7"
    desk.core.slots[3] = unknown_slot(3, label)
    desk.venue.trades = [trade(1, wall_ms(desk) + 1, label=label)]
    desk.until(3_600)
    booked_first: list[bool] = []
    resolve = desk.core.resolve

    def watch(slot: int, row: Any, of: str | None = None) -> None:
        booked_first.append("BTC-PERPETUAL-1" in desk.core.trades)
        resolve(slot, row, of)

    desk.core.resolve = watch  # type: ignore[method-assign]
    desk.connect()
    desk.until(20)
    assert booked_first == [True]
    assert desk.core.resolved == [(3, None)]


def test_a_first_start_outlasts_what_a_killed_process_may_have_sent() -> None:
    desk = Desk(valid_for_ns=2 * SECOND)
    desk.connect()
    desk.until(2.4)
    assert desk.params("private/get_open_orders") == []
    desk.venue.orders = [order("1", "hs-00000001-0-1")]
    desk.until(0.5)
    assert desk.state == "quoting"
    assert desk.venue.orders == []
    desk.lose()
    desk.connect()
    desk.until(0.5)
    assert desk.state == "quoting", "what this process sent, it knows"
