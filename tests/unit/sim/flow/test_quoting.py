"""Width, size and sides of an option quote; what makes it move."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.flow.quoting import Option, OptionMaker, Quote
from engine.sim.params import OptionParams
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.surface import Smile, SurfaceState
from tests.unit.sim.flow.scene import START_NS, listed
from tests.unit.sim.naive import NaiveExchange

CONTRACTS = listed("BTC", "BTC_USDC", options=True, strikes=10)
OPTIONS = [one for one in CONTRACTS if one.kind == "option"]
PARAMS = OptionParams(size_spread=0.0)
TWO_SIDED = replace(PARAMS, two_sided_chance=1.0, bid_only_chance=0.0)
DAY_NS = 86_400_000_000_000


def option(name_end: str = "", params: OptionParams = TWO_SIDED) -> Option:
    contract = next(one for one in OPTIONS if one.instrument_name.endswith(name_end))
    return Option(Instrument(contract), params, random.Random(1))


def smile(days: float = 30.0, forward: float = 80_000.0) -> Smile:
    return Smile(SurfaceState(0.45, 0.5), forward, days / 365.0)


def test_near_the_money_the_half_spread_is_the_vol_it_says() -> None:
    one = option("80000-C")
    mark = smile().mark(80_000.0, True)
    assert one.half_spread(mark, smile()) == pytest.approx(1.4 * mark.vega, rel=0.1)


def test_it_is_wider_near_expiry_and_in_the_money() -> None:
    one = option("80000-C")
    near = smile(1.0).mark(80_000.0, True)
    vols = one.half_spread(near, smile(1.0)) / near.vega
    assert 4.0 < vols < 6.0
    deep = smile().mark(60_000.0, True)
    assert one.half_spread(deep, smile()) > 5 * 1.4 * deep.vega


@pytest.mark.parametrize(
    ("strike", "size"),
    [(80_000.0, "near_size"), (200_000.0, "wing_size"), (50_000.0, "deep_size")],
)
def test_sizes_by_moneyness(strike: float, size: str) -> None:
    mark = smile().mark(strike, True)
    assert option().usual_size(mark) == getattr(PARAMS, size)


def test_between_near_and_wing_sizes_grow() -> None:
    one = option()
    sizes = [one.usual_size(smile().mark(k, True)) for k in (88e3, 92e3, 1e5, 1.1e5)]
    assert sizes == sorted(sizes)
    assert PARAMS.near_size < sizes[1] < PARAMS.wing_size


def test_in_the_money_only_some_are_quoted_on_both_sides() -> None:
    shares = {(True, True): 0, (True, False): 0, (False, False): 0}
    deep, near = smile().mark(50_000.0, True), smile().mark(80_000.0, True)
    dice = random.Random(3)
    for _ in range(1_000):
        one = Option(Instrument(OPTIONS[0]), OptionParams(), dice)
        shares[one.sides(deep)] += 1
        assert one.sides(near) == (True, True)
    assert shares[True, True] == pytest.approx(500, abs=60)
    assert shares[True, False] == pytest.approx(330, abs=60)


@given(st.floats(1.0, 200_000.0), st.booleans(), st.sampled_from(OPTIONS))
def test_prices_lie_on_the_grid_and_on_their_side(
    price: float, is_bid: bool, contract: object
) -> None:
    one = Option(Instrument(contract), PARAMS, random.Random(1))  # type: ignore[arg-type]
    ticks = one.ticks(price, 80_000.0, is_bid)
    assert one.instrument.on_grid(ticks)
    own = price / 80_000.0 if one.instrument.reversed else price
    asked = one.instrument.price(ticks)
    assert asked <= own * (1 + 1e-9) if is_bid else asked >= own * (1 - 1e-9)


def test_the_move_of_a_theory_is_that_of_its_greeks() -> None:
    before, after = smile(), Smile(SurfaceState(0.46, 0.51), 80_400.0, 29.0 / 365.0)
    mark = before.mark(84_000.0, True)
    quote = Quote(
        t_ns=START_NS,
        half=1.0,
        forward=before.forward,
        at_money_vol=before.at_money_vol,
        delta=mark.delta,
        vega=mark.vega,
        theta=mark.theta,
    )
    wanted = after.mark(84_000.0, True).price - mark.price
    assert quote.move(after, START_NS + DAY_NS) == pytest.approx(wanted, rel=0.1)


def quoted(
    params: OptionParams = TWO_SIDED,
) -> tuple[Option, OptionMaker, NaiveExchange]:
    exchange = NaiveExchange(OPTIONS)
    maker = OptionMaker(0, params.makers[0], 1.0, exchange)
    return option("80000-C", params), maker, exchange


def test_a_quote_stands_around_theory_and_follows_it_by_edit() -> None:
    one, maker, exchange = quoted()
    name = one.instrument.name
    maker.requote(one, smile(), START_NS)
    bids, asks = exchange.resting(name, True), exchange.resting(name, False)
    theory = smile().mark(one.strike, True).price / 80_000.0
    assert bids[0].price < theory < asks[0].price
    maker.requote(one, smile(forward=81_000.0), START_NS + 1)
    kinds = [(entry[0], entry[3]) for entry in exchange.log]
    assert kinds == [("place", name)] * 2 + [("edit", name)] * 2
    theory = smile(forward=81_000.0).mark(one.strike, True).price / 81_000.0
    assert bids[0].price < theory < asks[0].price
    assert not exchange.trades


def test_an_unchanged_price_keeps_its_place() -> None:
    one, maker, exchange = quoted()
    maker.requote(one, smile(), START_NS)
    maker.requote(one, smile(), START_NS + 1)
    assert [entry[0] for entry in exchange.log] == ["place", "place"]


def test_a_far_wing_has_no_bid() -> None:
    one, maker, exchange = quoted()
    far = smile(days=0.5, forward=40_000.0)
    maker.requote(one, far, START_NS)
    assert not exchange.resting(one.instrument.name, True)
    assert exchange.resting(one.instrument.name, False)


def test_a_side_that_is_no_longer_wanted_is_taken_out() -> None:
    one, maker, exchange = quoted()
    maker.requote(one, smile(days=0.5), START_NS)
    maker.requote(one, smile(days=0.5, forward=60_000.0), START_NS + 1)
    assert not exchange.resting(one.instrument.name, True)
    quote = one.quotes[0]
    assert quote.bid is None
    assert not quote.was_hit()


def test_a_hit_quote_is_noticed_and_placed_again() -> None:
    one, maker, exchange = quoted()
    maker.requote(one, smile(), START_NS)
    bid = exchange.resting(one.instrument.name, True)[0]
    exchange.place(
        "x", one.instrument.name, "sell", bid.price, bid.amount, t_ns=START_NS
    )
    assert one.quotes[0].was_hit()
    maker.requote(one, smile(), START_NS + 1)
    assert exchange.resting(one.instrument.name, True)[0] is not bid
    assert not one.quotes[0].was_hit()


def test_a_refused_edit_leaves_no_order_behind() -> None:
    one, maker, exchange = quoted()
    maker.requote(one, smile(), START_NS)
    exchange.closed.add(one.instrument.name)
    maker.requote(one, smile(forward=90_000.0), START_NS + 1)
    assert not exchange.resting(one.instrument.name, True)
    assert not exchange.resting(one.instrument.name, False)
    maker.requote(one, smile(forward=91_000.0), START_NS + 2)
    assert one.quotes[0].bid is None
