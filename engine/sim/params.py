"""The parameters of the background market, with their units and where they come from.

Marked *fitted*: measured on recorded data by ``python -m benchmarks.sim realism``, or
computed from production snapshots as noted. The rest is plausible, not fitted.
docs/background-market.md compares recorded and simulated statistics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.sim.venue.products.surface import SurfaceState

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 3_600 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS


@dataclass(frozen=True)
class FactorParams:
    """What all coins have in common: a path, a vol regime, jumps.

    Units: vol_spread is the standard deviation of the logarithm of vol; jump_size is
    the standard deviation of a jump's logarithm, for a coin of beta 1.
    """

    vol_spread: float = 0.5
    vol_half_life_ns: int = 20 * MINUTE_NS
    jumps_per_day: float = 6.0
    jump_size: float = 0.0025


@dataclass(frozen=True)
class CoinParams:
    """How one coin moves.

    Units: vol as a fraction per square root of a year; correlation with the common
    path; beta is its share in common jumps; carry (of dated futures, per year) reverts
    to its mean.
    """

    name: str
    vol: float = 0.45
    correlation: float = 0.9
    beta: float = 1.0
    carry: float = 0.05
    carry_spread: float = 0.006
    carry_half_life_ns: int = DAY_NS
    step_mean_ns: int = SECOND_NS


@dataclass(frozen=True)
class IndexParams:
    """One index: a coin in another, or in dollars.

    Units: price at the start, in the quote currency.
    Empty: quote "" = dollars of any kind, which do not move.
    """

    name: str
    price: float
    base: str
    quote: str = ""
    decimals: int = 2


@dataclass(frozen=True)
class MakerParams:
    """One maker's ladder, the same on both sides.

    Units: levels as (distance from the fair price in basis points of the index, median
    notional in dollars); size_spread is the standard deviation of the logarithm of a
    size; tolerance as a fraction of the distance that the fair price may move before a
    slot is re-quoted, at least half a tick; reaction_ns and churn_ns are means of
    exponential times, the latter between two replacements for no reason.
    """

    levels: tuple[tuple[float, float], ...]
    size_spread: float = 1.4
    tolerance: float = 0.3
    reaction_ns: int = 15_000_000
    churn_ns: int = SECOND_NS // 4


@dataclass(frozen=True)
class TakerParams:
    """How takers come.

    Units: rate per second of clusters; size as a median notional in dollars with
    size_spread the standard deviation of its logarithm; reach_bps is how far beyond the
    fair price a taker of the touch size pays, more by the square root of its size.
    Informed takers come with a chance when the fair price has moved by informed_bps,
    after informed_ns and more, and take up to informed_size (median).
    """

    rate: float = 0.42
    follow_chance: float = 0.5
    follow_ns: int = 40_000_000
    follow_max: int = 12
    same_side_chance: float = 0.95
    next_same_side_chance: float = 0.6
    size: float = 1_200.0
    size_spread: float = 2.05
    size_max: float = 3_000_000.0
    reach_bps: float = 1.5
    informed_chance: float = 0.7
    informed_bps: float = 0.15
    informed_ns: int = 80_000_000
    informed_size: float = 8_000.0


@dataclass(frozen=True)
class MarketParams:
    """The background market of one future or spot pair.

    Units: depth multiplies sizes, pace the rates of takers and churn, activity that of
    takers alone; premium_bps is the spread of the fair price around its anchor, in
    basis points of the index; impact_bps is what a taker of touch_size adds to the fair
    price, more or less by the square root of its size, decaying with
    impact_half_life_ns.
    """

    makers: tuple[MakerParams, ...]
    takers: TakerParams = field(default_factory=TakerParams)
    depth: float = 1.0
    pace: float = 1.0
    activity: float = 1.0
    premium_bps: float = 0.8
    premium_half_life_ns: int = 60 * SECOND_NS
    touch_size: float = 100_000.0
    impact_bps: float = 0.25
    impact_half_life_ns: int = 3 * SECOND_NS


def ladder(
    first_bps: float, last_bps: float, count: int, per_bps: float
) -> tuple[tuple[float, float], ...]:
    """Return levels at growing distances whose median sizes make up a density.

    Units: per_bps is the median notional for each basis point of the ladder's width.
    """
    ratio = (last_bps / first_bps) ** (1.0 / (count - 1))
    distances = [first_bps * ratio**n for n in range(count)]
    return tuple((d, per_bps * d * (ratio - 1.0)) for d in distances)


# Fitted. Touch: median 129,000 dollars in four production messages of BTC-PERPETUAL of
# 2025-12 and 2026-01; within 1 and 2 bps of it 275,000 and 389,000; farther out the
# profile of BTCUSD_PERP of 2024-08 (1.5, 4.1, 9.9 and 14 million within 5, 10, 25 and
# 50 bps). A log-normal of spread 1.4 has a mean of 2.7 medians, hence the factors.
PERPETUAL_MAKERS = (
    MakerParams(
        ((0.0, 100_000.0),), size_spread=0.8, reaction_ns=12_000_000,
        churn_ns=SECOND_NS // 2,
    ),
    MakerParams(
        ((0.0, 6_000.0), (0.05, 4_000.0), (0.11, 6_000.0)), reaction_ns=18_000_000,
        churn_ns=SECOND_NS // 5,
    ),
    MakerParams(
        ladder(0.17, 3.2, 12, 75_000.0), reaction_ns=40_000_000,
        churn_ns=SECOND_NS // 28,
    ),
    MakerParams(
        ladder(3.5, 25.0, 16, 175_000.0), reaction_ns=120_000_000,
        churn_ns=SECOND_NS // 60,
    ),
    MakerParams(
        ladder(28.0, 130.0, 14, 62_000.0), reaction_ns=400_000_000,
        churn_ns=SECOND_NS // 8,
    ),
)  # fmt: skip

# Sizes and clustering of takers: fitted to BTCUSD_PERP of 2024-08 (median 1,700, p90
# 30,600, p99 240,000 dollars; half of all orders within 100 ms of the one before, three
# quarters on its side). Level: 1.2 prints a second on BTC-PERPETUAL on average from
# 2021 to 2025, by the growth of trade_seq, and 0.4 to 1.1 billion dollars a day in
# production tickers of 2025-12.
PERPETUAL = MarketParams(PERPETUAL_MAKERS)
DATED = MarketParams(
    (
        MakerParams(
            ((0.3, 12_000.0),), size_spread=0.8, reaction_ns=30_000_000,
            churn_ns=SECOND_NS,
        ),
        MakerParams(
            ladder(0.6, 8.0, 8, 15_000.0), reaction_ns=90_000_000,
            churn_ns=SECOND_NS // 2,
        ),
        MakerParams(
            ladder(10.0, 130.0, 10, 8_000.0), reaction_ns=500_000_000,
            churn_ns=SECOND_NS,
        ),
    ),
    TakerParams(rate=0.025, informed_chance=0.3, informed_bps=0.6),
    premium_bps=1.0,
    touch_size=15_000.0,
)  # fmt: skip
SPOT = MarketParams(
    DATED.makers,
    TakerParams(rate=0.08, size=400.0, informed_chance=0.3, informed_bps=0.6),
    premium_bps=0.3,
    touch_size=15_000.0,
)
SPREAD = MarketParams(
    (
        MakerParams(
            ((0.4, 10_000.0), (1.0, 10_000.0), (3.0, 20_000.0)),
            reaction_ns=200_000_000, churn_ns=5 * SECOND_NS,
        ),
    ),
    TakerParams(rate=0.01, size=2_000.0, informed_chance=0.0),
    premium_bps=0.2,
    touch_size=15_000.0,
)  # fmt: skip


@dataclass(frozen=True)
class SurfaceParams:
    """How a vol surface moves around where it starts.

    Units: spreads are standard deviations in the long run, of the logarithm of a vol or
    of rho itself; leverage is by how much the logarithm of the short vol falls per unit
    of logarithmic return of the coin.
    """

    vol_spread: float = 0.12
    vol_half_life_ns: int = 6 * HOUR_NS
    long_share: float = 0.4
    rho_spread: float = 0.06
    rho_half_life_ns: int = 2 * HOUR_NS
    leverage: float = 1.5
    step_mean_ns: int = 2 * SECOND_NS


@dataclass(frozen=True)
class OptionMakerParams:
    """One option maker: how often it looks, how wide and how large it quotes.

    Units: period_ns is the mean time between two looks at one expiry; tolerance is the
    move of a price, as a fraction of the half-spread, that makes it re-quote; width and
    size multiply those of ``OptionParams``; churn is the mean number of replacements
    for no reason per second of an option near the money, churn_far the share of that
    for any other.
    """

    period_ns: int = 800_000_000
    tolerance: float = 0.25
    width: float = 1.0
    size: float = 1.0
    churn: float = 0.3
    churn_far: float = 0.15


@dataclass(frozen=True)
class OptionParams:
    """The background market of the options on one index.

    Fitted to 20 options of 2021-04 and two of 2022 (half_vol: spreads of 3 to 8 vol
    points then, 1.3 to 1.5 in 2022; in_the_money: 0.006 to 0.058 coin wide; sizes;
    shares of one-sided books), see docs/background-market.md.

    Units: half_vol in vol points at widen_days to expiry, more by the power
    widen_power for less; in_the_money as a fraction of the forward at a delta of 0.85;
    sizes as median notionals in dollars; chances are probabilities; taker rate per
    second; informed_vol is the move of the short vol, as a fraction of it, that an
    informed order of the median size brings.
    """

    makers: tuple[OptionMakerParams, ...] = (
        OptionMakerParams(),
        OptionMakerParams(
            period_ns=5 * SECOND_NS, tolerance=0.4, width=2.2, size=1.5, churn=0.05
        ),
    )
    half_vol: float = 1.4
    widen_days: float = 25.0
    widen_power: float = 0.4
    in_the_money: float = 0.003
    wing_size: float = 900_000.0
    near_size: float = 300_000.0
    deep_size: float = 25_000.0
    size_spread: float = 1.1
    two_sided_chance: float = 0.5
    bid_only_chance: float = 0.33
    far_orders: float = 1.2
    taker_rate: float = 0.12
    taker_size: float = 30_000.0
    taker_size_spread: float = 1.5
    taker_reach: float = 2.5
    informed_chance: float = 0.06
    informed_vol: float = 0.004
    pick_off_bps: float = 4.0
    pick_off_ns: int = 250_000_000
    pick_offs: int = 3


@dataclass(frozen=True)
class FlowParams:
    """The whole background market of a venue.

    Units: activity multiplies the rates of takers, depth all sizes.
    Empty: no coins = nothing moves; ``enabled`` False = indices and surfaces only.
    """

    coins: tuple[CoinParams, ...]
    indices: tuple[IndexParams, ...]
    surfaces: Mapping[str, SurfaceState] = field(default_factory=dict)
    factor: FactorParams = field(default_factory=FactorParams)
    perpetual: MarketParams = PERPETUAL
    dated: MarketParams = DATED
    spot: MarketParams = SPOT
    spread: MarketParams = SPREAD
    surface: SurfaceParams = field(default_factory=SurfaceParams)
    options: OptionParams = field(default_factory=OptionParams)
    shares: Mapping[str, float] = field(default_factory=dict)
    activity: float = 1.0
    depth: float = 1.0
    enabled: bool = True
