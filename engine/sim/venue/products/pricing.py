"""Black-76 prices and greeks of European options on a forward, and implied vol.

Pure functions of their arguments. Prices are undiscounted and in quote currency
(USD): the interest rate of the venue is 0. An inverse option is quoted in coin, its
price is the USD price divided by the forward (``Mark.price / forward``).

Greeks are those of the venue's ticker: delta per unit of the underlying, gamma per USD,
vega per vol point (0.01), rho per percent, theta in USD over the next day; an option
with less than a day to live has only that long to decay, and none loses more than its
price. Recomputing 20 recorded tickers of 2021 from their mark_iv gives their mark_price
and all five greeks, to the rounding of mark_iv.

Source: F. Black, "The pricing of commodity contracts", 1976; docs.deribit.com, inverse
options, 2026-08; captures of ``ticker.*.raw`` of 2021-04-05 and 2021-04-17.
"""

from __future__ import annotations

from math import erfc, exp, log, pi, sqrt
from typing import NamedTuple

YEAR_MS = 365 * 86_400_000
DAY_YEARS = 1.0 / 365.0
VOL_MAX = 5.0  # what the venue shows at most (500)
ITERATIONS_MAX = 64  # a bisection alone would need 45
WORTH_MIN = 1e-14  # time value as a fraction of the forward; less is rounding
TOLERANCE = 1e-10  # relative, of an implied vol

ROOT_HALF = sqrt(0.5)
ROOT_TWO_PI = sqrt(2.0 * pi)


class Mark(NamedTuple):
    """A theoretical price with its greeks.

    Units: vol as a fraction per square root of a year; price in USD; delta per unit;
    gamma per USD; vega per vol point; theta USD per day; rho per percent of rate.
    """

    vol: float
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


def years_left(expiry_ms: int, now_ms: int) -> float:
    """Return the time to expiry in years of 365 days, never below 0."""
    return max(0, expiry_ms - now_ms) / YEAR_MS


def intrinsic(forward: float, strike: float, is_call: bool) -> float:
    """Return what the option would pay if it expired at the forward."""
    return max(0.0, forward - strike if is_call else strike - forward)


def black(forward: float, strike: float, deviation: float, is_call: bool) -> float:
    """Return the price of an option.

    Units: deviation is vol times the square root of the years left.
    """
    if deviation <= 0.0:
        return intrinsic(forward, strike, is_call)
    sign = 1.0 if is_call else -1.0
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    up = erfc(-sign * d1 * ROOT_HALF)
    down = erfc(-sign * (d1 - deviation) * ROOT_HALF)
    return max(0.0, 0.5 * sign * (forward * up - strike * down))


def mark(
    forward: float, strike: float, years: float, vol: float, is_call: bool
) -> Mark:
    """Return price and greeks of an option.

    Empty: at expiry or without vol, the intrinsic value and greeks of 0.
    Cost: about 1.5 microseconds.
    """
    root_years = sqrt(years)
    deviation = vol * root_years
    if deviation <= 0.0:
        return Mark(vol, intrinsic(forward, strike, is_call), 0.0, 0.0, 0.0, 0.0, 0.0)
    d1 = log(forward / strike) / deviation + 0.5 * deviation
    density = exp(-0.5 * d1 * d1) / ROOT_TWO_PI
    if is_call:
        delta = 0.5 * erfc(-d1 * ROOT_HALF)
        exercised = 0.5 * erfc((deviation - d1) * ROOT_HALF)
    else:
        delta = -0.5 * erfc(d1 * ROOT_HALF)
        exercised = -0.5 * erfc((d1 - deviation) * ROOT_HALF)
    price = forward * delta - strike * exercised
    if price < 0.0:
        price = 0.0
    vega = forward * density * root_years
    decay = vega * vol / (2.0 * years) * min(DAY_YEARS, years)
    return Mark(
        vol,
        price,
        delta,
        density / (forward * deviation),
        0.01 * vega,
        -min(decay, price),
        0.01 * strike * years * exercised,
    )


def implied_vol(
    price: float, forward: float, strike: float, years: float, is_call: bool
) -> float:
    """Return the vol at which an option is worth ``price``.

    Empty: 0 when no vol gives that price (at or below the intrinsic value, or expired),
    as the venue shows such a bid.
    Returns: at most ``VOL_MAX``, however high the price.
    Cost: about 5 microseconds, at most ``ITERATIONS_MAX`` steps.
    """
    worth = price - intrinsic(forward, strike, is_call)
    if worth <= WORTH_MIN * forward or years <= 0.0:
        return 0.0
    # Calls and puts, in and out of the money, are one problem: the out-of-the-money
    # option in units of the geometric mean of forward and strike.
    root_years = sqrt(years)
    deviation = _deviation(
        worth / sqrt(forward * strike),
        -abs(log(forward / strike)),
        VOL_MAX * root_years,
    )
    return min(VOL_MAX, deviation / root_years)


def _normal_price(x: float, deviation: float) -> float:
    """Return the price of a call with log moneyness x <= 0 in normalised units."""
    away, half = x / deviation, 0.5 * deviation
    up = exp(0.5 * x) * erfc(-(away + half) * ROOT_HALF)
    return 0.5 * (up - exp(-0.5 * x) * erfc(-(away - half) * ROOT_HALF))


def _deviation(target: float, x: float, highest: float) -> float:
    """Solve ``_normal_price(x, deviation) = target`` by safeguarded Newton steps.

    The price has its inflection at sqrt(2 |x|). Above it Newton's steps rise to the
    root; below it the logarithm of the price is nearly linear in 1 / deviation^2, so
    the steps are taken there. A step out of the bracket becomes a bisection.
    """
    if _normal_price(x, highest) <= target:
        return highest
    low, high = 0.0, highest
    inflection = sqrt(-2.0 * x)
    guess = min(inflection, 0.5 * highest) or min(target * ROOT_TWO_PI, 0.5 * highest)
    in_tail = inflection > 0.0 and _normal_price(x, guess) > target
    for _ in range(ITERATIONS_MAX):
        price = _normal_price(x, guess)
        if price > target:
            high = guess
        else:
            low = guess
        slope = exp(-0.5 * (x / guess) ** 2 - 0.125 * guess * guess) / ROOT_TWO_PI
        following = 0.5 * (low + high)
        if price > 0.0 and slope > 0.0:
            if in_tail:
                excess = log(price / target) * price / slope
                inverse_square = guess**-2 + 2.0 * excess * guess**-3
                newton = inverse_square**-0.5 if inverse_square > 0.0 else 0.0
            else:
                newton = guess + (target - price) / slope
            if low < newton < high:
                following = newton
        if abs(following - guess) <= TOLERANCE * guess:
            return following
        guess = following
    return guess
