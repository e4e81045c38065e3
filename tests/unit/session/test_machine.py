"""The session as a whole: states, hooks, deadlines, commands."""

from typing import Any

import pytest

from tests.unit.session.stand_in import SECOND, Desk, Nothing, Refusal, plan


def test_states_are_passed_in_order() -> None:
    desk = Desk().go()
    texts = [
        text.split(":")[0] for level, kind, text in desk.core.noted if kind == "state"
    ]
    assert texts == [
        "connecting -> authenticating",
        "authenticating -> preparing",
        "preparing -> recovering",
        "recovering -> quoting",
    ]
    assert [allowed for allowed, _ in desk.core.quoting] == [False] * 4 + [True]


def test_a_fresh_session_says_all_there_is_to_say() -> None:
    shown = Desk().session.snapshot()
    # Nothing is earned before the first fill.
    assert shown.pop("attribution")["instruments"] == {}
    assert shown.pop("ledger")["is_open"] is False
    assert shown == {
        "state": "connecting",
        "cod": {"enabled": False, "verified": False, "age_s": None, "losses": 0},
        "reconnects": 0,
        "open_orders_at_exit": None,
        "token_expires_in_s": None,
        "clock_offset_ms": None,
        "foreign_orders": 0,
        "last_error": "",
        "balances": {},
        "holds": [],
        "kill": {
            "count": 0,
            "reason": "",
            "pending": False,
            "confirmed_by": "",
            "open_orders": None,
        },
        "differences": {
            "fills_fetched": 0,
            "rechecks": 0,
            "orders_doubted": 0,
            "orders_orphaned": 0,
            "positions": 0,
        },
        "risk": {"trips": [], "rules": []},
        "wants_lines": True,
        "tickets": [],
        "drift": {},
    }


def test_a_lost_line_ends_quoting_in_the_same_moment() -> None:
    desk = Desk().go()
    desk.lose()
    assert desk.core.quoting[-1] == (False, "connecting")
    assert desk.core.book_states[0] == "empty", "a book of a dead line is unreadable"
    assert desk.session.next_timer_ns() == 0


@pytest.mark.parametrize("conn", [0, 1])
def test_either_of_two_connections_lost_ends_quoting(conn: int) -> None:
    desk = Desk(connections=2, market_conn=1).go()
    desk.lose(conn)
    assert not desk.core.may_quote
    desk.until(30)
    assert not desk.core.may_quote
    desk.connect(conn)
    desk.until(1)
    assert desk.state == "quoting"


def test_one_of_two_connections_is_not_enough() -> None:
    desk = Desk(connections=2, market_conn=1)
    desk.connect(0)
    desk.until(20)
    assert desk.state == "connecting"
    assert "public/get_instrument" not in desk.methods()
    desk.connect(1)
    desk.until(1)
    assert desk.state == "quoting"


def test_two_connections_may_come_in_any_order() -> None:
    desk = Desk(connections=2, market_conn=1)
    desk.connect(1)
    desk.until(1)
    desk.connect(0)
    desk.until(1)
    assert desk.state == "quoting"


def test_a_connection_made_twice_starts_over() -> None:
    desk = Desk().go()
    desk.connect()
    assert not desk.core.may_quote
    desk.until(1)
    assert desk.state == "quoting"


def test_a_line_lost_twice_is_lost_once() -> None:
    desk = Desk().go()
    desk.lose()
    desk.lose()
    assert desk.state == "connecting"
    assert desk.noted("warning").count("is lost") == 1


def test_after_asking_to_close_nothing_is_read_or_sent() -> None:
    desk = Desk().go()
    desk.frame({"error": {"code": 10028}})
    assert len(desk.core.closed) == 1
    sent = len(desk.core.sent)
    desk.frame({"method": "heartbeat", "params": {"type": "test_request"}})
    desk.notify("platform_state", {"maintenance": True})
    desk.until(100)
    assert len(desk.core.sent) == sent
    assert len(desk.core.closed) == 1
    assert desk.session.snapshot()["holds"] == []


def test_answers_of_a_former_connection_are_not_taken_for_new_ones() -> None:
    def hold_back(params: dict[str, Any]) -> Any:
        raise Nothing

    desk = Desk()
    answer = desk.venue.answer["public/get_instrument"]
    desk.venue.answer["public/get_instrument"] = hold_back
    desk.connect()
    desk.talk()
    (late,) = [f for _, f in desk.core.sent if f["method"] == "public/get_instrument"]
    desk.lose()
    desk.venue.answer["public/get_instrument"] = answer
    desk.connect()
    desk.respond(0, late)
    assert desk.core.table.size == 0
    desk.until(1)
    assert desk.state == "quoting"


def test_pause_and_resume() -> None:
    desk = Desk().go()
    desk.command("pause")
    assert desk.state == "paused"
    assert desk.core.quoting[-1] == (False, "paused by the operator")
    assert desk.session.snapshot()["holds"] == ["paused by the operator"]
    desk.command("pause")
    desk.command("resume")
    assert desk.core.quoting[-1] == (True, "quoting")
    desk.command("resume")
    assert desk.state == "quoting"


@pytest.mark.parametrize("name", ["", "STOP", "squash", None, 7, ["stop"]])
def test_an_unknown_command_is_an_error_and_changes_nothing(name: Any) -> None:
    desk = Desk().go()
    desk.session.on_command(desk.now_ns, {"cmd": name})
    assert "unknown command" in desk.noted("error")
    assert desk.core.may_quote


def test_a_halt_command_is_the_cores_to_obey() -> None:
    desk = Desk().go()
    desk.command("halt")
    assert desk.noted("error") == ""


@pytest.mark.parametrize(
    "entropy",
    [{}, {"wall_ms": "1", "nonce": "n"}, {"wall_ms": 1}, {"wall_ms": 1, "nonce": 2}],
)
def test_an_entropy_command_of_wrong_shape_is_an_error(entropy: dict[str, Any]) -> None:
    desk = Desk()
    desk.command("entropy", **entropy)
    assert "entropy needs" in desk.noted("error")


def test_the_snapshot_names_the_last_error() -> None:
    desk = Desk().go()
    desk.command("nonsense")
    assert desk.session.snapshot()["last_error"] == "unknown command nonsense"


def test_an_error_of_ours_leaves_the_hook() -> None:
    desk = Desk().go()

    def broken() -> int:
        raise KeyError("our own bug")

    desk.core.fills_booked = broken  # type: ignore[method-assign]
    desk.lose()
    desk.connect()
    with pytest.raises(KeyError):
        desk.until(1)


def test_the_timer_is_never_in_the_past_after_it_was_served() -> None:
    desk = Desk().go()
    for _ in range(200):
        due_ns = desk.session.next_timer_ns()
        assert due_ns > desk.now_ns
        desk.now_ns = due_ns
        desk.session.on_timer(due_ns)
        desk.talk()


def test_an_early_timer_does_nothing() -> None:
    desk = Desk().go()
    sent = len(desk.core.sent)
    for _ in range(100):
        desk.now_ns += 1
        desk.session.on_timer(desk.now_ns)
    assert len(desk.core.sent) == sent


def test_the_same_calls_give_the_same_frames() -> None:
    def life() -> list[Any]:
        desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL")
        failures = [10040] * 3

        def flaky(params: dict[str, Any]) -> Any:
            if failures:
                raise Refusal(failures.pop())
            return []

        desk.venue.answer["private/get_open_orders"] = flaky
        desk.connect()
        desk.until(5)
        for _ in range(5):
            desk.session.on_gap(0, desk.now_ns)
            desk.until(1)
        desk.command("stop")
        desk.until(3)
        return [desk.core.sent, desk.core.noted, desk.core.quoting, desk.now_ns]

    assert life() == life()


def test_a_thousand_instruments_stay_inside_credits_table_and_queue() -> None:
    desk = Desk()
    names = [f"BTC-{n}" for n in range(300)]
    row = desk.venue.rows["BTC-PERPETUAL"]
    desk.venue.rows = {name: {**row, "instrument_name": name} for name in names}
    desk.plans = [plan(name) for name in names]
    desk.session = type(desk.session)(desk.core, desk.settings, desk.plans)
    pool = desk.session._ctx.credits
    desk.connect()
    for _ in range(80):
        desk.until(1)
        assert pool.requests.left(desk.now_ns) >= 0
    assert desk.state == "quoting"
    assert all(
        len(params["channels"]) <= 500 for params in desk.params("public/subscribe")
    )
    assert desk.now_ns > 40 * SECOND, "the credits were the bound"
