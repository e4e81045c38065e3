"""Marks and bands of each kind of market."""

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.markets.market import Market
from engine.sim.venue.units import REF
from tests.unit.sim.venue.client import MS, SECOND, Bench

SPREAD = "BTC-FS-25DEC26_PERP"


@pytest.fixture
def bench() -> Bench:
    listing = ListingConfig(families=("BTC",), options=False)
    return Bench(replace(VenueConfig(), listing=listing))


def market(bench: Bench, name: str) -> Market:
    return bench.venue.exchange.markets[name]


def prices(market: Market) -> tuple[float, float, float]:
    """Return (mark, lowest sell, highest buy)."""
    i = market.instrument
    return market.mark_ref / REF, i.price(market.min_ticks), i.price(market.max_ticks)


def test_spot_is_marked_at_the_mid_within_two_percent(bench: Bench) -> None:
    assert prices(market(bench, "BTC_USDC")) == (80_000.0, 78_400.0, 81_600.0)
    bench.place("buy", 80_009.0, 0.1, instrument="BTC_USDC")
    bench.place("sell", 80_011.0, 0.1, instrument="BTC_USDC")
    bench.advance(SECOND)
    assert prices(market(bench, "BTC_USDC"))[0] == 80_010.0


def test_a_spread_is_marked_at_its_legs(bench: Bench) -> None:
    spread = market(bench, SPREAD)
    assert prices(spread) == (0.0, -1_200.0, 1_200.0)
    bench.place("buy", 80_090.0, 10, instrument="BTC-25DEC26")
    bench.place("sell", 80_110.0, 10, instrument="BTC-25DEC26")
    for _ in range(10):
        bench.advance(60 * SECOND)
    assert prices(spread)[0] == pytest.approx(100.0, abs=0.1)


def test_a_spread_may_trade_below_zero(bench: Bench) -> None:
    bench.place("buy", -20.0, 10, instrument=SPREAD)
    bench.place("sell", -20.0, 10, instrument=SPREAD, account="other")
    bench.advance(10 * MS)
    assert market(bench, SPREAD).last_ticks == -40
