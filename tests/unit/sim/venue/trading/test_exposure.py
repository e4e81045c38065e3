"""Quantity, delta and vega of one fill, against plain floating point."""

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.markets.market import Market
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.trading.exposure import exposure_of, quantity_of
from engine.sim.venue.units import ATTO, ref_price
from tests.unit.sim.venue.client import PERP, Bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    listing = ListingConfig(families=("BTC", "BTC_USDC"), strikes_each_side=1)
    return Bench(replace(VenueConfig(), listing=listing))


def some(bench: Bench, kind: str, reversed_: bool) -> Market:
    """Return the first market of a kind that has an expiry or legs."""
    return next(
        market
        for market in bench.venue.exchange.markets.values()
        if market.instrument.kind == kind
        and market.instrument.reversed == reversed_
        and not market.instrument.perpetual
    )


def lots(market: Market, amount: float) -> int:
    found = market.instrument.lots(amount)
    assert found is not None
    return found


def test_inverse_futures_count_coins_at_the_trade_price(bench: Bench) -> None:
    market = bench.venue.exchange.markets[PERP]
    ticks = market.instrument.ticks(64_000.0)
    assert ticks is not None
    sold = exposure_of(market, SELL, lots(market, 32_000), ticks)
    assert sold == (ATTO // 2, -ATTO // 2, 0)


def test_linear_futures_count_their_amount(bench: Bench) -> None:
    market = bench.venue.exchange.markets["BTC_USDC-PERPETUAL"]
    for ticks in (1, 1_000_000):
        bought = exposure_of(market, BUY, lots(market, 0.25), ticks)
        assert bought == (ATTO // 4, ATTO // 4, 0)


@pytest.mark.parametrize("reversed_", [True, False])
def test_options_use_the_greeks_of_their_mark(bench: Bench, reversed_: bool) -> None:
    market = some(bench, "option", reversed_)
    theory = market.theory
    assert theory is not None
    got = exposure_of(market, SELL, lots(market, 2.0), 1)
    premium = ref_price(market.mark_ref) if reversed_ else 0.0
    assert got.quantity == 2 * ATTO
    assert got.delta / ATTO == pytest.approx(-2.0 * (theory.delta - premium))
    assert got.vega / ATTO == pytest.approx(-2.0 * theory.vega)
    bought = exposure_of(market, BUY, lots(market, 2.0), 1)
    assert bought == (got.quantity, -got.delta, -got.vega)


def test_a_future_spread_is_one_leg_less_the_other(bench: Bench) -> None:
    market = some(bench, "future_combo", True)
    amount = 800_000
    (near, _), (far, _) = market.legs
    got = exposure_of(market, BUY, lots(market, amount), 1)
    marks = [ref_price(leg.mark_ref) for leg in (near, far)]
    assert got.quantity / ATTO == pytest.approx(amount / min(marks))
    assert got.delta / ATTO == pytest.approx(amount / marks[1] - amount / marks[0])
    assert got.vega == 0


def test_quantity_rises_as_an_inverse_price_falls(bench: Bench) -> None:
    market = bench.venue.exchange.markets[PERP]
    assert quantity_of(market, 10, 100_000) == 2 * quantity_of(market, 10, 200_000)
