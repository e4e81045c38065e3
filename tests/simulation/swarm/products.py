"""Runs with more than perpetuals: dated futures, options, a settlement and an expiry.

Everything else of a seed is as it is without; ``--products`` of the soak asks for them.
Spot is left out: the venue keeps no position for it, so what is checked after every
event has nothing to be compared with; `tests/simulation/test_ledger.py` has it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from engine.sim.venue.config import ContractConfig, ListingConfig
from engine.sim.venue.products.listing import contracts_at
from tests.simulation.swarm.draw import EPOCH_NS, Setup, draw, plan_of
from tests.simulation.swarm.market import SECOND_NS

MILLISECOND_NS = 1_000_000
EIGHT_NS = 1_790_323_200 * SECOND_NS  # 2026-09-25T08:00:00Z, the end of a quarter
SETTLED_SHARE = 0.6
BEFORE_S = (40.0, 540.0)
FAMILIES = ("BTC", "ETH", "BTC_USDC", "ETH_USDC", "SOL_USDC")
OPTION_COLLAR_BPS = 9_000.0


def draw_products(seed: int) -> Setup:
    """Return the configuration of a seed, over instruments of every kind but spot."""
    setup, dice = draw(seed), random.Random(f"{seed}/products")
    epoch_ns = EPOCH_NS
    if dice.random() < SETTLED_SHARE:
        epoch_ns = EIGHT_NS - round(SECOND_NS * dice.uniform(*BEFORE_S))
    offered = _offered(setup, epoch_ns)
    contracts = _chosen(dice, offered)
    limits = {
        one.instrument_name: dice.randint(8, 24) if _is_option(one) else 40
        for one in contracts
    }
    plans = []
    for one in contracts:
        name = one.instrument_name
        plan = plan_of(dice, name, limits[name], {})
        if "Fickle" in plan["strategy"]:
            plan["params"]["by_mark"] = not _is_perpetual(one)
        if _is_option(one):
            plan["limits"]["collar_bps"] = OPTION_COLLAR_BPS
        plans.append(plan)
    listed = _with_underlying(contracts, offered)
    venue = replace(setup.world.venue, listing=None, contracts=listed)
    return replace(
        setup,
        epoch_ns=epoch_ns,
        world=replace(setup.world, venue=venue),
        limits=limits,
        plans=tuple(plans),
    )


def _offered(setup: Setup, epoch_ns: int) -> list[ContractConfig]:
    """Return what could be listed, futures before their options."""
    listing = ListingConfig(FAMILIES, spot=False, combos=False, strikes_each_side=1)
    prices = {
        name: Decimal(price) for name, price in setup.world.venue.index_prices.items()
    }
    now_ms = epoch_ns // MILLISECOND_NS
    return list(contracts_at(now_ms, prices, listing))


def _with_underlying(
    contracts: tuple[ContractConfig, ...], offered: list[ContractConfig]
) -> tuple[ContractConfig, ...]:
    """Return them with the futures that options are priced by and delivered through."""
    names = {one.instrument_name for one in contracts}
    needed = {
        (one.price_index, one.expiration_timestamp)
        for one in contracts
        if _is_option(one)
    }
    return tuple(
        one
        for one in offered
        if one.instrument_name in names
        or (
            one.kind == "future"
            and (one.price_index, one.expiration_timestamp) in needed
        )
    )


def _chosen(
    dice: random.Random, offered: list[ContractConfig]
) -> tuple[ContractConfig, ...]:
    """Return what is quoted: one to three instruments, the soonest expiry likely."""
    dated = [one for one in offered if not _is_perpetual(one)]
    first_ms = min(one.expiration_timestamp for one in dated)
    soon = [one for one in dated if one.expiration_timestamp == first_ms]
    chosen: dict[str, ContractConfig] = {}
    for _ in range(dice.choices((1, 2, 3), (40, 40, 20))[0]):
        perpetual = [one for one in offered if _is_perpetual(one)]
        of = dice.choices((soon, dated, perpetual), (45, 30, 25))[0]
        kind = dice.choice(("future", "option"))
        of = [one for one in of if one.kind == kind] or of
        one = dice.choice(of)
        chosen[one.instrument_name] = one
    if all(one in soon for one in chosen.values()):
        # A process that begins when everything has expired is refused, and should be.
        one = dice.choice([one for one in offered if _is_perpetual(one)])
        chosen[one.instrument_name] = one
    return tuple(chosen.values())


def _is_option(one: ContractConfig) -> bool:
    return one.kind == "option"


def _is_perpetual(one: ContractConfig) -> bool:
    return one.settlement_period == "perpetual"
