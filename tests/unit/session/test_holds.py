"""What the venue says about itself: locks, maintenance, instrument states."""

from typing import Any

import pytest

from tests.unit.session.stand_in import Desk, Refusal


def state(name: str, value: str) -> dict[str, Any]:
    return {"timestamp": 1, "instrument_name": name, "state": value}


def test_maintenance_pauses_and_its_end_resumes() -> None:
    desk = Desk().go()
    desk.notify("platform_state", {"maintenance": True})
    assert desk.state == "paused"
    assert desk.core.quoting[-1] == (False, "venue under maintenance")
    desk.notify("platform_state", {"maintenance": False})
    assert desk.state == "quoting"
    assert desk.core.may_quote


def test_a_locked_index_of_ours_pauses_another_does_not() -> None:
    desk = Desk().go()
    desk.notify("platform_state", {"price_index": "sol_usdc", "locked": True})
    assert desk.core.may_quote
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": True})
    assert desk.core.quoting[-1] == (False, "index btc_usd is locked")
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": False})
    assert desk.core.may_quote


def test_every_hold_must_end_before_quoting_resumes() -> None:
    desk = Desk().go()
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": True})
    desk.notify("instrument.state.any.any", state("BTC-PERPETUAL", "settlement"))
    desk.command("pause")
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": False})
    desk.command("resume")
    assert desk.core.quoting[-1] == (False, "BTC-PERPETUAL is settlement")
    desk.notify("instrument.state.any.any", state("BTC-PERPETUAL", "open"))
    assert desk.core.may_quote


def test_a_state_of_somebody_elses_instrument_changes_nothing() -> None:
    desk = Desk().go()
    said = len(desk.core.quoting)
    desk.notify("instrument.state.any.any", state("SOL_USDC-PERPETUAL", "locked"))
    assert len(desk.core.quoting) == said


def test_an_expired_instrument_is_retired_and_holds_nobody_back() -> None:
    desk = Desk("BTC-PERPETUAL", "ETH-PERPETUAL").go()
    desk.notify("instrument.state.any.any", state("ETH-PERPETUAL", "settlement"))
    desk.notify("instrument.state.any.any", state("BTC-PERPETUAL", "settlement"))
    desk.notify("instrument.state.any.any", state("ETH-PERPETUAL", "delivered"))
    assert not desk.core.may_quote
    desk.notify("instrument.state.any.any", state("BTC-PERPETUAL", "open"))
    assert desk.core.may_quote
    assert desk.core.book_states == {0: "readable", 1: "empty"}
    assert "ETH-PERPETUAL is delivered" in desk.noted("error")
    desk.notify("instrument.state.any.any", state("ETH-PERPETUAL", "locked"))
    assert desk.core.may_quote


@pytest.mark.parametrize(
    "data", [None, [], {}, {"state": 3}, {"state": "locked"}, {"instrument_name": []}]
)
def test_a_state_of_unknown_shape_is_named_once_and_ignored(data: Any) -> None:
    desk = Desk().go()
    for _ in range(3):
        desk.notify("instrument.state.any.any", data)
    assert desk.core.may_quote
    assert len([n for n in desk.core.noted if n[1] == "instrument_state"]) <= 1


@pytest.mark.parametrize("data", [None, [], "x", {"price_index": []}, {}])
def test_a_platform_state_of_unknown_shape_changes_nothing(data: Any) -> None:
    desk = Desk().go()
    desk.notify("platform_state", data)
    assert desk.core.may_quote


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"locked": "true"}, "the platform is locked"),
        ({"locked": True}, "the platform is locked"),
        ({"locked": "partial", "locked_indices": ["btc_usd"]}, "btc_usd is locked"),
        ({"locked": "partial", "locked_currencies": ["BTC"]}, "btc_usd is locked"),
        ({"locked": "partial"}, "does not say where"),
        ({"locked": "no such word"}, "the platform is locked"),
    ],
)
def test_a_locked_platform_is_waited_for(status: Any, said: str) -> None:
    desk = Desk()
    desk.venue.locked = status
    desk.connect()
    desk.until(20)
    assert desk.state == "recovering"
    assert said in desk.noted("warning")
    desk.venue.locked = {"locked": "false"}
    desk.until(6)
    assert desk.state == "quoting"


@pytest.mark.parametrize(
    "status",
    [
        {"locked": "false"},
        {"locked": False},
        {"locked": "partial", "locked_indices": ["sol_usdc"]},
        {},
        None,
    ],
)
def test_what_is_not_locked_for_us_is_not_waited_for(status: Any) -> None:
    desk = Desk()
    desk.venue.locked = status
    desk.go()


def test_a_venue_without_status_is_quoted_with_a_warning() -> None:
    def refuse(params: dict[str, Any]) -> Any:
        raise Refusal(-32601, "Method not found")

    desk = Desk()
    desk.venue.answer["public/status"] = refuse
    desk.go()
    assert "public/status: -32601" in desk.noted("warning")


def test_a_reconnect_finds_out_anew_what_is_held() -> None:
    desk = Desk().go()
    desk.notify("platform_state", {"maintenance": True})
    desk.notify("platform_state", {"price_index": "btc_usd", "locked": True})
    desk.notify("instrument.state.any.any", state("BTC-PERPETUAL", "locked"))
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.state == "quoting"


def test_a_pause_by_the_operator_outlives_a_reconnect() -> None:
    desk = Desk().go()
    desk.command("pause")
    desk.lose()
    desk.connect()
    desk.until(1)
    assert desk.state == "paused"
    assert not any(allowed for allowed, _ in desk.core.quoting[6:])
    desk.command("resume")
    assert desk.core.may_quote
