"""The officer: commands and rules in, stances of the core out, each said once."""

import pytest

from engine.session.risk.ladder import ACCOUNT, Stance
from tests.unit.session.stand_in import RUN_ID, Desk, order

TWO = ("BTC-PERPETUAL", "ETH-PERPETUAL")


def trips(desk: Desk) -> list[tuple[str, str, str]]:
    rows = desk.session.snapshot()["risk"]["trips"]
    return [(row["rule"], row["scope"], row["stance"]) for row in rows]


@pytest.mark.parametrize("step", ["widen", "reduce", "pull", "flatten"])
def test_the_operator_takes_a_step_and_takes_it_back(step: str) -> None:
    desk = Desk().go()
    desk.command(step, reason="news at noon")
    assert desk.core.stances[-1] == (step, "operator: news at noon")
    assert trips(desk) == [("operator", "", step)]
    desk.command("rearm")
    assert desk.core.stances[-1] == ("normal", "")
    assert trips(desk) == []


def test_the_operator_may_step_down_again_by_a_command() -> None:
    desk = Desk().go()
    desk.command("flatten")
    desk.command("reduce")
    assert trips(desk) == [("operator", "", "reduce")]
    assert desk.core.stances[-1][0] == "reduce"


@pytest.mark.parametrize("step", ["reduce", "pull", "flatten", "disconnect"])
def test_a_pull_that_keeps_what_is_stronger_only_goes_up(step: str) -> None:
    desk = Desk().go()
    desk.command(step)
    desk.command("pull", keep="stronger")
    kept = step if step in ("flatten", "disconnect") else "pull"
    assert trips(desk) == [("operator", "", kept)]


def test_a_step_of_one_instrument_leaves_the_others_alone() -> None:
    desk = Desk(*TWO).go()
    desk.command("pull", instrument="ETH-PERPETUAL")
    assert desk.core.stances[-1][0] == "normal"
    assert [desk.core.stances[i][0] for i in (0, 1)] == ["normal", "pull"]
    desk.command("rearm", instrument="BTC-PERPETUAL")
    assert desk.core.stances[1][0] == "pull"
    desk.command("rearm", instrument="ETH-PERPETUAL")
    assert desk.core.stances[1][0] == "normal"


def test_a_step_of_a_currency_holds_what_settles_in_it() -> None:
    desk = Desk(*TWO).go()
    desk.command("reduce", instrument="ETH")
    assert [desk.core.stances[i][0] for i in (-1, 0, 1)] == [
        "normal",
        "normal",
        "reduce",
    ]


@pytest.mark.parametrize("cmd", ["pull", "rearm"])
def test_a_place_that_is_not_quoted_is_said_and_changes_nothing(cmd: str) -> None:
    desk = Desk().go()
    desk.command("reduce")
    desk.command(cmd, instrument="DOGE-PERPETUAL")
    assert "DOGE-PERPETUAL is not quoted here" in desk.noted("error")
    assert trips(desk) == [("operator", "", "reduce")]


def test_one_instrument_cannot_be_disconnected() -> None:
    desk = Desk().go()
    desk.command("disconnect", instrument="BTC-PERPETUAL")
    assert "whole account" in desk.noted("error")
    assert trips(desk) == []


def test_nothing_to_arm_again_is_said() -> None:
    desk = Desk().go()
    desk.command("rearm", rule="loss_day")
    assert "nothing to arm again" in desk.noted("warning")


def test_a_rule_trips_once_and_ends_with_its_cause() -> None:
    desk = Desk().go()
    officer = desk.session._risk
    for _ in range(3):
        officer.trip("lag", ACCOUNT, Stance.PULL, "late", latched=False)
    assert desk.noted("error").count("pull by lag") == 1
    officer.end("lag", ACCOUNT)
    officer.end("lag", ACCOUNT)
    assert desk.noted("info").count("over: account: pull by lag") == 1


@pytest.mark.parametrize("by_http", [False, True])
def test_armed_again_it_quotes_only_when_the_kill_is_over(by_http: bool) -> None:
    desk = Desk().go()
    desk.venue.orders = [order("7", f"hs-{RUN_ID:08x}-3-1")]
    desk.command("pull")
    desk.command("rearm")
    assert desk.state == "paused"
    assert desk.session.snapshot()["holds"] == ["a kill is not confirmed yet"]
    desk.until(2)
    assert desk.state == "paused"
    if by_http:
        desk.command("errand_done", errand="cancel_all", open_orders=0)
    else:
        desk.venue.orders = []
        desk.until(1)
    assert desk.state == "quoting"
    assert not desk.session.snapshot()["kill"]["pending"]


def test_a_kill_that_is_never_confirmed_does_not_hold_for_ever() -> None:
    desk = Desk().go()
    desk.venue.orders = [order("7", "somebody's")]
    desk.command("cancel_all")
    desk.command("resume")
    desk.until(59)
    assert desk.state == "paused"
    desk.until(2)
    assert desk.state == "quoting"
    assert "not confirmed in time: 1 orders are open" in desk.noted("critical")


def test_a_flatten_does_not_wait_for_its_kill() -> None:
    desk = Desk().go()
    desk.venue.orders = [order("7", "somebody's")]
    desk.command("flatten")
    assert desk.session.snapshot()["kill"]["pending"]
    assert desk.state == "quoting"
    assert desk.core.stances[-1][0] == "flatten"


def test_a_step_taken_before_the_start_holds_instruments_that_come_later() -> None:
    desk = Desk(*TWO)
    desk.command("pull", instrument="ETH-PERPETUAL")
    desk.command("widen")
    desk.go()
    assert [desk.core.stances[i][0] for i in (-1, 0, 1)] == ["widen", "normal", "pull"]
