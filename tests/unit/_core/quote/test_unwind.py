"""The unwinding wish: closes what is held, never more, never past its reach."""

from typing import Any

import pytest

from tests.oracles.venue import SlowVenue
from tests.rig import MID, NAME, ROW, Rig, settle


def unwinding(position: int, **limits: float) -> Rig:
    rig = Rig(limits)
    rig.wisher.bids, rig.wisher.asks = [(MID - 3, 5)], [(MID + 3, 5)]
    rig.core.set_position(rig.index, position, 5_000.0)
    rig.core.set_stance("flatten", "a test", rig.index)
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    return rig


def wishes(rig: Rig) -> list[tuple[str, float, int, Any]]:
    return [
        (
            r["method"],
            round(r["params"]["price"] * 2),
            round(r["params"]["amount"] / 10),
            r["params"].get("time_in_force"),
        )
        for r in rig.sent()
    ]


IOC = "immediate_or_cancel"


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (0, []),
        (7, [("private/sell", MID - 10, 7, IOC)]),
        (-7, [("private/buy", MID + 11, 7, IOC)]),
        (80, [("private/sell", MID - 10, 50, IOC)]),
    ],
)
def test_one_order_against_the_position_within_reach(
    position: int, expected: list[Any]
) -> None:
    assert wishes(unwinding(position, unwind_bps=10.0)) == expected


def test_the_venue_is_told_that_it_may_only_close() -> None:
    (sell,) = unwinding(7).sent()
    assert sell["params"]["reduce_only"] is True


def test_a_strategy_s_own_take_may_open_until_the_stance_is_reduce() -> None:
    for stance, reduces in (("normal", None), ("reduce", True)):
        rig = Rig()
        rig.core.set_position(rig.index, -7, 5_000.0)
        rig.core.set_stance(stance, "a test")
        rig.wisher.take = ("buy", MID + 1, 3)
        rig.book([(MID - 1, 9)], [(MID + 1, 9)])
        (buy,) = rig.sent()
        assert buy["params"].get("reduce_only") is reduces


def test_spot_has_no_such_flag() -> None:
    rig = Rig(row={**ROW, "kind": "spot"})
    rig.core.set_position(rig.index, 7, 5_000.0)
    rig.core.set_stance("flatten", "a test")
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    (sell,) = rig.sent()
    assert sell["params"]["time_in_force"] == IOC
    assert "reduce_only" not in sell["params"]


def test_no_order_goes_past_the_collar() -> None:
    rig = unwinding(7, unwind_bps=900.0)
    assert wishes(rig) == [("private/sell", round(MID * 0.95), 7, IOC)]


def test_without_a_touch_to_close_against_it_waits() -> None:
    rig = Rig()
    rig.core.set_position(rig.index, 7, 5_000.0)
    rig.core.set_stance("flatten", "a test")
    rig.book([], [(MID + 1, 9)])
    assert wishes(rig) == []


def test_quotes_are_pulled_and_the_position_is_closed_to_nothing() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids, rig.wisher.asks = [(MID - 3, 5)], [(MID + 3, 5)]
    rig.book([(MID - 1, 9)], [(MID + 1, 9)])
    settle(rig, venue)
    assert len(venue.open_orders()) == 2
    rig.core.set_position(rig.index, -80, 5_000.0)
    rig.core.set_stance("flatten", "a test")
    rig.advance(1)
    for _ in range(5):
        settle(rig, venue)
        rig.advance(250)
    settle(rig, venue)
    assert venue.open_orders() == []
    assert rig.halted() == ""
