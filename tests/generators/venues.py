"""Small venues with one of everything, for tests that try everything."""

from __future__ import annotations

from collections.abc import Iterator

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ContractConfig, ListingConfig
from engine.sim.venue.products.listing import contracts_at

FAMILIES = ("BTC", "BTC_USDC")


def one_of_each(now_ms: int) -> tuple[ContractConfig, ...]:
    """Return perpetuals, the next two futures with their options, spot and a combo."""
    listing = ListingConfig(families=FAMILIES, strikes_each_side=1)
    prices = VenueConfig().index_prices
    listed = list(contracts_at(now_ms, prices, listing))
    kept = {one.instrument_name for one in _chosen(listed)}
    return tuple(one for one in listed if one.instrument_name in kept)


def _chosen(listed: list[ContractConfig]) -> Iterator[ContractConfig]:
    for family in FAMILIES:
        futures = [
            one
            for one in listed
            if one.kind == "future" and one.instrument_name.startswith(f"{family}-")
        ]
        dated = sorted(futures, key=lambda one: one.expiration_timestamp)[:2]
        soon = dated[0].expiration_timestamp
        yield from dated
        yield from (one for one in futures if one.settlement_period == "perpetual")
        options = [
            one
            for one in listed
            if one.kind == "option"
            and one.instrument_name.startswith(f"{family}-")
            and one.expiration_timestamp == soon
        ]
        yield from options
    yield from (one for one in listed if one.kind == "spot")
    combos = [one for one in listed if one.legs]
    by_name = {one.instrument_name: one for one in listed}
    for combo in combos[:1]:
        yield combo
        yield from (by_name[name] for name, _ in combo.legs)
