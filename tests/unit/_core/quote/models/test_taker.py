"""From a gap to one take: band, sizes, limit price, fills told and not booked."""

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import QuoteSheet, View
from engine._core.quote.models.hedge import HedgeTaker
from engine._core.quote.models.taker import Taker
from tests.generators.views import PERPETUAL
from tests.oracles.venue import SlowVenue
from tests.rig import NAME, Rig

FUTURE = {**PERPETUAL, "instrument_name": "BTC-27NOV26"}
TEN_USD = 10.0  # a lot of both


def taken(leg_lots, *, own_lots=0, bids=((100, 9),), asks=((101, 9),), **parameters):
    """Return the take of a hedger whose one leg holds so many lots."""
    leg = View.for_test(FUTURE, [(200, 1)], [(201, 1)], inventory_lots=leg_lots)
    view = View.for_test(PERPETUAL, bids, asks, inventory_lots=own_lots, others=[leg])
    sheet = QuoteSheet.for_test(view)
    shape = {"legs": [FUTURE["instrument_name"]], "band_usd": 0, "take_max_lots": 1000}
    HedgeTaker(**shape | parameters).quote(view, sheet)
    assert sheet.refused == 0
    assert sheet.bids == sheet.asks == []
    return sheet.take


def test_takes_at_the_touch_and_past_it_by_the_reach():
    assert taken(7) == ("sell", 100, 7)
    assert taken(-7) == ("buy", 101, 7)
    assert taken(7, reach_ticks=3) == ("sell", 97, 7)
    assert taken(-7, reach_ticks=3) == ("buy", 104, 7)


def test_a_sale_reaches_down_to_the_lowest_price_there_is():
    assert taken(7, reach_ticks=500) == ("sell", 1, 7)


@pytest.mark.parametrize("leg_lots", [-13, -12, 0, 12, 13])
def test_the_band_at_its_edge_and_one_lot_past(leg_lots):
    take = taken(leg_lots, band_usd=12 * TEN_USD)
    assert (take is None) == (abs(leg_lots) <= 12)


def test_back_to_the_edge_or_to_the_middle():
    assert taken(20, band_usd=12 * TEN_USD) == ("sell", 100, 8)
    assert taken(20, band_usd=12 * TEN_USD, stop="middle") == ("sell", 100, 20)


@given(
    leg_lots=st.integers(-500, 500),
    own_lots=st.integers(-500, 500),
    band_usd=st.floats(0, 900),
    stop=st.sampled_from(["edge", "middle"]),
)
@example(leg_lots=0, own_lots=173, band_usd=449.9999999999999, stop="edge")
def test_a_full_fill_ends_it(leg_lots, own_lots, band_usd, stop):
    """One take, filled whole, leaves nothing to do and never changes sides."""
    before = leg_lots + own_lots
    take = taken(leg_lots, own_lots=own_lots, band_usd=band_usd, stop=stop)
    if take is None:
        assert abs(before) * TEN_USD <= max(band_usd, TEN_USD / 2) + 1e-4
        return
    side, _, lots = take
    own_lots += lots if side == "buy" else -lots
    after = leg_lots + own_lots
    assert abs(after) < abs(before)
    assert after * before >= 0
    assert taken(leg_lots, own_lots=own_lots, band_usd=band_usd, stop=stop) is None


def test_what_a_cut_or_partial_take_leaves_is_the_next_one():
    assert taken(20, take_max_lots=8) == ("sell", 100, 8)
    assert taken(20, own_lots=-8, take_max_lots=8) == ("sell", 100, 8)
    assert taken(20, own_lots=-16, take_max_lots=8) == ("sell", 100, 4)
    assert taken(20, own_lots=-20, take_max_lots=8) is None


def test_fewer_lots_than_the_least_wait_for_more():
    shape = {"take_min_lots": 8, "take_max_lots": 8}
    assert taken(7, **shape) is None
    assert taken(8, **shape) == ("sell", 100, 8)
    assert taken(-8, **shape) == ("buy", 101, 8)
    assert taken(15, own_lots=-8, **shape) is None
    assert taken(16, own_lots=-8, **shape) == ("sell", 100, 8)


@pytest.mark.parametrize(("stop", "lots"), [("edge", 8), ("middle", 20)])
def test_the_least_is_of_the_take_and_not_of_the_gap(stop, lots):
    shape = {"band_usd": 12 * TEN_USD, "stop": stop}
    assert taken(20, take_min_lots=lots, **shape) == ("sell", 100, lots)
    assert taken(20, take_min_lots=lots + 1, **shape) is None


@pytest.mark.parametrize(
    ("bids", "asks"),
    [((), ((101, 9),)), (((100, 9),), ()), ((), ()), (((101, 9),), ((100, 9),))],
    ids=["no-bid", "no-ask", "empty", "crossed"],
)
def test_no_take_in_a_book_without_two_sides(bids, asks):
    assert taken(7, bids=bids, asks=asks) is None


def test_no_take_in_a_book_wider_than_allowed():
    assert taken(7, asks=((110, 9),), spread_max_ticks=10) is not None
    assert taken(7, asks=((111, 9),), spread_max_ticks=10) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("take_max_lots", 0),
        ("take_max_lots", 1.5),
        ("take_min_lots", 0),
        ("take_min_lots", 1001),
        ("take_min_lots", 2.5),
        ("reach_ticks", -1),
        ("spread_max_ticks", 0.5),
        ("spread_max_ticks", math.nan),
        ("stop", "centre"),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be .*{value}"):
        taken(7, **{name: value})


def test_the_base_takes_nothing_by_itself():
    view = View.for_test(PERPETUAL, [(100, 9)], [(101, 9)])
    sheet = QuoteSheet.for_test(view)
    Taker().quote(view, sheet)
    assert sheet.take is None


def test_the_hook_of_a_python_subclass_wins_over_the_compiled_one():
    class Halved(HedgeTaker):
        def quote(self, view, sheet):
            super().quote(view, sheet)
            if sheet.take is not None:
                side, limit_ticks, lots = sheet.take
                (sheet.buy if side == "buy" else sheet.sell)(limit_ticks, lots // 2)

    rig = hedging_rig(Halved)
    assert [request["params"]["amount"] for request in rig.sent()] == [20.0]


def hedging_rig(strategy=HedgeTaker):
    """Return a rig whose hedger lacks 4 lots, 40 USD."""
    shape = {"legs": [FUTURE["instrument_name"]], "band_usd": 0, "take_max_lots": 9}
    rig = Rig(strategy=strategy(target_usd=40.0, **shape))
    rig.core.add_instrument(FUTURE)
    rig.book([(100, 9)], [(101, 9)])
    return rig


def test_a_fill_the_order_reports_before_its_trade_is_not_taken_twice():
    """The order comes back filled, its trade is late: nothing more goes out."""
    rig, venue = hedging_rig(), SlowVenue(NAME)
    venue.receive(rig.core.data_to_send(0))
    venue.work()
    reply = json.loads(venue.frames.pop(0))
    reply["result"]["order"] |= {"order_state": "filled", "filled_amount": 40.0}
    rig.deliver(json.dumps(reply).encode())
    assert rig.core.open_slots() == []
    assert rig.snapshot()["position"] == 0
    rig.book([(100, 9)], [(101, 8)])
    assert rig.sent() == []
    row = reply["result"]["order"]
    trade = {"trade_id": "1", "fee": 0.0, "fee_currency": "BTC", "liquidity": "T"}
    same = ("order_id", "instrument_name", "direction", "price", "amount", "label")
    rig.push(
        "user.trades.any.any.raw",
        [trade | {"timestamp": 2_000} | {key: row[key] for key in same}],
    )
    assert rig.snapshot()["position"] == 40.0
    rig.book([(100, 9)], [(101, 7)])
    assert rig.sent() == []


def test_what_a_partial_fill_leaves_goes_out_when_the_order_is_over():
    rig, venue = hedging_rig(), SlowVenue(NAME)
    venue.receive(rig.core.data_to_send(0))
    venue.work()
    reply = json.loads(venue.frames.pop(0))
    reply["result"]["order"]["filled_amount"] = 10.0
    rig.deliver(json.dumps(reply).encode())
    (rest,) = rig.sent()
    assert rest["params"]["amount"] == 30.0
