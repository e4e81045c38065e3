"""The little statistics that calibration needs: quantiles, a tail, block averages.

Three distribution functions are all there is to it, so they stand here: a numerical
library is many times the engine's own size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

COVERAGE = 0.95
"""How often the stated intervals are meant to hold the truth."""
NORMAL_QUANTILE = NormalDist().inv_cdf(0.5 + COVERAGE / 2)
BLOCKS_MIN = 10
"""Fewer blocks say too little about how far their average may be off."""
BLOCKS_MAX = 100

_TERMS_MAX = 10_000
_PRECISION = 1e-15
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its interval; both ends None when nothing can be said of them."""

    value: float
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None

    def as_json(self) -> dict[str, float | None]:
        """Return the fields by name."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "standard_error": self.standard_error,
        }


def log_interval(value: float, relative_error: float) -> Estimate:
    """Return an interval of a positive number that is symmetric in its logarithm.

    Units: relative_error is the standard error of the logarithm.
    """
    factor = math.exp(NORMAL_QUANTILE * relative_error)
    return Estimate(value, value / factor, value * factor, value * relative_error)


def block_average(
    sums: Sequence[float], weights: Sequence[float], floor: float = -math.inf
) -> Estimate:
    """Return the ratio of two sums over blocks of time, and its Student interval.

    The blocks may depend on their neighbours only a little: they are to be several
    times as long as what they measure. ``floor`` is the least the ratio can be.

    Empty: fewer than BLOCKS_MIN blocks with a weight give no interval.
    Raises: ValueError without any weight.
    Source: the linearised variance of a ratio, W. G. Cochran, Sampling Techniques,
        3rd edition, 1977, section 6.3; batch means.
    """
    total = math.fsum(weights)
    if not total > 0:
        raise ValueError("there is nothing to average")
    ratio = math.fsum(sums) / total
    used = [(s, w) for s, w in zip(sums, weights, strict=True) if w > 0]
    n = len(used)
    if n < BLOCKS_MIN:
        return Estimate(ratio)
    spread = math.fsum((s - ratio * w) ** 2 for s, w in used)
    error = math.sqrt(spread * n / (n - 1)) / total
    reach = student_quantile(0.5 + COVERAGE / 2, n - 1) * error
    return Estimate(ratio, max(floor, ratio - reach), ratio + reach, error)


def chi_square_tail(value: float, freedom: int) -> float:
    """Return P(X > value) of a chi-square of ``freedom`` degrees.

    Source: the incomplete gamma function by its series and by its continued fraction,
        NIST Digital Library of Mathematical Functions, 8.11.4 and 8.9.2.
    """
    a, x = freedom / 2, value / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for n in range(1, _TERMS_MAX):
            term *= x / (a + n)
            total += term
            if term < total * _PRECISION:
                break
        return max(0.0, 1 - scale * total)
    fraction = _fraction(
        1 / (x + 1 - a), x + 1 - a, lambda n: (-n * (n - a), x + 1 - a + 2 * n)
    )
    return scale * fraction


def _fraction(
    first: float, divisor: float, terms: Callable[[int], tuple[float, float]]
) -> float:
    """Evaluate a continued fraction from its front (the modified Lentz method)."""
    d, c, value = 1 / divisor, 1 / _TINY, first
    for n in range(1, _TERMS_MAX):
        a, b = terms(n)
        d = 1 / ((a * d + b) or _TINY)
        c = (b + a / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value


def student_tail(value: float, freedom: int) -> float:
    """Return P(T > value) of Student's t, value at least 0.

    Source: the incomplete beta function by its continued fraction, NIST Digital
        Library of Mathematical Functions, 8.17.22.
    """
    a, b = freedom / 2, 0.5
    x = freedom / (freedom + value * value)
    if x >= 1:
        return 0.5
    # The fraction converges fast below the mean of the distribution only.
    if x < (a + 1) / (a + b + 2):
        return 0.5 * _beta_part(a, b, x)
    return 0.5 * (1 - _beta_part(b, a, 1 - x))


def _beta_part(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b)."""
    front = math.exp(
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        + a * math.log(x)
        + b * math.log1p(-x)
    )

    def term(n: int) -> tuple[float, float]:
        m = n // 2
        if n % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0

    return front * _fraction(1.0, 1.0, term) / a


def student_quantile(probability: float, freedom: int) -> float:
    """Return the t that a share of ``probability``, at least 0.5, lies below."""
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > 1 - probability:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        if student_tail(middle, freedom) > 1 - probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
