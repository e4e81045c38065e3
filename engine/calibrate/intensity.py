"""A and k of the fill intensity A exp(-k d), from trades, by maximum likelihood.

What is counted. A taker order arrives and reaches down to some depth from the mid as it
stood just before. A quote of ours at depth d would have been reached by those that
came at least as far, A exp(-k d) a second on each side, if the model holds. Trades of
one side in one venue millisecond are one taker order; its depth is its farthest price.

Half ticks. Prices are whole ticks, the mid is a multiple of half a tick: with an odd
spread depths are 1/2, 3/2, ... ticks, with an even one 1, 2, ... Depths are counted in
half ticks, and each depth has a time of its own during which it could have been traded
at: while the spread has its parity and is not wider than twice the depth. A depth
counted over the whole time would look rarer than it is, and k would come out wrong.

The likelihood. A taker order seen at depth x meant at least x and less than x + 1 tick,
so the counts n_x are Poisson with mean

    mu_x = 2 T_x A exp(-k x) (1 - exp(-k)),    x in ticks, T_x in seconds, two sides.

The best k makes the mean depth under the weights T_x exp(-k x) the observed one; A
follows in closed form. With S^2 the variance of the depth under those weights, m its
mean, N the number of orders and c = 1/(exp(k) - 1), the inverse information is

    var k = 1/(N S^2),    var ln A = 1/N + (m - c)^2/(N S^2).

Taker orders come in clusters, a Poisson process does not: when their number in blocks
of time, short or long, is more uneven than chance allows, 1/N is multiplied by the
dispersion; when stretches are deep or shallow as a whole, var k is. Both are told.

Source: fills at A exp(-k d): M. Avellaneda and S. Stoikov, High-frequency trading in a
limit order book, Quantitative Finance 8(3), 2008, section 3.2. The likelihood above is
that of independent Poisson counts, differentiated by hand.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.calibrate.stats import (
    BLOCKS_MIN,
    NORMAL_QUANTILE,
    Estimate,
    chi_square_tail,
    log_interval,
)

TAKES_MIN = 100
"""Taker orders; below it k is known to no better than a fifth or so."""
DEEPER_MIN = 20
"""Of them, deeper than the least depth: what tells k at all."""
TAIL_SHARE = 0.01
"""The deepest of all orders are left out: it is the touch we quote at."""
EXPECTED_MIN = 5.0
"""Depths with fewer expected orders are put together for the test of the fit."""
FIT_POOR = 0.01
"""Below this probability of a fit as bad or worse the model is said not to hold."""
CLUSTERED = 0.001
"""Below this probability of counts as uneven the errors are widened."""
SKEW_MIN = 25
"""Orders in a block, on average, before its depths can tell of clusters."""
K_MIN, K_MAX = 1e-9, 50.0
STEPS_MAX = 200


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one depth was reached.

    Units: depth_ticks in ticks; seconds during which it could be; reached counts taker
        orders of both sides that came this far; per_s orders a second on one side;
        fitted_per_s the same of the model, 0 without one.
    """

    depth_ticks: float
    seconds: float
    reached: int
    per_s: float
    low_per_s: float
    high_per_s: float
    fitted_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Intensity:
    """The fit, or why there is none.

    Units: k in 1/tick, a in orders a second on one side at depth 0.
    """

    takes: int
    used: int
    least_ticks: float
    deepest_ticks: float
    a_per_s: Estimate | None = None
    k_per_tick: Estimate | None = None
    correlation: float = 0.0
    """Between ln A and k: where k is too high, so is A."""
    clusters_a: float = 1.0
    """By what clusters of taker orders widen the variance of ln A; 1 = chance alone."""
    clusters_k: float = 1.0
    fit_chi_square: float = 0.0
    fit_freedom: int = 0
    fit_probability: float | None = None
    rates: list[Rate] = field(default_factory=list)
    why_not: str = ""
    """Why there is no fit, "" when there is one."""

    @property
    def holds(self) -> bool:
        """Whether there is a fit that the counts do not contradict."""
        return not self.why_not and (
            self.fit_probability is None or self.fit_probability >= FIT_POOR
        )

    def as_json(self) -> dict[str, Any]:
        """Return the result for a program."""
        return {
            "takes": self.takes,
            "used": self.used,
            "least_ticks": self.least_ticks,
            "deepest_ticks": self.deepest_ticks,
            "a_per_s": self.a_per_s and self.a_per_s.as_json(),
            "k_per_tick": self.k_per_tick and self.k_per_tick.as_json(),
            "correlation": self.correlation,
            "clusters_a": self.clusters_a,
            "clusters_k": self.clusters_k,
            "fit_chi_square": self.fit_chi_square,
            "fit_freedom": self.fit_freedom,
            "fit_probability": self.fit_probability,
            "why_not": self.why_not,
            "rates": [
                {name: getattr(rate, name) for name in Rate.__slots__}
                for rate in self.rates
            ],
        }


def fit(
    orders: Counter[tuple[int, int]],
    spread_seconds: Mapping[int, float],
    blocks: Sequence[Counter[int]] = (),
    depth_min_ticks: float = 0.0,
    depth_max_ticks: float | None = None,
) -> Intensity:
    """Fit A and k.

    Args:
        orders: how many taker orders came at which spread, in ticks, and reached which
            depth, in half ticks from the mid.
        spread_seconds: for how long the book was readable with which spread, ticks.
        blocks: the depths by blocks of equal time, to see clusters.
        depth_min_ticks: orders that stopped before this depth are left out.
        depth_max_ticks: deeper orders are left out; None: the deepest hundredth.

    Returns: the fit; one that says why not where the data do not tell.
    """
    depths: Counter[int] = Counter()
    for (_, depth), n in orders.items():
        depths[depth] += n
    takes = depths.total()
    deepest = depth_limit(depths, depth_max_ticks)
    window = range(math.ceil(2 * depth_min_ticks), deepest + 1)
    counts = {x: n for x, n in depths.items() if x in window and n}
    used = sum(counts.values())
    seconds = {x: open_s(x, spread_seconds) for x in range(deepest + 1)}
    exposure = {x: time_s for x, time_s in seconds.items() if x in window and time_s}
    why_not = too_little(counts, exposure)
    k = None if why_not else solve(counts, exposure)
    if k is None:
        return Intensity(
            takes,
            used,
            window.start / 2,
            deepest / 2,
            rates=rates(orders, seconds),
            why_not=why_not or "taker orders do not get rarer with depth",
        )
    weights = {x: t * math.exp(-k * x / 2) for x, t in exposure.items()}
    total = math.fsum(weights.values())
    mean = math.fsum(w * x / 2 for x, w in weights.items()) / total
    spread = math.fsum(w * (x / 2 - mean) ** 2 for x, w in weights.items()) / total
    a = used / (2 * total * -math.expm1(-k))
    offset = mean - 1 / math.expm1(k)
    by_a, by_k = clustering(blocks, window, mean, spread)
    k_error = math.sqrt(by_k / (used * spread))
    log_a_error = math.sqrt(by_a / used + (offset * k_error) ** 2)
    expected = {x: 2 * w * a * -math.expm1(-k) for x, w in weights.items()}
    chi_square, freedom = goodness(counts, expected)
    return Intensity(
        takes,
        used,
        window.start / 2,
        deepest / 2,
        a_per_s=log_interval(a, log_a_error),
        k_per_tick=log_interval(k, k_error / k),
        correlation=offset * k_error / log_a_error,
        clusters_a=by_a,
        clusters_k=by_k,
        fit_chi_square=chi_square,
        fit_freedom=freedom,
        fit_probability=chi_square_tail(chi_square, freedom) if freedom else None,
        rates=rates(orders, seconds, a, k),
    )


def open_s(depth: int, spread_seconds: Mapping[int, float]) -> float:
    """Return for how long a depth, in half ticks, could be traded at, in seconds."""
    return math.fsum(
        seconds
        for spread, seconds in spread_seconds.items()
        if spread <= depth and (depth - spread) % 2 == 0
    )


def depth_limit(depths: Counter[int], depth_max_ticks: float | None) -> int:
    """Return the deepest depth that is looked at, in half ticks."""
    if depth_max_ticks is not None:
        return math.floor(2 * depth_max_ticks)
    left_out = 0
    may_leave = TAIL_SHARE * depths.total()
    for depth in sorted(depths, reverse=True):
        left_out += depths[depth]
        if left_out > may_leave:
            return depth
    return 0


def too_little(counts: Mapping[int, int], exposure: Mapping[int, float]) -> str:
    """Return what is missing for a fit, "" when nothing is."""
    used = sum(counts.values())
    if used < TAKES_MIN:
        return f"{used} taker orders, a fit wants {TAKES_MIN}"
    # On each of the two grids the least depth that could be traded at tells A alone.
    least = {min((x for x in exposure if x % 2 == odd), default=-1) for odd in (0, 1)}
    deeper = sum(n for x, n in counts.items() if x not in least)
    if deeper < DEEPER_MIN:
        return f"{deeper} taker orders went beyond the touch, a fit wants {DEEPER_MIN}"
    return ""


def solve(counts: Mapping[int, int], exposure: Mapping[int, float]) -> float | None:
    """Return the k whose mean depth is the observed one, per tick; None: there is none.

    The mean depth falls as k grows, so there is one root at most; it is bisected.
    """
    observed = sum(x * n for x, n in counts.items()) / sum(counts.values())
    low, high = K_MIN, K_MAX
    if not mean_depth(low, exposure) > observed > mean_depth(high, exposure):
        return None
    for _ in range(STEPS_MAX):
        middle = math.sqrt(low * high)
        if mean_depth(middle, exposure) > observed:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def mean_depth(k: float, exposure: Mapping[int, float]) -> float:
    """Return the model's mean depth in half ticks."""
    least = min(exposure)
    weights = {x: t * math.exp(-k * (x - least) / 2) for x, t in exposure.items()}
    return math.fsum(x * w for x, w in weights.items()) / math.fsum(weights.values())


def clustering(
    blocks: Sequence[Counter[int]], window: range, mean: float, spread: float
) -> tuple[float, float]:
    """Return by what factor clusters widen the variance of ln A, and of k.

    A suffers from uneven numbers of orders, k from stretches of deep and of shallow
    ones alone. Units: mean and spread (a variance) of the depth in ticks.
    """
    numbers, excesses = [], []
    for block in blocks:
        used = {depth: n for depth, n in block.items() if depth in window}
        numbers.append(float(sum(used.values())))
        excesses.append(math.fsum(n * (x / 2 - mean) for x, n in used.items()))
    total = math.fsum(numbers)
    even = dispersion_of(numbers, total / max(1, len(blocks)), total)
    # Depths are skew: a sum of a few is too often large to be called a cluster.
    variance = total * spread
    while excesses and total < SKEW_MIN * len(excesses):
        variance *= 2 * (len(excesses) // 2) / len(excesses)
        excesses = merged(excesses)
    return even, dispersion_of(excesses, 0.0, variance)


def merged(sums: Sequence[float]) -> list[float]:
    """Return the sums of neighbours; an odd one at the end is left out."""
    return [a + b for a, b in zip(sums[::2], sums[1::2], strict=False)]


def dispersion_of(sums: Sequence[float], mean: float, variance: float) -> float:
    """Return how many times as uneven sums over blocks are as chance makes them.

    Blocks shorter than a cluster do not show it, so neighbours are put together again
    and again; the largest dispersion that chance would not make counts, else it is 1.

    Args:
        sums: of each block.
        mean: of a block, by chance.
        variance: of the sum of all blocks, by chance.
    """
    found = [1.0]
    row = list(sums)
    each = variance / max(1, len(row))
    while len(row) >= BLOCKS_MIN and each > 0:
        square = math.fsum((one - mean) ** 2 for one in row) / each
        freedom = len(row) - 1
        if square > freedom and chi_square_tail(square, freedom) < CLUSTERED:
            found.append(square / freedom)
        row = merged(row)
        mean, each = 2 * mean, 2 * each
    return max(found)


def goodness(
    counts: Mapping[int, int], expected: Mapping[int, float]
) -> tuple[float, int]:
    """Return Pearson's chi-square over depths, and its degrees of freedom."""
    cells: list[list[float]] = []
    seen = wanted = 0.0
    for depth in sorted(expected):
        seen, wanted = seen + counts.get(depth, 0), wanted + expected[depth]
        if wanted >= EXPECTED_MIN:
            cells.append([seen, wanted])
            seen = wanted = 0.0
    if cells:
        cells[-1][0] += seen
        cells[-1][1] += wanted
    return (
        math.fsum((seen - wanted) ** 2 / wanted for seen, wanted in cells),
        max(0, len(cells) - 2),
    )


def rates(
    orders: Counter[tuple[int, int]],
    exposure: Mapping[int, float],
    a: float = 0.0,
    k: float = 0.0,
) -> list[Rate]:
    """Return how often each depth was reached, beside the model.

    A depth is reached by the orders of its own grid that went as far or farther while
    it could be traded at. The interval is Poisson's, by the square root.

    Source: F. J. Anscombe, The transformation of Poisson, binomial and negative-
        binomial data, Biometrika 35, 1948, 246-254.
    """
    table = []
    for depth, seconds in exposure.items():
        if not seconds:
            continue
        reached = sum(
            n
            for (spread, x), n in orders.items()
            if spread <= depth <= x and (x - depth) % 2 == 0
        )
        root, reach = math.sqrt(reached + 0.375), NORMAL_QUANTILE / 2
        low, high = max(0.0, root - reach) ** 2, (root + reach) ** 2
        table.append(
            Rate(
                depth / 2,
                seconds,
                reached,
                reached / (2 * seconds),
                max(0.0, low - 0.375) / (2 * seconds),
                high / (2 * seconds),
                a * math.exp(-k * depth / 2),
            )
        )
    return table
