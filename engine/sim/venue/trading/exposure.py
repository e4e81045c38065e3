"""What a trade adds to an exposure: quantity, delta and vega, at the moment it is made.

Quantity and delta are in the base coin. An inverse future of so many dollars is worth
amount / price coins, both as quantity and as delta; everything else counts its amount.
An option's delta is that of its last mark, an inverse option's less the mark price (the
net transaction delta: the premium is paid in the coin itself); vega is in USD per vol
point. A combo is the signed sum of its legs; the quantity of an inverse future spread
is its amount at the lowest mark of its legs.
Source: docs.deribit.com, market maker protection, 2026-08-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.sim.venue.units import ATTO, REF, divide, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market


class Exposure(NamedTuple):
    """Units: quantity and delta in atto of the base coin, vega in atto of USD."""

    quantity: int
    delta: int
    vega: int


def quantity_of(market: Market, lots: int, ticks: int) -> int:
    """Return lots at a price in atto of the base coin."""
    instrument = market.instrument
    if not instrument.inverse:
        return instrument.units(lots)
    if market.legs:
        lowest = min(leg.mark_ref for leg, _ in market.legs)
        return divide(instrument.units(lots) * REF, lowest)
    return instrument.value(lots, ticks)


def exposure_of(market: Market, side: int, lots: int, ticks: int) -> Exposure:
    """Return what a fill adds to the exposure of the one whose side it was."""
    quantity = quantity_of(market, lots, ticks)
    if market.legs or market.theory is not None:
        delta, vega = _greeks(market, market.instrument.units(lots))
    else:
        delta, vega = quantity, 0
    return Exposure(quantity, side * delta, side * vega)


def _greeks(market: Market, units: int) -> tuple[int, int]:
    """Return delta and vega of a bought amount, valued at the marks."""
    if market.legs:
        legs = [(ratio, *_greeks(leg, units)) for leg, ratio in market.legs]
        return sum(r * d for r, d, _ in legs), sum(r * v for r, _, v in legs)
    instrument, theory = market.instrument, market.theory
    if theory is None:
        coins = divide(units * REF, market.mark_ref) if instrument.inverse else units
        return coins, 0
    premium = ref_price(market.mark_ref) if instrument.reversed else 0.0
    delta = round((theory.delta - premium) * ATTO)
    return divide(units * delta, ATTO), divide(units * round(theory.vega * ATTO), ATTO)
