"""Markets of every kind for the tests of money, from a small listing."""

from dataclasses import replace
from decimal import Decimal

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig, default_accounts
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.markets.market import Market
from tests.unit.sim.venue.client import START_NS, Bench

COIN_CALL = "BTC-25SEP26-80000-C"
COIN_PUT = "BTC-25SEP26-80000-P"
USDC_CALL = "BTC_USDC-25SEP26-80000-C"
USDC_PUT = "BTC_USDC-25SEP26-80000-P"
FUTURE = "BTC-25SEP26"
USDC_FUTURE = "BTC_USDC-25SEP26"
PERP = "BTC-PERPETUAL"
USDC_PERP = "BTC_USDC-PERPETUAL"
SPOT = "BTC_USDC"
COMBO = "BTC-FS-25DEC26_PERP"

LISTED = replace(
    VenueConfig(accounts=default_accounts(1_000_000, 1_000_000)),
    listing=ListingConfig(families=("BTC", "BTC_USDC"), strikes_each_side=2),
    bump_ms=0,
)


def listed_bench(**changes: object) -> Bench:
    """Return a venue of everything on bitcoin, without the speed bump."""
    return Bench(replace(LISTED, **changes))  # type: ignore[arg-type]


def exchange_of(bench: Bench) -> Exchange:
    """Return the exchange inside."""
    return bench.venue.exchange


def market(name: str) -> Market:
    """Return a market of a venue of its own."""
    return Exchange(LISTED, START_NS).markets[name]


def value_of(one: Market, lots: int, price: float | str) -> int:
    """Return the value of lots at a price."""
    ticks = one.instrument.ticks(Decimal(str(price)))
    assert ticks is not None
    return one.instrument.value(lots, ticks)
