"""Trades are booked once; what an ended order owes stays in the exposure until paid."""

from typing import Any

import pytest

from tests.oracles.venue import SlowVenue
from tests.rig import NAME, ROW, Rig, settle

OWING_MAX = 256


def filled_and_owing() -> tuple[Rig, SlowVenue]:
    """Return a rig whose bid of 5 lots is told filled, its trade not yet here."""
    rig, venue = Rig({"position_max_lots": 5}), SlowVenue(NAME)
    rig.wisher.bids = [(9_999, 5)]
    rig.book([(9_999, 9)], [(10_001, 9)])
    settle(rig, venue)
    venue.trade("X-1", 50.0, apart=True)
    rig.deliver(venue.frames.pop(0))
    return rig, venue


def may_buy(rig: Rig) -> bool:
    """Say whether another bid would be sent now."""
    rig.book([(9_999, 8)], [(10_001, 9)])
    return bool(rig.sent())


def trade(trade_id: str, label: str, amount: float = 50.0, **more: Any) -> Any:
    row = {
        "trade_id": trade_id,
        "order_id": "Z-9",
        "instrument_name": NAME,
        "direction": "buy",
        "price": 4_999.5,
        "amount": amount,
        "fee": 0.0,
        "fee_currency": "BTC",
        "liquidity": "M",
        "label": label,
        "timestamp": 5,
    }
    return {**row, **more}


def sold(trade_id: str, amount: float) -> Any:
    return trade(trade_id, "manual", amount, direction="sell")


def test_an_ended_order_owes_its_trades() -> None:
    rig, venue = filled_and_owing()
    assert not may_buy(rig)
    rig.deliver(venue.frames.pop(0))
    rig.core.trade(sold("m-1", 50.0))
    assert rig.snapshot()["position"] == 0.0
    assert may_buy(rig)


@pytest.mark.parametrize("label", ["manual", "hs-000000aa-0-1", "hs-00000007-0-99"])
def test_a_trade_of_another_order_pays_nothing(label: str) -> None:
    rig, _ = filled_and_owing()
    rig.core.trade(trade("m-1", label, 50.0))
    rig.core.trade(sold("m-2", 50.0))
    assert rig.snapshot()["position"] == 0.0
    assert not may_buy(rig), "the own order's trade is still to come"


def test_a_trade_pays_no_more_than_is_owed() -> None:
    rig, venue = filled_and_owing()
    rig.core.trade({**venue.trades[0], "amount": 30.0})
    rig.core.trade(sold("m-1", 30.0))
    rig.book([(9_999, 8)], [(10_001, 9)])
    (request,) = rig.sent()
    assert request["params"]["amount"] == 30.0, "two lots are owed, three are free"


def test_the_same_id_on_another_instrument_is_another_trade() -> None:
    rig = Rig()
    other = "ETH-PERPETUAL"
    rig.core.add_instrument({**ROW, "instrument_name": other})
    rig.core.trade(trade("1", "manual"))
    rig.core.trade(trade("1", "manual", instrument_name=other))
    rig.core.trade(trade("1", "manual"))
    assert rig.core.fills_booked() == 2


@pytest.mark.parametrize("past", [0, 1])
def test_so_many_orders_are_remembered_to_owe(past: int) -> None:
    count, free = OWING_MAX + past, 5
    rig = Rig({"position_max_lots": count + free}, rate=1e4, burst=1e4)
    venue, late = SlowVenue(NAME), []
    for _ in range(count):
        rig.wisher.bids = [(9_999, 1)]
        rig.book([(9_999, 9)], [(10_001, 9)])
        rig.wisher.bids = []
        settle(rig, venue)
        (order,) = venue.open_orders()
        venue.trade(order["order_id"], 10.0, apart=True)
        rig.deliver(venue.frames.pop(0))
        late.append(venue.frames.pop(0))
    for frame in late:
        rig.deliver(frame)
    assert rig.snapshot()["position"] == 10.0 * count
    rig.sent()
    rig.wisher.bids = [(9_998, 50)]
    rig.book([(9_998, 9)], [(10_001, 9)])
    (request,) = rig.sent()
    # One past the limit: its lot stays counted until the positions are read.
    assert request["params"]["amount"] == 10.0 * (free - past)
