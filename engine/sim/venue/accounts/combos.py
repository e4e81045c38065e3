"""Combos: what one fill of a combo is in its legs.

Only the legs change positions. Each trades near its mark, on its own grid as far as
that goes, and together they cost exactly what the combo did: the leg with the finest
tick takes what is missing, the next one what that would make too cheap.
Fees are the legs': of an option combo the cheaper group, what is bought or what is
sold, is free; of a future spread a taker pays half of the cheaper leg.
Source: support.deribit.com, combos, 2022-08-18; capture of a spread's trades of
2026-07-19 (leg prices off the leg's tick).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.sim.venue.accounts.claims import leg_lots
from engine.sim.venue.units import SATOSHI, divide

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market


def leg_prices(legs: Sequence[tuple[Market, int]], price: Fraction) -> list[Fraction]:
    """Return a price for each leg; with their ratios they add up to the combo's.

    Units: prices in quote currency, ratios signed.
    """
    prices = [_near_mark(leg) for leg, _ in legs]
    missing = price
    for near, (_, ratio) in zip(prices, legs, strict=True):
        missing -= ratio * near
    finest_first = sorted(
        range(len(legs)), key=lambda n: (_tick(legs[n][0]), abs(legs[n][1]))
    )
    for n in finest_first:
        leg, ratio = legs[n]
        least = Fraction(0) if leg.instrument.is_option else _tick(leg)
        moved = max(prices[n] + missing / ratio, least)
        missing -= ratio * (moved - prices[n])
        prices[n] = moved
    prices[-1] += missing / legs[-1][1]
    return prices


def _tick(leg: Market) -> Fraction:
    return Fraction(leg.instrument.tick_num, leg.instrument.tick_den)


def _near_mark(leg: Market) -> Fraction:
    """Return the price on the grid at or below the mark, at least one tick."""
    return max(leg.instrument.ticks_below(leg.mark_ref), 1) * _tick(leg)


def nearest_ticks(leg: Market, price: Fraction) -> int:
    """Return a leg's price in whole ticks, for what cannot say it exactly."""
    return round(price / _tick(leg))


def fees(
    combo: Market, side: int, lots: int, prices: Sequence[Fraction], maker: bool
) -> list[int]:
    """Return what each leg of a fill costs one of its sides, in atto."""
    full = [
        leg.instrument.fee(
            part := lots * leg_lots(combo, leg, abs(ratio)),
            leg.instrument.value_at(part, price),
            leg.index.ref,
            maker,
        )
        for (leg, ratio), price in zip(combo.legs, prices, strict=True)
    ]
    sides = [side if ratio > 0 else -side for _, ratio in combo.legs]
    return discounted(combo.instrument.kind, sides, full, maker)


def discounted(kind: str, sides: list[int], fees: list[int], maker: bool) -> list[int]:
    """Return the legs' fees less what a combo saves; units atto.

    ``sides`` says of each leg whether it is bought (1) or sold (-1).
    """
    fees = list(fees)
    if kind == "option_combo":
        groups = {
            side: sum(fee for s, fee in zip(sides, fees, strict=True) if s == side)
            for side in (1, -1)
        }
        cheaper = 1 if groups[1] <= groups[-1] else -1
        return [0 if s == cheaper else fee for s, fee in zip(sides, fees, strict=True)]
    if not maker:
        n = fees.index(min(fees))
        fees[n] = divide(divide(fees[n], 2), SATOSHI) * SATOSHI
    return fees
