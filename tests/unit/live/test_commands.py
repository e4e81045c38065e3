"""The table of commands: when is what was asked for so?"""

from typing import Any

import pytest

from engine._core.base.stance import STANCES
from engine.live.commands import COMMANDS, open_orders, status_of

SNAPSHOT: dict[str, Any] = {
    "quoting": True,
    "quoting_reason": "quoting",
    "halted": "",
    "stance": "normal",
    "stance_reason": "",
    "orders": {"live": 2, "unknown": 1},
    "instruments": {
        "BTC-PERPETUAL": {
            "position": 120.0,
            "currency": "BTC",
            "budget": "carry",
            "quotes": {"bid": [[1, 2, "live"]], "ask": [[3, 2, "live"]]},
            "why_blank": "",
            "stance": "normal",
        },
        "ETH-PERPETUAL": {
            "position": 0.0,
            "currency": "ETH",
            "quotes": {"bid": [[1, 2, "unknown"]], "ask": []},
            "why_blank": "",
        },
    },
    "session": {"state": "quoting", "kill": {"pending": False}, "risk": {"trips": []}},
}


def now(**changes: Any) -> dict[str, Any]:
    return {**status_of(SNAPSHOT, connected=1), **changes}


def without_orders(**positions: float) -> dict[str, Any]:
    found = now()
    for name, row in found["instruments"].items():
        row["orders"] = 0
        row["position"] = positions.get(name.split("-")[0], 0.0)
    return found


def is_so(command: str, found: dict[str, Any], instrument: str = "") -> bool:
    return COMMANDS[command].is_so(found, instrument)


def test_orders_count_whatever_their_state_by_what_is_named() -> None:
    assert open_orders(now()) == 3
    assert open_orders(now(), "budget.carry") == 2
    assert open_orders(now(), "budget.other") == 0
    assert open_orders(now(), "BTC-PERPETUAL") == 2
    assert open_orders(now(), "ETH") == 1


@pytest.mark.parametrize("command", ["pause", "pull"])
def test_pulling_is_so_when_no_order_is_left(command: str) -> None:
    assert not is_so(command, now())
    assert is_so(command, without_orders(BTC=120.0))


def test_one_instrument_is_so_while_the_others_go_on() -> None:
    found = now()
    found["instruments"]["BTC-PERPETUAL"]["orders"] = 0
    assert is_so("pull", found, "BTC-PERPETUAL")
    assert is_so("pull", found, "BTC")
    assert not is_so("pull", found)


def test_flat_is_no_order_and_no_position() -> None:
    assert not is_so("flatten", without_orders(BTC=120.0))
    assert is_so("flatten", without_orders(BTC=120.0), "ETH-PERPETUAL")
    assert is_so("flatten", without_orders())


def test_a_kill_is_so_on_the_venues_word() -> None:
    assert not is_so("cancel-all", now())
    found = without_orders()
    assert is_so("cancel-all", found)
    found["kill"] = {"pending": True}
    assert not is_so("cancel-all", found)


def test_the_rest() -> None:
    assert is_so("status", now())
    assert is_so("resume", now())
    assert not is_so("resume", now(quoting=False))
    assert not is_so("disconnect", now(state="disconnected", connected=1))
    assert is_so("disconnect", now(state="disconnected", connected=0))
    assert not is_so("stop", now())
    assert is_so("stop", now(state="stopping"))


def test_every_step_of_the_ladder_has_its_command() -> None:
    assert set(STANCES) - {"normal"} <= {one.core for one in COMMANDS.values()}


def test_a_core_that_has_said_nothing_yet_has_a_status() -> None:
    found = status_of({})
    assert found["state"] == ""
    assert not found["quoting"]
    assert found["instruments"] == {}
