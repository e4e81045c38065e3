"""Requests are the venue's JSON, exact to the last digit."""

import pytest

from tests.oracles.venue import SlowVenue
from tests.rig import NAME, Rig


def test_a_new_order_in_full() -> None:
    rig = Rig()
    rig.wisher.asks = [(130_001, 3)]
    rig.book([(130_000, 1)], [(130_001, 1)])
    (request,) = rig.sent()
    assert request == {
        "jsonrpc": "2.0",
        "id": 1_000_000,
        "method": "private/sell",
        "params": {
            "instrument_name": NAME,
            "amount": 30,
            "type": "limit",
            "price": 65000.5,
            "label": "hs-00000007-9-1",
            "post_only": True,
        },
    }


def test_edit_and_cancel_in_full() -> None:
    rig, venue = Rig(), SlowVenue(NAME)
    rig.wisher.bids = [(130_000, 3)]
    rig.book([(130_000, 1)], [(130_001, 1)])
    venue.receive(rig.core.data_to_send(0))
    venue.work()
    for frame in venue.frames:
        rig.deliver(frame)
    rig.wisher.bids = [(129_999, 3)]
    rig.book([(130_000, 2)], [(130_001, 1)])
    (edit,) = rig.sent()
    assert edit["method"] == "private/edit"
    assert edit["params"] == {
        "order_id": "X-1",
        "amount": 30,
        "price": 64999.5,
        "post_only": True,
    }
    venue.requests = [edit]
    venue.frames = []
    venue.work()
    for frame in venue.frames:
        rig.deliver(frame)
    rig.core.set_quoting(False, "test")
    rig.advance(1)
    (cancel,) = rig.sent()
    assert (cancel["method"], cancel["params"]) == (
        "private/cancel",
        {"order_id": "X-1"},
    )


def test_new_orders_and_edits_say_until_when_they_may_be_carried_out() -> None:
    rig, venue = Rig(valid_for_ns=2_000_000_000), SlowVenue(NAME)
    rig.core.set_venue_clock(1_790_000_000_000_999_999)
    rig.wisher.bids = [(130_000, 3)]
    rig.book([(130_000, 1)], [(130_001, 1)])
    now_ms = 1_790_000_000_000 + rig.t_ns // 1_000_000
    (new,) = rig.sent()
    assert new["params"]["valid_until"] == now_ms + 2_000
    venue.requests = [new]
    venue.work()
    for frame in venue.frames:
        rig.deliver(frame)
    rig.wisher.bids = [(129_999, 3)]
    rig.advance(300)
    (edit,) = rig.sent()
    assert edit["params"]["valid_until"] == now_ms + 2_300


@pytest.mark.parametrize("ticks", [1, 2, 19, 130_000, 999_999])
def test_prices_are_exact_decimals(ticks: int) -> None:
    rig = Rig({"collar_bps": 10_000.0})
    rig.wisher.bids = [(ticks, 1)]
    rig.book([(ticks, 1)], [(ticks + 1, 1)])
    text = rig.core.data_to_send(0).decode()
    whole, half = divmod(ticks, 2)
    assert f'"price":{whole}{".5" if half else ""},' in text
