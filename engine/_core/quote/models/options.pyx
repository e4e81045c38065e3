"""Option mathematics on a forward: Black-76, in USD and in the coin.

    C = F N(d1) - K N(d2)        P = K N(-d2) - F N(-d1)
    d1 = (ln(F/K) + sigma^2 tau / 2) / (sigma sqrt(tau)),  d2 = d1 - sigma sqrt(tau)

F is the forward of the option's own expiry (the venue's ``underlying_price``, not the
index), so that no interest rate appears. An inverse option pays in the coin what it is
worth in USD at the delivery price: max(S - K, 0) / S. Its price in coins is c = C / F:

    c = N(d1) - (K/F) N(d2)              p = (K/F) N(-d2) - N(-d1)
    dc/dF = (K/F^2) N(d2)                dp/dF = -(K/F^2) N(-d2)
    d2c/dF2 = (K/F^3) (n(d2)/v - 2 N(d2))
    d2p/dF2 = (K/F^3) (n(d2)/v + 2 N(-d2)),  v = sigma sqrt(tau)
    vega = (K/F) n(d2) sqrt(tau)         theta = -(K/F) n(d2) sigma / (2 sqrt(tau))

These are greeks of the coin price: what moves the account in coins. A coin of it is
hedged with -F^2 dc/dF USD of an inverse future (:func:`hedge_usd`), because N USD of
that gain N/F^2 coins when F rises by one. In coins that is the net transaction delta
F dc/dF = N(d1) - c, Black's delta less the premium: hedging N(d1) instead leaves the
premium, which is a position in the coin, unhedged.

At v = 0 an option is worth what it pays now; gamma, vega and theta are 0 there, and at
F = K, where the delta has a step, half of it is taken.

Source: F. Black, The pricing of commodity contracts, Journal of Financial Economics 3,
1976, 167-179; inverse options: C. Alexander, A. Imeraj, Inverse options in a
Black-Scholes world, 2021 (arXiv 2107.12041); net transaction delta: docs.deribit.com,
seen 2026-08-22. Checked against mpmath and finite differences in the tests.
"""

from typing import NamedTuple

from libc.math cimport INFINITY, M_SQRT1_2, erfc, exp, log, sqrt

from engine._core.base.param import number

cdef double ROOT_TWO_PI = 2.506628274631000502415765284811


class CoinGreeks(NamedTuple):
    """Price and greeks of one coin of an inverse option.

    Units: price in coins; delta in coins per quote currency, gamma in the same squared;
        vega in coins per 1.0 of volatility; theta in coins a year; net_delta in coins.
    """

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    net_delta: float


cdef double normal_cdf(double x) noexcept nogil:
    """Return N(x); the left tail keeps its relative accuracy."""
    return 0.5 * erfc(-x * M_SQRT1_2)


cdef double normal_pdf(double x) noexcept nogil:
    """Return the density n(x)."""
    return exp(-0.5 * x * x) / ROOT_TWO_PI


cdef inline double second_d(double forward, double strike, double v) noexcept nogil:
    """Return d2; at v = 0 its limit, 0 at the money."""
    cdef double moneyness = log(forward / strike)
    if v > 0.0:
        return moneyness / v - 0.5 * v
    return 0.0 if moneyness == 0.0 else INFINITY if moneyness > 0.0 else -INFINITY


cdef double black76(
        double forward, double strike, double sigma, double years, bint is_call
        ) noexcept nogil:
    """Return the USD price of an option on a forward."""
    cdef double v = sigma * sqrt(years)
    cdef double d2 = second_d(forward, strike, v)
    if is_call:
        return forward * normal_cdf(d2 + v) - strike * normal_cdf(d2)
    return strike * normal_cdf(-d2) - forward * normal_cdf(-d2 - v)


cdef void coin_greeks_of(
        double forward, double strike, double sigma, double years, bint is_call,
        Greeks* out) noexcept nogil:
    """Fill in price and greeks of the coin price."""
    cdef double root = sqrt(years)
    cdef double v = sigma * root
    cdef double d2 = second_d(forward, strike, v)
    cdef double ratio = strike / forward
    cdef double sign = 1.0 if is_call else -1.0
    cdef double chance = normal_cdf(sign * d2)
    cdef double density = normal_pdf(d2) if v > 0.0 else 0.0
    out.price = sign * (normal_cdf(sign * (d2 + v)) - ratio * chance)
    out.net_delta = sign * ratio * chance
    out.delta = out.net_delta / forward
    out.gamma = 0.0
    out.vega = ratio * density * root
    out.theta = 0.0
    if v > 0.0:
        out.gamma = ratio * (density / v - 2.0 * sign * chance) / (forward * forward)
        out.theta = -0.5 * ratio * density * sigma / root


def _checked(forward, strike, sigma, years):
    """Return the four as floats.

    Raises:
        ValueError: one is out of range; names it.
    """
    return (number("forward", forward, 0, 1e12, open_low=True),
            number("strike", strike, 0, 1e12, open_low=True),
            number("sigma", sigma, 0, 100), number("years", years, 0, 100))


def black76_price(forward, strike, sigma, years, *, bint is_call):
    """Return the price of an option in the quote currency, for one coin.

    Units: forward and strike in quote currency; sigma as a fraction per square root of
        a year; years to expiry.
    Raises: ValueError naming what is out of range.
    Source: see the module.
    """
    cdef double f, k, s, t
    f, k, s, t = _checked(forward, strike, sigma, years)
    return black76(f, k, s, t, is_call)


def coin_greeks(forward, strike, sigma, years, *, bint is_call):
    """Return price and greeks of one coin of an inverse option.

    Units: as in :func:`black76_price`; see :class:`CoinGreeks`.
    Raises: ValueError naming what is out of range.
    Source: see the module.
    """
    cdef Greeks out
    cdef double f, k, s, t
    f, k, s, t = _checked(forward, strike, sigma, years)
    coin_greeks_of(f, k, s, t, is_call, &out)
    return CoinGreeks(
        out.price, out.delta, out.gamma, out.vega, out.theta, out.net_delta)


def hedge_usd(double net_delta, double forward, double coins=1.0):
    """Return the USD of an inverse future that hedge so many coins of an option.

    Units: net_delta in coins for each coin of the option; negative = sell the future.
    """
    return -net_delta * forward * coins
