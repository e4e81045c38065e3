"""A vol surface with four numbers, its smile per expiry, and a DVOL-like index.

The surface is SSVI: with k = ln(strike / forward) and theta the at-the-money total
variance (vol squared times years) of an expiry, the total variance at k is

    theta / 2 * (1 + rho u + sqrt((u + rho)^2 + 1 - rho^2)),  u = eta k / sqrt(theta)

so the smile of every expiry has the same shape in k / sqrt(theta): at-the-money skew
dies like the square root of time. The term structure of vol squared runs exponentially
from ``short_vol`` to ``long_vol``. As long as eta^2 (1 + |rho|) <= 4 and
eta sqrt(theta) (1 + |rho|) < 4, and because theta grows with time, no butterfly and no
calendar spread of the surface has a negative price.

Source: J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces", 2014,
theorem 4.2, with the power law of gamma = 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, inf, log, sqrt

from engine.sim.venue.products.pricing import Mark, black, mark

YEARS_MIN = 1.0 / (365 * 24 * 60)  # a smile is not drawn for less than a minute
INDEX_YEARS = 30.0 / 365.0
STRIP_STEPS = 60  # strikes on each side of the forward
STRIP_REACH = 12.0  # standard deviations at the money
VOL_MIN, VOL_TOP = 0.01, 4.0


@dataclass(frozen=True, slots=True)
class SurfaceState:
    """Where a surface stands; the background market moves it.

    Units: vols as fractions per square root of a year; half_life_years is how far out
    half of the difference between the short and the long variance is left; rho (skew)
    and eta (curvature) without unit.
    Raises: ValueError when the numbers would allow arbitrage between options.
    """

    short_vol: float
    long_vol: float
    half_life_years: float = 0.15
    rho: float = -0.2
    eta: float = 0.95

    def __post_init__(self) -> None:
        for vol in (self.short_vol, self.long_vol):
            if not VOL_MIN <= vol <= VOL_TOP:
                raise ValueError(f"a vol of {vol} is outside {VOL_MIN} to {VOL_TOP}")
        if self.half_life_years <= 0.0:
            raise ValueError(f"half_life_years is {self.half_life_years}")
        if not (-1.0 < self.rho < 1.0 and self.eta > 0.0):
            raise ValueError(f"rho {self.rho}, eta {self.eta}")
        if self.eta**2 * (1.0 + abs(self.rho)) > 4.0:
            raise ValueError(f"eta {self.eta} is too curved for rho {self.rho}")


PLAIN_SURFACE = SurfaceState(short_vol=0.5, long_vol=0.55)


class Smile:
    """The surface at one expiry: the vol of any strike, and marks.

    Units: forward and strikes in quote currency, years to expiry.
    Cost: about a microsecond; draw it once per expiry and tick, not per option.
    """

    __slots__ = (
        "_flat", "_half_theta", "_rho", "_slope", "at_money_vol", "forward",
        "theta", "years",
    )  # fmt: skip

    def __init__(self, state: SurfaceState, forward: float, years: float) -> None:
        self.forward = forward
        self.years = years
        drawn_years = max(years, YEARS_MIN)
        self.at_money_vol = term_vol(state, drawn_years)
        self.theta = self.at_money_vol**2 * drawn_years
        self._rho = state.rho
        self._flat = 1.0 - state.rho**2
        self._slope = state.eta / sqrt(self.theta)
        # What a strike's shape is multiplied with to give its vol squared.
        self._half_theta = 0.5 * self.theta / drawn_years

    def vol(self, strike: float) -> float:
        """Return the vol of a strike."""
        u = self._slope * log(strike / self.forward)
        leaning = u + self._rho
        shape = 1.0 + self._rho * u + sqrt(leaning * leaning + self._flat)
        return sqrt(self._half_theta * shape)

    def mark(self, strike: float, is_call: bool) -> Mark:
        """Return vol, price and greeks of one option.

        Cost: about 1.5 microseconds.
        """
        return mark(self.forward, strike, self.years, self.vol(strike), is_call)


def term_vol(state: SurfaceState, years: float) -> float:
    """Return the at-the-money vol of an expiry."""
    rate = log(2.0) / state.half_life_years * years
    front = -expm1(-rate) / rate if rate > 0.0 else 1.0
    long_variance = state.long_vol**2
    return sqrt(long_variance + (state.short_vol**2 - long_variance) * front)


def swap_variance(smile: Smile) -> float:
    """Return the total variance that a strip of out-of-the-money options is worth.

    It is twice the sum of out-of-the-money prices over strike squared, taken on a grid
    in log strike; the correction is the trapezoid rule's error at the forward, where
    puts hand over to calls.
    Source: Cboe, VIX methodology; K. Demeterfi and others, "More than you ever wanted
    to know about volatility swaps", 1999.
    """
    step = STRIP_REACH / STRIP_STEPS * sqrt(smile.theta)
    root_years = sqrt(max(smile.years, YEARS_MIN))
    total = 0.0
    for n in range(-STRIP_STEPS, STRIP_STEPS + 1):
        ratio = exp(n * step)
        deviation = smile.vol(smile.forward * ratio) * root_years
        total += black(1.0, ratio, deviation, n >= 0) / ratio
    return 2.0 * (total * step - step * step / 12.0)


def volatility_index(smiles: Sequence[Smile]) -> float:
    """Return the 30-day volatility index in percent, as DVOL states it.

    The variances of the two expiries around 30 days are interpolated in total variance;
    with expiries on one side only, the nearest is taken for its own time. A
    simplification: the strip is drawn from the smile itself, where the venue's is made
    of listed strikes with their books.
    Empty: 0 without any expiry to come.
    Cost: about 100 microseconds per expiry used, two at most.
    Source: insights.deribit.com, DVOL, 2021-03.
    """
    below = max(
        (s for s in smiles if 0.0 < s.years <= INDEX_YEARS),
        key=lambda s: s.years, default=None,
    )  # fmt: skip
    above = min(
        (s for s in smiles if INDEX_YEARS < s.years < inf),
        key=lambda s: s.years, default=None,
    )  # fmt: skip
    if below is None or above is None:
        only = below or above
        if only is None:
            return 0.0
        return 100.0 * sqrt(swap_variance(only) / max(only.years, YEARS_MIN))
    share = (INDEX_YEARS - below.years) / (above.years - below.years)
    total = (1.0 - share) * swap_variance(below) + share * swap_variance(above)
    return 100.0 * sqrt(total / INDEX_YEARS)
