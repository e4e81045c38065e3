"""The engine's GLFT quotes in plain Python, for the stacks: same signals, same prices.

What ``engine`` computes is in its ``quote.models.glft`` and ``signals.volatility``; the
sources of the formulas are there.
"""

from __future__ import annotations

import math

from benchmarks.pipeline.ours import COLD_SIGMA_TICKS, GLFT, QTY_LOTS, STEP_NS
from benchmarks.stream import TICKS_PER_DOLLAR
from benchmarks.versus.rival import Touch

TAU_S = 60.0
WARM_SAMPLES = 50


class Glft:
    """Volatility by an exponential average, and two prices out of it."""

    def __init__(self) -> None:
        gamma, xi = GLFT["gamma"], GLFT["xi"]
        k, size = GLFT["k_per_tick"], float(QTY_LOTS)
        x = xi * size / k
        ratio = math.log1p(x) / x
        self.c1 = ratio / k
        self.c2 = math.sqrt(gamma / (2.0 * GLFT["a_per_s"] * size * k)) * math.exp(
            0.5 * (ratio + math.log1p(x))
        )
        self.size = size
        self.step_s = STEP_NS / 1e9
        self.inventory = 0.0
        self.mid = math.nan
        self.weighted = self.weight = 0.0
        self.samples = 0

    def quotes(self, touch: Touch, sizes: tuple[float, float]) -> Touch:
        """Return bid and ask. Units: dollars."""
        bid, ask = (price * TICKS_PER_DOLLAR for price in touch)
        bids, asks = sizes
        mid = 0.5 * (bid + ask)
        micro = mid + 0.5 * (bids - asks) / (bids + asks) * (ask - bid)
        self.sample(mid)
        sigma = COLD_SIGMA_TICKS
        if self.samples >= WARM_SAMPLES:
            sigma = math.sqrt(self.weighted / self.weight)
        slope = sigma * self.c2
        centre = micro - slope * self.inventory
        half = self.c1 + 0.5 * self.size * slope
        own_bid = min(math.floor(centre - half), ask - 1)
        own_ask = max(math.ceil(centre + half), bid + 1)
        return own_bid / TICKS_PER_DOLLAR, own_ask / TICKS_PER_DOLLAR

    def sample(self, mid: float) -> None:
        """Fold the move since the last frame into the variance."""
        if math.isnan(self.mid):
            self.mid = mid
            return
        move = mid - self.mid
        keep = math.exp(-self.step_s / TAU_S)
        self.weighted = keep * self.weighted + (1 - keep) * move * move / self.step_s
        self.weight = keep * self.weight + (1 - keep)
        self.samples += 1
        self.mid = mid
