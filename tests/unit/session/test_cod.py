"""Cancel-on-disconnect is on because the venue said so within the last minute."""

from typing import Any

import pytest

from engine.session.cod import EVERY_NS, RETRIES_MAX, Cod
from tests.unit.session.stand_in import SECOND, Desk, Refusal

ENABLE = "private/enable_cancel_on_disconnect"
GET = "private/get_cancel_on_disconnect"
OFF = {"scope": "connection", "enabled": False}
ON = {"scope": "connection", "enabled": True}
MINUTE = EVERY_NS / SECOND


def cod(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = desk.session.snapshot()["cod"]
    return found


def refuse(code: int) -> Any:
    raise Refusal(code)


def test_a_fact_has_an_age_and_none_has_none() -> None:
    fact = Cod()
    assert fact.snapshot(5)["age_s"] is None
    fact.is_on, fact.read_ns = True, SECOND
    assert fact.snapshot(3 * SECOND) == {
        "enabled": True,
        "verified": True,
        "age_s": 2.0,
        "losses": 0,
    }
    fact.forget()
    assert fact.snapshot(3 * SECOND)["age_s"] is None
    assert not fact.is_on


def test_every_minute_it_is_read_asserted_and_read_again() -> None:
    desk = Desk().go()
    before = len(desk.methods())
    desk.until(MINUTE + 1)
    asked = [m for m in desk.methods()[before:] if "cancel_on_disconnect" in m]
    assert asked == [GET, ENABLE, GET]
    assert cod(desk)["age_s"] <= 2
    assert desk.core.may_quote
    desk.until(MINUTE)
    assert desk.methods().count(ENABLE) == 3


def test_one_that_was_lost_pulls_the_quotes_until_it_is_back() -> None:
    desk = Desk().go()
    desk.venue.answer[ENABLE] = lambda p: refuse(10049)
    desk.venue.cod = OFF
    desk.until(MINUTE + 0.3)
    assert not desk.core.may_quote
    assert desk.state == "paused"
    assert cod(desk)["losses"] == 1
    assert not cod(desk)["verified"]
    assert "quotes are pulled" in desk.noted("critical")
    desk.venue.answer[ENABLE] = lambda p: "ok"
    desk.venue.cod = ON
    desk.until(3)
    assert desk.core.may_quote
    assert cod(desk)["verified"]
    assert desk.core.closed == []


def test_ok_is_not_enough_to_quote_again() -> None:
    desk = Desk().go()
    desk.venue.cod = OFF
    desk.until(MINUTE + 0.3)
    assert desk.methods()[-2:].count(ENABLE) == 1
    assert not desk.core.may_quote


def test_one_that_does_not_come_back_costs_the_connection() -> None:
    desk = Desk().go()
    desk.venue.cod = OFF
    desk.until(MINUTE + 15)
    assert desk.methods().count(ENABLE) == 1 + RETRIES_MAX
    assert "stays off" in desk.core.closed[0][1]
    assert not desk.core.may_quote
    desk.lose()
    desk.venue.cod = ON
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting", "the next connection is judged by itself"
    assert cod(desk)["verified"]


def test_a_line_lost_meanwhile_takes_the_hold_with_it() -> None:
    desk = Desk().go()
    desk.venue.cod = OFF
    desk.until(MINUTE + 0.3)
    assert desk.session.snapshot()["holds"] == ["cancel-on-disconnect is off"]
    desk.lose()
    assert desk.session.snapshot()["holds"] == []
    assert cod(desk)["age_s"] is None


@pytest.mark.parametrize("state", [{"scope": "account", "enabled": True}, {}])
def test_what_is_not_certainly_on_is_off(state: dict[str, Any]) -> None:
    desk = Desk().go()
    desk.venue.cod = state
    desk.until(MINUTE + 0.3)
    assert not desk.core.may_quote
