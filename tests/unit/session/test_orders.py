"""Orders of ours and of others, cancels inside the credits, orders of unknown fate."""

from typing import Any

import pytest

from engine.session.machine import Session
from engine.session.orders import LOOKS_MAX, NEVER_MS
from tests.unit.session.stand_in import (
    SECOND,
    WALL_MS,
    Desk,
    Nothing,
    Refusal,
    order,
    unknown_slot,
)

OURS = "hs-00000001-0-1"


def hold_back() -> Any:
    raise Nothing


def refuse(code: int) -> Any:
    raise Refusal(code)


def test_ours_are_cancelled_and_read_back_before_quoting() -> None:
    desk = Desk()
    desk.venue.orders = [order("1", OURS), order("2", "hs-00000002-9-4")]
    desk.go()
    assert desk.venue.orders == []
    assert [p["order_id"] for p in desk.params("private/cancel")] == ["1", "2"]
    methods = desk.methods()
    last_cancel = len(methods) - 1 - methods[::-1].index("private/cancel")
    assert "private/get_open_orders" in methods[last_cancel:]


def test_orders_of_others_are_counted_warned_about_once_and_left_alone() -> None:
    desk = Desk()
    foreign = [order("8", "manual"), order("9", ""), {**order("7", ""), "label": None}]
    desk.venue.orders = [order("1", OURS), *foreign]
    desk.go()
    assert desk.venue.orders == foreign
    assert desk.session.snapshot()["foreign_orders"] == 3
    assert desk.noted("warning").count("are not ours") == 1
    assert "'manual'" in desk.noted("warning")


def test_a_cancel_that_is_only_acknowledged_is_not_believed() -> None:
    desk = Desk()
    desk.venue.orders = [order("1", OURS)]
    desk.venue.answer["private/cancel"] = lambda p: {"order_state": "cancelled"}
    desk.connect()
    desk.until(10)
    assert not desk.core.may_quote
    assert len(desk.params("private/cancel")) > 5


def test_orders_that_stay_open_cost_the_connection() -> None:
    desk = Desk()
    desk.venue.orders = [order("1", OURS)]
    desk.venue.answer["private/cancel"] = lambda p: refuse(10041)
    desk.connect()
    desk.until(70)
    assert "1 orders that should go stay open: 1" in desk.core.closed[0][1]
    assert not desk.core.may_quote


def test_cancels_wait_for_credits() -> None:
    desk = Desk()
    desk.core.credits = 3
    desk.venue.orders = [order(f"{n}", f"hs-00000001-{n}-1") for n in range(6)]
    desk.connect()
    desk.until(0.05)
    assert len(desk.params("private/cancel")) == 2
    desk.until(5)
    assert len(desk.params("private/cancel")) == 2, "no credit, no cancel"
    assert desk.state == "recovering"
    desk.core.credits = 100
    desk.until(2)
    assert desk.venue.orders == []
    assert desk.state == "quoting"


def test_without_credits_the_orders_are_still_read_back() -> None:
    desk = Desk()
    desk.core.credits = 0
    desk.venue.orders = [order("1", OURS)]
    desk.connect()
    desk.until(3)
    desk.venue.orders = []
    desk.until(3)
    assert desk.state == "quoting"


def test_at_most_eight_cancels_are_on_their_way_together() -> None:
    desk = Desk()
    desk.venue.orders = [order(f"{n}", f"hs-00000001-{n}-1") for n in range(20)]
    desk.venue.answer["private/cancel"] = lambda p: hold_back()
    desk.connect()
    desk.until(2)
    assert len(desk.params("private/cancel")) == 8


def test_an_order_the_core_is_pulling_itself_is_left_to_it_for_a_while() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7", state="pending_cancel")
    desk.venue.orders = [order("1", "hs-abcd1234-3-7"), order("2", OURS)]
    desk.lose(1)
    desk.connect(1)
    desk.until(0.2)
    assert [p["order_id"] for p in desk.params("private/cancel")] == ["2"]
    desk.venue.orders = []
    desk.core.slots = {}
    desk.until(1)
    assert desk.state == "quoting"


def test_an_order_the_core_never_gets_rid_of_is_cancelled_in_the_end() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-7", state="live")
    desk.venue.orders = [order("1", "hs-abcd1234-3-7")]
    desk.lose(1)
    desk.connect(1)
    desk.until(5)
    assert [p["order_id"] for p in desk.params("private/cancel")] == ["1"]


# -- orders of unknown fate while quoting


def desk_with_doubt() -> Desk:
    desk = Desk().go()
    desk.core.slots[3] = unknown_slot(3, OURS)
    return desk


def test_an_unknown_order_that_the_venue_finds_is_resolved_with_its_row() -> None:
    desk = desk_with_doubt()
    found = order("77", OURS, order_state="filled")
    desk.venue.history = [found]
    desk.session.on_unknown(3, desk.now_ns)
    assert desk.params("private/get_order_state_by_label") == [
        {"currency": "BTC", "label": OURS}
    ]
    desk.until(0)
    assert desk.core.resolved == [(3, found)]


def test_the_newest_row_with_exactly_this_label_counts() -> None:
    desk = desk_with_doubt()
    newer = order("77", OURS, last_update_timestamp=WALL_MS + 5)
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: [
        order("76", OURS),
        newer,
        order("78", OURS + "0", last_update_timestamp=WALL_MS + 9),
    ]
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(0)
    assert desk.core.resolved == [(3, newer)]


def in_flight(seconds: float) -> Desk:
    """Return a desk with a doubt whose request is valid for so long from now."""
    desk = Desk().go()
    until_ms = WALL_MS + desk.now_ns // 1_000_000 + round(seconds * 1_000)
    desk.core.slots[3] = unknown_slot(3, OURS, valid_until_ms=until_ms)
    desk.session.on_unknown(3, desk.now_ns)
    return desk


def test_not_found_counts_at_once_when_nothing_is_on_its_way() -> None:
    desk = desk_with_doubt()
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(0)
    assert desk.core.resolved == [(3, None)]


def test_not_found_counts_only_after_the_last_chance() -> None:
    desk = in_flight(2.0)
    desk.until(2.49)
    assert desk.core.resolved == []
    desk.until(0.1)
    assert desk.core.resolved == [(3, None)]
    assert len(desk.params("private/get_order_state_by_label")) == 2


def test_a_clock_that_runs_ahead_at_the_venue_ends_no_order() -> None:
    desk = Desk(valid_for_ns=5 * SECOND)
    desk.connect()
    desk.until(6)
    desk.core.slots[3] = unknown_slot(3, OURS, valid_until_ms=WALL_MS)
    desk.core.slots[3]["sent_ns"] = desk.now_ns
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(5.49)
    assert desk.core.resolved == []
    desk.until(0.2)
    assert desk.core.resolved == [(3, None)]


@pytest.mark.parametrize("state", ["open", "untriggered"])
def test_open_counts_only_after_the_last_chance_of_its_edits(state: str) -> None:
    desk = in_flight(2.0)
    desk.venue.history = [order("77", OURS, order_state=state)]
    desk.until(2.49)
    assert desk.core.resolved == []
    desk.venue.history = [order("77", OURS, amount=30.0)]
    desk.until(0.1)
    assert desk.core.resolved == [(3, order("77", OURS, amount=30.0))]


@pytest.mark.parametrize("state", ["filled", "cancelled", "rejected"])
def test_an_end_counts_at_once(state: str) -> None:
    desk = in_flight(2.0)
    desk.venue.history = [order("77", OURS, order_state=state)]
    desk.until(0.01)
    assert len(desk.core.resolved) == 1


def test_what_was_sent_after_the_question_makes_the_answer_early() -> None:
    desk = desk_with_doubt()
    held: list[Any] = []
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: (
        hold_back() if not held else []
    )
    desk.session.on_unknown(3, desk.now_ns)
    until_ms = WALL_MS + desk.now_ns // 1_000_000 + 1_000
    (frame,) = [f for _, f in desk.unread() if "state_by_label" in f["method"]]
    desk.core.slots[3] = unknown_slot(3, OURS, valid_until_ms=until_ms)
    held.append(True)
    desk.respond(0, frame)
    assert desk.core.resolved == []
    desk.until(1.6)
    assert desk.core.resolved == [(3, None)]


def test_a_request_without_a_last_chance_is_never_missing() -> None:
    desk = Desk().go()
    desk.core.slots[3] = unknown_slot(3, OURS, valid_until_ms=NEVER_MS)
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(60)
    assert desk.core.resolved == []
    assert len(desk.params("private/get_order_state_by_label")) == 1
    desk.venue.history = [order("77", OURS, order_state="filled")]
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(0)
    assert len(desk.core.resolved) == 1


def test_questions_are_put_so_often_and_then_left_to_the_core() -> None:
    desk = in_flight(2.0)
    for _ in range(LOOKS_MAX):
        desk.core.slots[3]["valid_until_ms"] += 2_000
        desk.until(2.0)
    desk.until(20)
    assert len(desk.params("private/get_order_state_by_label")) == LOOKS_MAX


def test_order_not_found_as_an_error_means_the_same_as_an_empty_list() -> None:
    desk = desk_with_doubt()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: refuse(10004)
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(3)
    assert desk.core.resolved == [(3, None)]


@pytest.mark.parametrize("code", [10010, 11008, 11044, 13666])
def test_an_end_named_in_answer_to_a_question_is_asked_about_again(code: int) -> None:
    desk = desk_with_doubt()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: refuse(code)
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(20)
    assert desk.core.resolved == []
    assert len(desk.params("private/get_order_state_by_label")) == LOOKS_MAX
    assert desk.core.closed == []


@pytest.mark.parametrize("code", [11094, 13028, 424242, 13009])
def test_an_error_that_says_nothing_never_ends_an_order(code: int) -> None:
    desk = desk_with_doubt()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: refuse(code)
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(60)
    assert desk.core.resolved == []
    assert f"{code}" in desk.core.closed[0][1]


def test_a_question_the_venue_refuses_never_ends_an_order() -> None:
    desk = desk_with_doubt()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: refuse(11050)
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(5)
    assert desk.core.resolved == []
    assert "private/get_order_state_by_label" in desk.core.halted


def test_a_question_without_an_answer_never_ends_an_order() -> None:
    desk = desk_with_doubt()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: hold_back()
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(6)
    assert desk.core.resolved == []
    assert "get_order_state_by_label unanswered for 5 s" in desk.core.closed[0][1]


@pytest.mark.parametrize("result", [None, 5, "x", [1]])
def test_an_answer_of_unknown_shape_never_ends_an_order(result: Any) -> None:
    desk = desk_with_doubt()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: result
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(3)
    assert desk.core.resolved == []
    assert len(desk.core.closed) == 1


def test_an_order_that_was_settled_meanwhile_is_left_alone() -> None:
    desk = in_flight(1.0)
    desk.until(0.5)
    desk.core.slots[3] = unknown_slot(3, "hs-abcd1234-3-9")
    desk.until(1)
    assert desk.core.resolved == [], "the slot holds another order now"


def test_doubts_that_arrive_meanwhile_wait_their_turn() -> None:
    desk = desk_with_doubt()
    desk.core.slots[4] = unknown_slot(4, "hs-00000001-4-1")
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: []
    desk.session.on_unknown(3, desk.now_ns)
    desk.session.on_unknown(4, desk.now_ns)
    desk.session.on_unknown(4, desk.now_ns)
    desk.until(6)
    assert desk.core.resolved == [(3, None), (4, None)]


def test_the_currency_is_that_of_the_instrument() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL").go()
    slot = {**unknown_slot(20, "hs-00000001-20-1"), "instrument": 1}
    desk.core.slots[20] = slot
    desk.session.on_unknown(20, desk.now_ns)
    assert desk.params("private/get_order_state_by_label")[0]["currency"] == "ETH"


def test_a_doubt_during_recovery_is_left_to_recovery() -> None:
    desk = Desk()
    desk.connect()
    desk.session.on_unknown(3, desk.now_ns)
    assert desk.params("private/get_order_state_by_label") == []


def test_a_doubt_dies_with_its_connection_and_recovery_takes_it_up() -> None:
    desk = desk_with_doubt()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: hold_back()
    desk.session.on_unknown(3, desk.now_ns)
    desk.until(1)
    desk.lose()
    desk.venue.answer["private/get_order_state_by_label"] = lambda p: []
    desk.connect()
    desk.until(3)
    assert desk.core.resolved == [(3, None)]
    assert desk.state == "quoting"


# -- adoption


def adopting() -> Desk:
    desk = Desk(on_start="adopt")
    desk.session = Session(desk.core, desk.settings, desk.plans)
    return desk


def test_adoption_and_quoting_begin_in_the_same_moment() -> None:
    desk = adopting()
    desk.venue.orders = [order("1", OURS), order("2", "hs-00000001-9-1")]
    seen: list[bool] = []
    adopt = desk.core.adopt

    def watch(row: Any) -> bool:
        seen.append(desk.core.may_quote)
        return adopt(row)

    desk.core.adopt = watch  # type: ignore[method-assign]
    desk.go()
    assert [row["order_id"] for row in desk.core.adopted] == ["1", "2"]
    assert seen == [False, False]
    assert desk.params("private/cancel") == []
    assert desk.methods()[-2:] == [
        "private/get_open_orders",
        "private/get_user_trades_by_instrument",
    ], "what the rows show as filled is booked"


def test_only_one_order_a_slot_and_only_quoted_plain_ones_are_kept() -> None:
    desk = adopting()
    desk.venue.orders = [
        order("1", OURS),
        order("2", "hs-00000002-0-5"),
        order("3", "hs-00000001-1-1", name="ETH-PERPETUAL"),
        order("4", "hs-00000001-2-1", order_state="untriggered"),
        order("5", "hs-broken"),
    ]
    desk.go()
    cancelled = [p["order_id"] for p in desk.params("private/cancel")]
    assert sorted(cancelled) == ["2", "3", "4", "5"]
    assert [row["order_id"] for row in desk.core.adopted] == ["1"]


def test_an_order_without_a_slot_means_that_all_are_cancelled() -> None:
    desk = adopting()
    desk.core.adopts = False
    desk.venue.orders = [order("1", OURS)]
    desk.go()
    assert desk.venue.orders == []
    assert "have no slot" in desk.noted("warning")
    methods = desk.methods()
    gone = methods.index("private/cancel")
    assert "private/get_positions" in methods[gone:], "it may have filled meanwhile"


def test_nothing_is_adopted_after_a_reconnect() -> None:
    desk = adopting()
    desk.go()
    desk.lose()
    desk.venue.orders = [order("1", OURS)]
    desk.connect()
    desk.until(1)
    assert desk.core.adopted == []
    assert desk.venue.orders == []
