"""Carry: basis curve, implied carry, expected funding, profit and sizes in coins.

    basis rate   b(tau) = ln(F/S) / tau, a forward is S exp(b tau)
    funding      a rate r reverts to m with a half-life h: expected over a time T
                 [ m T + (r - m) (1 - exp(-l T)) / l ] / 8 h,  l = ln 2 / h
    inverse PnL  N USD long from entry to exit: N (1/entry - 1/exit) coins

Three positions in inverse contracts and what is riskless about each:

- Long N USD of one future, short N USD of another (or of the perpetual): where both
  end at the same price the result is N (1/entry_1 - 1/entry_2) coins, whatever that
  price is; both legs have the same USD amount, not the same number of coins.
- Q coins held and N USD of a future short: worth (Q - N/F) X + N USD at the exit price
  X. Riskless in USD when N = Q F: the future's own price counts, not that of the spot,
  and a fee paid in coins takes its part of Q away first (:func:`carry_short_usd`).
- The same without the coins is a short of N USD: all of it is at risk in coins.

Funding is paid in coins on the value at the mark, rate * N / mark, so in coins it
depends on the path; in USD it is rate * N.

Source: docs.deribit.com, inverse futures, seen 2026-08-22; support.deribit.com,
funding specifications, seen 2026-09; the rest is algebra, checked over price grids in
exact fractions in the tests.
"""

cimport cython
from libc.math cimport exp, expm1, log

from engine._core.base.param import number

cdef double PERIOD_S = 8.0 * 3600.0
cdef double LN_TWO = 0.693147180559945309417232121458


cdef double log_basis(double future, double spot) noexcept nogil:
    """Return ln(F/S), 0 where a price is missing."""
    return log(future / spot) if future > 0.0 and spot > 0.0 else 0.0


cdef double funding_over(
        double rate_8h, double mean_8h, double half_life_s, double horizon_s
        ) noexcept nogil:
    """Return the sum of the rates expected over a horizon, as a fraction."""
    cdef double decay
    if horizon_s <= 0.0:
        return 0.0
    if half_life_s <= 0.0:
        return mean_8h * horizon_s / PERIOD_S
    decay = LN_TWO / half_life_s
    return (mean_8h * horizon_s
            - (rate_8h - mean_8h) * expm1(-decay * horizon_s) / decay) / PERIOD_S


cdef double inverse_profit(
        double amount_usd, double entry_price, double exit_price) noexcept nogil:
    """Return the coins N USD earn between two prices, signed."""
    if entry_price <= 0.0 or exit_price <= 0.0:
        return 0.0
    # One division by a product: the difference of two reciprocals would cancel.
    return amount_usd * (exit_price - entry_price) / (entry_price * exit_price)


def implied_carry(future, spot, years):
    """Return the rate a future earns over the spot, continuous, a year.

    Raises: ValueError naming what is out of range.
    """
    cdef double f = number("future", future, 0, 1e12, open_low=True)
    cdef double s = number("spot", spot, 0, 1e12, open_low=True)
    return log_basis(f, s) / number("years", years, 0, 100, open_low=True)


def expected_funding(rate_8h, horizon_s, *, mean_8h=0.0, half_life_s=0.0):
    """Return what a long of the perpetual expects to pay, a fraction of its value.

    Units: rates for eight hours; times in seconds. half_life_s 0 = the mean holds from
        now on.
    Raises: ValueError naming what is out of range.
    Source: see the module.
    """
    return funding_over(
        number("rate_8h", rate_8h, -1, 1), number("mean_8h", mean_8h, -1, 1),
        number("half_life_s", half_life_s, 0, 1e9),
        number("horizon_s", horizon_s, 0, 1e10))


def inverse_pnl(amount_usd, entry_price, exit_price):
    """Return the profit of an inverse position, coins.

    Units: amount_usd signed, long positive; prices in USD.
    Raises: ValueError naming what is out of range.
    """
    return inverse_profit(
        number("amount_usd", amount_usd, -1e15, 1e15),
        number("entry_price", entry_price, 0, 1e12, open_low=True),
        number("exit_price", exit_price, 0, 1e12, open_low=True))


def carry_short_usd(coins, future, fee=0.0):
    """Return the USD to sell of an inverse future so that coins held become USD.

    N = Q F / (1 + fee): of Q coins the fee, a fraction of the value N/F, is paid first.

    Units: future in USD; fee a fraction. Raises: ValueError naming what is off.
    """
    cdef double q = number("coins", coins, 0, 1e12)
    cdef double f = number("future", future, 0, 1e12, open_low=True)
    return q * f / (1.0 + number("fee", fee, -0.1, 0.1))


@cython.final
cdef class BasisCurve:
    """Basis rates over time to expiry, from the futures of one coin.

    A future between two known ones is priced by the interpolated rate, never by an
    interpolated price; beyond the ends the last rate holds.

    Args:
        spot: index price.
        points: ``(years to expiry, price)`` of futures, in any order; 1..32 of them.

    Raises: ValueError naming what is out of range, or for two of one expiry.
    """

    def __init__(self, spot, points):
        cdef double s = number("spot", spot, 0, 1e12, open_low=True)
        rows = sorted(points)
        if not 1 <= len(rows) <= TENORS_MAX:
            raise ValueError(f"points must be 1..{TENORS_MAX}, not {len(rows)}")
        for i, (years, price) in enumerate(rows):
            self.years[i] = number("years", years, 0, 100, open_low=True)
            self.rates[i] = log_basis(
                number("price", price, 0, 1e12, open_low=True), s) / self.years[i]
            if i and self.years[i] == self.years[i - 1]:
                raise ValueError(f"points has two futures at {years!r} years")
        self.size = <int>len(rows)

    cdef double rate_at(self, double years) noexcept nogil:
        cdef int i = 0
        cdef double share
        if self.size == 0:
            return 0.0
        while i < self.size and self.years[i] < years:
            i += 1
        if i == 0:
            return self.rates[0]
        if i == self.size:
            return self.rates[self.size - 1]
        share = (years - self.years[i - 1]) / (self.years[i] - self.years[i - 1])
        return self.rates[i - 1] + share * (self.rates[i] - self.rates[i - 1])

    def rate(self, double years):
        """Return the basis rate at a time to expiry, a year."""
        return self.rate_at(years)

    def forward(self, double spot, double years):
        """Return the price a future of that expiry should have over a spot."""
        return spot * exp(self.rate_at(years) * years)
