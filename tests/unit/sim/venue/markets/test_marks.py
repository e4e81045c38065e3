"""Marks and bands of each kind of market."""

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.markets.market import Market
from engine.sim.venue.units import REF
from tests.unit.sim.venue.client import MS, PERP, SECOND, Bench

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


def test_a_spread_may_be_quoted_below_zero(bench: Bench) -> None:
    bench.place("buy", -20.0, 10, instrument=SPREAD)
    assert market(bench, SPREAD).book.best(1) == -40


CALL, PUT = "BTC-25DEC26-80000-C", "BTC-25DEC26-80000-P"


@pytest.fixture
def chain() -> Bench:
    listing = ListingConfig(families=("BTC", "XRP_USDC"), strikes_each_side=3)
    return Bench(replace(VenueConfig(), listing=listing))


def test_an_inverse_option_is_marked_in_coin(chain: Bench) -> None:
    call, put = market(chain, CALL), market(chain, PUT)
    assert call.underlying is market(chain, "BTC-25DEC26")
    assert call.theory is not None
    assert call.mark_ref / REF == round(call.theory.price / 80_000, 4)
    assert call.mark_ref == put.mark_ref  # at the money, by parity
    mark, low, high = prices(call)
    assert low < mark < high


def test_parity_holds_across_the_chain(chain: Bench) -> None:
    for m in chain.venue.exchange.markets.values():
        i = m.instrument
        if not (i.is_option and i.contract.option_type == "call" and i.reversed):
            continue
        put = market(chain, i.name[:-1] + "P")
        strike = float(i.contract.strike or 0)
        parity = 1.0 - strike / 80_000
        assert (m.mark_ref - put.mark_ref) / REF == pytest.approx(parity, abs=2e-4)


def test_a_linear_option_is_marked_in_dollars(chain: Bench) -> None:
    linear = market(chain, "XRP_USDC-25DEC26-2d5-C")
    assert linear.theory is not None
    assert linear.mark_ref / REF == round(linear.theory.price, 4)
    assert 0.2 < linear.mark_ref / REF < 0.8


def test_a_worthless_option_has_the_band_production_shows(chain: Bench) -> None:
    # Deep out of the money and marked 0: 0.0001 and 0.015, 2026-09-20.
    chain.venue.set_index("btc_usd", 30_000.0, chain.now_ns)
    chain.advance(SECOND)
    name = next(n for n in chain.venue.exchange.markets if n.endswith("-C"))
    assert prices(market(chain, name)) == (0.0, 0.0001, 0.015)


def test_a_dated_future_starts_with_its_carry_and_may_stray_from_it() -> None:
    listing = ListingConfig(families=("BTC",), options=False)
    bench = Bench(replace(VenueConfig(), listing=listing, carry_bps=1_000))
    future = market(bench, "BTC-25DEC26")
    years = (future.instrument.expiry_ms - bench.now_ns // MS) / (365 * 86_400_000)
    assert prices(future)[0] == pytest.approx(80_000 * (1 + 0.1 * years), rel=1e-4)
    assert prices(market(bench, PERP))[0] == 80_000.0
    bench.place("buy", 83_000.0, 10, instrument="BTC-25DEC26", account="a")
    bench.place("sell", 83_010.0, 10, instrument="BTC-25DEC26", account="b")
    for _ in range(10):
        bench.advance(60 * SECOND)
    assert prices(future)[0] == pytest.approx(83_005.0, rel=1e-5)
