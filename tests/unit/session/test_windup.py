"""Stop and halt: done when the venue shows no order of ours, not when it was asked."""

from typing import Any

from engine.session.machine import STOP_NS
from tests.unit.session.stand_in import (
    SECOND,
    Desk,
    Nothing,
    Refusal,
    order,
    unknown_slot,
)

OURS = "hs-abcd1234-0-1"
CANCEL_ALL = "private/cancel_all_by_instrument"


def hold_back() -> Any:
    raise Nothing


def refuse(code: int) -> Any:
    raise Refusal(code)


def at_exit(desk: Desk) -> Any:
    return desk.session.snapshot()["open_orders_at_exit"]


def test_a_stop_pulls_quotes_at_once_and_reads_back_before_it_says_stopped() -> None:
    desk = Desk().go()
    desk.core.slots[0] = unknown_slot(0, OURS, state="pending_cancel")
    desk.command("stop")
    assert desk.core.quoting[-1] == (False, "stopping")
    assert desk.state == "stopping"
    desk.until(0.5)
    assert desk.methods()[-1] == "public/status", "the core's own cancel is awaited"
    desk.core.slots = {}
    desk.until(0.5)
    assert desk.methods()[-1] == "private/get_open_orders"
    assert desk.state == "stopped"
    assert at_exit(desk) == 0
    assert desk.core.closed == [(0, "stopped")]


def test_orders_the_core_does_not_pull_in_time_are_cancelled() -> None:
    desk = Desk().go()
    desk.core.slots[0] = unknown_slot(0, OURS, state="live")
    desk.venue.orders = [order("1", OURS)]
    desk.command("stop")
    desk.until(2.9)
    assert "private/cancel" not in desk.methods()
    desk.until(3)
    assert desk.venue.orders == []
    desk.core.slots = {}
    desk.until(3)
    assert (desk.state, at_exit(desk)) == ("stopped", 0)


def test_one_request_takes_all_orders_of_an_instrument_that_is_ours_alone() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL").go()
    foreign = order("9", "manual", name="ETH-PERPETUAL")
    desk.venue.orders = [
        order("1", OURS),
        order("2", "hs-abcd1234-9-2"),
        order("3", "hs-abcd1234-18-1", name="ETH-PERPETUAL"),
        order("4", "hs-abcd1234-27-1", name="ETH-PERPETUAL"),
        foreign,
    ]
    desk.command("stop")
    desk.until(2)
    assert desk.params(CANCEL_ALL) == [{"instrument_name": "BTC-PERPETUAL"}]
    assert [p["order_id"] for p in desk.params("private/cancel")] == ["3", "4"]
    assert desk.venue.orders == [foreign]
    assert (desk.state, at_exit(desk)) == ("stopped", 0)


def test_recovery_never_cancels_in_bulk() -> None:
    desk = Desk()
    desk.venue.orders = [order("1", OURS), order("2", "hs-abcd1234-9-2")]
    desk.go()
    assert desk.params(CANCEL_ALL) == []


def test_orders_that_stay_are_counted_when_the_time_is_over() -> None:
    desk = Desk().go()
    desk.venue.orders = [order("1", OURS), order("2", "hs-abcd1234-9-2")]
    desk.venue.answer["private/cancel"] = lambda p: refuse(10041)
    desk.venue.answer[CANCEL_ALL] = lambda p: refuse(10041)
    desk.command("stop")
    desk.until(STOP_NS / SECOND - 0.1)
    assert desk.state == "stopping"
    desk.until(0.2)
    assert (desk.state, at_exit(desk)) == ("stopped", 2)
    assert "stopped, 2 of our orders open" in desk.noted("error")
    assert desk.core.closed[-1] == (0, "stopped")


def test_what_was_never_read_is_unknown_not_zero() -> None:
    desk = Desk().go()
    desk.venue.answer["private/get_open_orders"] = lambda p: refuse(10040)
    desk.command("stop")
    desk.until(STOP_NS / SECOND + 0.1)
    assert (desk.state, at_exit(desk)) == ("stopped", None)
    assert "unknown number" in desk.noted("error")


def test_a_line_lost_during_the_stop_is_taken_up_on_the_next_one() -> None:
    desk = Desk().go()
    desk.venue.answer["private/get_open_orders"] = lambda p: hold_back()
    desk.command("stop")
    desk.until(1)
    desk.lose()
    desk.venue.answer["private/get_open_orders"] = lambda p: list(desk.venue.orders)
    desk.venue.orders = [order("1", OURS)]
    desk.connect()
    desk.until(2)
    assert desk.venue.orders == []
    assert (desk.state, at_exit(desk)) == ("stopped", 0)
    assert not desk.core.may_quote


def test_a_line_that_does_not_come_back_ends_the_stop_in_bounded_time() -> None:
    desk = Desk().go()
    desk.lose()
    desk.command("stop")
    desk.until(STOP_NS / SECOND - 0.1)
    assert desk.state == "stopping"
    desk.until(0.2)
    assert (desk.state, at_exit(desk)) == ("stopped", None)


def test_unknown_orders_are_resolved_before_the_stop_is_over() -> None:
    desk = Desk().go()
    desk.core.slots[0] = unknown_slot(0, OURS)
    desk.command("stop")
    desk.until(3)
    assert desk.core.resolved == [(0, None)]
    assert (desk.state, at_exit(desk)) == ("stopped", 0)


def test_a_stop_before_any_connection_is_over_at_once() -> None:
    desk = Desk()
    desk.command("stop")
    assert (desk.state, at_exit(desk)) == ("stopped", None)
    desk.connect()
    assert desk.core.closed == [(0, "the session is over")]
    assert desk.core.sent == []


def test_a_stop_in_the_middle_of_recovery_clears_what_is_there() -> None:
    desk = Desk()
    desk.books_come = False
    desk.connect()
    desk.until(1)
    desk.venue.orders = [order("1", OURS)]
    desk.command("stop")
    desk.until(1)
    assert desk.venue.orders == []
    assert (desk.state, at_exit(desk)) == ("stopped", 0)
    assert not any(allowed for allowed, _ in desk.core.quoting)


def test_a_second_stop_changes_nothing() -> None:
    desk = Desk().go()
    desk.venue.answer["private/get_open_orders"] = lambda p: refuse(10040)
    desk.command("stop")
    desk.until(5)
    desk.command("stop")
    desk.until(5.1)
    assert desk.state == "stopped"
    desk.command("stop")
    assert desk.state == "stopped"


def test_a_stopped_session_neither_quotes_nor_speaks() -> None:
    desk = Desk().go()
    desk.command("stop")
    desk.until(1)
    sent = len(desk.core.sent)
    desk.session.on_gap(0, desk.now_ns)
    desk.session.on_unknown(0, desk.now_ns)
    desk.command("resume")
    desk.frame({"method": "heartbeat", "params": {"type": "test_request"}})
    desk.until(100)
    desk.lose()
    desk.session.on_halt(desk.now_ns, "late")
    assert len(desk.core.sent) == sent
    assert desk.state == "stopped"
    assert not desk.core.may_quote


# -- halt


def halt(desk: Desk) -> None:
    desk.session.on_halt(desk.now_ns, "the fuse blew")


def test_a_halt_ends_quoting_and_reads_back_twice() -> None:
    desk = Desk().go()
    reads = desk.methods().count("private/get_open_orders")
    halt(desk)
    assert desk.core.quoting[-1] == (False, "halted")
    assert desk.state == "halted"
    desk.until(0.5)
    assert at_exit(desk) is None
    desk.until(1)
    assert desk.methods().count("private/get_open_orders") == reads + 2
    assert at_exit(desk) == 0
    assert desk.session.snapshot()["last_error"] == "the fuse blew"


def test_what_survives_the_halt_is_cancelled_until_it_is_gone() -> None:
    desk = Desk().go()
    desk.venue.orders = [order("1", OURS)]
    desk.venue.answer["private/cancel"] = lambda p: refuse(10041)
    halt(desk)
    desk.until(100)
    assert at_exit(desk) is None
    assert len(desk.params("private/cancel")) > 20
    desk.venue.orders = []
    desk.until(5)
    assert at_exit(desk) == 0
    assert desk.state == "halted"


def test_orders_can_be_cancelled_before_the_limits_of_the_account_are_known() -> None:
    desk = Desk()
    desk.venue.answer["private/get_account_summary"] = lambda p: hold_back()
    desk.venue.orders = [order("1", OURS)]
    desk.connect()
    desk.until(1)
    assert "trading" not in desk.core.limits
    assert desk.core.limits["other"] == (5.0, 20.0)
    desk.command("stop")
    desk.until(9)
    assert desk.params("private/cancel") == [{"order_id": "1"}]
    assert not desk.core.halted


def test_a_halt_without_credits_still_reads_back() -> None:
    desk = Desk().go()
    desk.core.credits = 0
    desk.venue.orders = [order("1", OURS)]
    halt(desk)
    desk.until(5)
    desk.venue.orders = []
    desk.until(5)
    assert at_exit(desk) == 0


def test_a_halted_session_reconnects_to_read_back_and_never_quotes() -> None:
    desk = Desk().go()
    desk.venue.answer["private/get_open_orders"] = lambda p: hold_back()
    halt(desk)
    desk.until(1)
    desk.lose()
    desk.venue.answer["private/get_open_orders"] = lambda p: list(desk.venue.orders)
    desk.connect()
    desk.until(5)
    assert at_exit(desk) == 0
    assert desk.state == "halted"
    assert not desk.core.may_quote


def test_a_new_line_in_a_halt_is_read_back_again() -> None:
    desk = Desk().go()
    halt(desk)
    desk.until(3)
    desk.venue.orders = [order("1", OURS)]
    desk.lose()
    desk.connect()
    desk.until(3)
    assert desk.venue.orders == []


def test_a_halted_session_can_be_stopped() -> None:
    desk = Desk().go()
    halt(desk)
    desk.until(0.1)
    desk.venue.orders = [order("1", OURS)]
    desk.command("stop")
    desk.until(2)
    assert (desk.state, at_exit(desk)) == ("stopped", 0)
    assert desk.venue.orders == []


def test_a_halt_during_a_stop_does_not_end_the_stop() -> None:
    desk = Desk().go()
    desk.core.slots[0] = unknown_slot(0, OURS, state="live")
    desk.command("stop")
    halt(desk)
    assert desk.state == "stopping"
    desk.core.slots = {}
    desk.until(1)
    assert (desk.state, at_exit(desk)) == ("stopped", 0)


def test_reading_back_that_the_venue_refuses_ends_the_stop() -> None:
    desk = Desk().go()
    desk.venue.answer["private/get_open_orders"] = lambda p: refuse(13021)
    desk.command("stop")
    desk.until(1)
    assert (desk.state, at_exit(desk)) == ("stopped", None)
    assert "private/get_open_orders" in desk.noted("critical")


def test_reading_back_that_the_venue_refuses_is_not_repeated_in_a_halt() -> None:
    desk = Desk().go()
    desk.venue.answer["private/get_open_orders"] = lambda p: refuse(13021)
    halt(desk)
    desk.until(60)
    assert desk.methods().count("private/get_open_orders") == 2
    assert at_exit(desk) is None


def errand(desk: Desk, name: str, left: int | None) -> None:
    """Tell what the other road found."""
    desk.command("errand_done", errand=name, open_orders=left)


def test_a_stop_without_a_line_is_over_when_the_other_road_finds_none_of_ours() -> None:
    desk = Desk().go()
    desk.lose()
    desk.command("stop")
    assert desk.core.errands == ["cancel_ours"]
    errand(desk, "cancel_ours", 1)
    errand(desk, "cancel_ours", None)
    assert desk.state == "stopping"
    errand(desk, "cancel_ours", 0)
    assert (desk.state, at_exit(desk)) == ("stopped", 0)


def test_a_stop_with_a_line_asks_on_the_line() -> None:
    desk = Desk().go()
    desk.command("stop")
    assert desk.core.errands == []


def test_a_halt_without_a_line_is_cleared_by_the_other_road() -> None:
    desk = Desk().go()
    desk.session.on_halt(desk.now_ns, "fuse")
    desk.lose()
    errand(desk, "cancel_all", 0)
    assert at_exit(desk) == 0
    assert desk.session.snapshot()["kill"]["confirmed_by"] == "http"


def test_cancel_all_pulls_the_quotes_kills_and_reads_the_account_back() -> None:
    desk = Desk().go()
    foreign = order("9", "manual")
    desk.venue.orders = [order("1", OURS), foreign]
    assert desk.core.may_quote
    desk.command("cancel_all")
    assert not desk.core.may_quote
    assert desk.core.kills == ["operator"]
    desk.until(2)
    assert desk.session.snapshot()["kill"]["pending"], "not what was asked counts"
    desk.venue.orders = []
    desk.until(3)
    found = desk.session.snapshot()["kill"]
    assert (found["pending"], found["confirmed_by"]) == (False, "connection")
    assert desk.state == "paused"
    desk.command("resume")
    assert desk.state == "quoting"


def test_a_kill_begun_without_a_line_is_read_back_on_the_next_one() -> None:
    desk = Desk().go()
    desk.lose()
    desk.command("cancel_all")
    assert desk.core.kills == ["operator"]
    desk.connect()
    desk.until(3)
    assert not desk.session.snapshot()["kill"]["pending"]
    assert desk.state == "paused"
