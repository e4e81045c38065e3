"""A background market on the smallest possible exchange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.sim.flow import Flow
from engine.sim.flow.defaults import default_flow
from engine.sim.params import SECOND_NS, FlowParams, MakerParams, TakerParams
from engine.sim.venue.config import ContractConfig, ListingConfig, VenueConfig
from engine.sim.venue.products.listing import contracts_at
from tests.unit.sim.naive import NaiveExchange

START_NS = 1_790_000_000 * SECOND_NS
PERP = "BTC-PERPETUAL"
VENUE = VenueConfig(carry_bps=500)
PARAMS = default_flow(VENUE)


def listed(
    *families: str, options: bool = False, t_ns: int = START_NS, strikes: int = 4
) -> tuple[ContractConfig, ...]:
    """Return what the venue lists of some families."""
    listing = ListingConfig(
        families or ("BTC",), options=options, strikes_each_side=strikes
    )
    return tuple(contracts_at(t_ns // 1_000_000, VENUE.index_prices, listing))


ONE = tuple(one for one in listed() if one.instrument_name == PERP)


def started(
    seed: int = 1,
    params: FlowParams = PARAMS,
    contracts: Sequence[ContractConfig] = ONE,
) -> tuple[Flow, NaiveExchange]:
    """Return a running flow and the exchange it runs on."""
    exchange = NaiveExchange(contracts)
    flow = Flow(seed, params)
    flow.start(exchange, START_NS)
    return flow, exchange


def with_takers(thin: bool = False, **changes: float) -> FlowParams:
    """Return the default market with other takers, perhaps on a book of one maker."""
    takers = replace(TakerParams(), **changes)  # type: ignore[arg-type]
    shape = replace(PARAMS.perpetual, takers=takers)
    if thin:
        maker = MakerParams(((0.0, 1e7),), churn_ns=60 * SECOND_NS)
        shape = replace(shape, makers=(maker,))
    return replace(PARAMS, perpetual=shape)


def slowly(params: FlowParams, step_ns: int) -> FlowParams:
    """Return the market with other, rarer steps of coins and surfaces."""
    coins = tuple(replace(one, step_mean_ns=step_ns) for one in params.coins)
    surface = replace(params.surface, step_mean_ns=step_ns)
    return replace(params, coins=coins, surface=surface)
