"""The parameters of the background market, with their units.

They are plausible, not fitted: a perpetual whose touch is one or two ticks wide and
which trades a few times a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class IndexParams:
    """How one index moves.

    Units: price in quote currency; vol as a fraction per square root of a year;
    vol_spread is the standard deviation of the logarithm of vol; times in ns.
    """

    name: str
    price: float
    vol: float = 0.45
    vol_spread: float = 0.5
    vol_half_life_ns: int = 120 * SECOND_NS
    step_mean_ns: int = SECOND_NS // 3


@dataclass(frozen=True)
class MakerParams:
    """One maker's ladder, the same on both sides.

    Units: distance_ticks from the fair price to each slot; tolerance as a fraction of
    the slot's distance (at least half a tick) that the fair price may move before the
    slot is re-quoted; size in multiples of the market's touch amount; reaction_ns and
    churn_ns are means of exponential times.
    """

    distance_ticks: tuple[float, ...]
    size: float = 1.0
    size_spread: float = 0.6
    tolerance: float = 0.3
    reaction_ns: int = 15_000_000
    churn_ns: int = 2 * SECOND_NS


@dataclass(frozen=True)
class TakerParams:
    """How takers come.

    Units: rate per second of clusters; size in multiples of the market's touch amount
    (median) with size_spread the standard deviation of its logarithm; protection_ticks
    is how far beyond the fair price a taker pays; chances are probabilities.
    """

    rate: float = 1.0
    follow_chance: float = 0.5
    follow_ns: int = 80_000_000
    same_side_chance: float = 0.85
    size: float = 0.8
    size_spread: float = 1.0
    protection_ticks: int = 12
    sweep_chance: float = 0.01
    sweep_size: float = 15.0
    sweep_ticks: int = 60
    informed_chance: float = 0.5
    informed_ns: int = 60_000_000
    follow_max: int = 12


@dataclass(frozen=True)
class MarketParams:
    """The background market of one instrument.

    Units: basis_bps and premium_bps in basis points of the index; touch_amount in the
    venue's order amount; impact_ticks is what a taker of one touch amount adds to the
    fair price, decaying with impact_half_life_ns.
    """

    instrument: str
    index: str
    touch_amount: float
    makers: tuple[MakerParams, ...]
    takers: TakerParams = field(default_factory=TakerParams)
    basis_bps: float = 0.0
    premium_bps: float = 0.3
    premium_half_life_ns: int = 60 * SECOND_NS
    impact_ticks: float = 0.6
    impact_half_life_ns: int = 3 * SECOND_NS


@dataclass(frozen=True)
class FlowParams:
    """The whole background market: indices and the instruments that follow them."""

    indices: tuple[IndexParams, ...]
    markets: tuple[MarketParams, ...]


@dataclass(frozen=True)
class Steps:
    """Price and amount steps of one instrument, in venue units."""

    tick_size: float
    amount_step: float
