"""Heartbeat and cancel-on-disconnect: no quote before the read-back."""

from typing import Any

import pytest

from tests.unit.session.stand_in import Desk, Nothing, Refusal


def refuse(code: int) -> Any:
    raise Refusal(code)


def hold_back() -> Any:
    raise Nothing


def test_login_heartbeat_and_cod_come_first_and_in_this_order() -> None:
    desk = Desk().go()
    assert desk.methods()[:4] == [
        "public/auth",
        "public/set_heartbeat",
        "private/enable_cancel_on_disconnect",
        "private/get_cancel_on_disconnect",
    ]
    assert desk.params("public/set_heartbeat") == [{"interval": 30}]
    assert desk.params("private/get_cancel_on_disconnect") == [{"scope": "connection"}]
    assert desk.session.snapshot()["cod"]["verified"]


def test_only_the_orders_connection_has_cod() -> None:
    desk = Desk(connections=2, market_conn=1).go()
    methods = [(conn, method) for conn, method, _ in desk.requests]
    assert (0, "private/enable_cancel_on_disconnect") in methods
    assert (1, "private/enable_cancel_on_disconnect") not in methods
    assert (1, "public/set_heartbeat") in methods


@pytest.mark.parametrize(
    "state",
    [
        {"scope": "connection", "enabled": False},
        {"scope": "account", "enabled": True},
        {"enabled": "true"},
        {},
    ],
)
def test_cod_that_does_not_read_back_as_on_forbids_quoting(state: Any) -> None:
    desk = Desk()
    desk.venue.cod = state
    desk.connect()
    desk.until(3)
    assert "cancel-on-disconnect was switched on but reads back" in desk.noted(
        "critical"
    )
    assert len(desk.core.closed) == 1
    assert not desk.core.may_quote
    assert not desk.session.snapshot()["cod"]["verified"]


@pytest.mark.parametrize("code", [10049, 13021, 13403])
def test_cod_that_cannot_be_enabled_costs_the_connection_not_the_run(code: int) -> None:
    desk = Desk()
    enable = desk.venue.answer["private/enable_cancel_on_disconnect"]
    desk.venue.answer["private/enable_cancel_on_disconnect"] = lambda p: refuse(code)
    desk.connect()
    desk.until(3)
    assert f"{code}" in desk.noted("critical")
    assert desk.core.halted == ""
    assert not desk.core.may_quote
    desk.venue.answer["private/enable_cancel_on_disconnect"] = enable
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"


def test_nothing_is_asked_of_the_account_before_cod_is_verified() -> None:
    desk = Desk()
    desk.venue.answer["private/get_cancel_on_disconnect"] = lambda p: hold_back()
    desk.connect()
    desk.until(4)
    assert desk.methods()[-1] == "private/get_cancel_on_disconnect"
    assert desk.state == "preparing"
    desk.until(2)
    assert "private/get_cancel_on_disconnect unanswered" in desk.core.closed[0][1]


def test_cod_is_a_fact_about_one_connection() -> None:
    desk = Desk().go()
    desk.lose()
    assert not desk.session.snapshot()["cod"]["verified"]
    desk.connect()
    desk.until(1)
    assert desk.session.snapshot()["cod"]["verified"]
    assert desk.methods().count("private/enable_cancel_on_disconnect") == 2


def test_a_refused_heartbeat_is_our_error_and_halts() -> None:
    desk = Desk()
    desk.venue.answer["public/set_heartbeat"] = lambda p: refuse(-32602)
    desk.connect()
    desk.until(1)
    assert "public/set_heartbeat" in desk.core.halted
