"""A dated future against the perpetual: basis arbitrage, and carry until delivery.

Both legs are contracts of one kind on one coin, inverse or linear, and have the same
amount with opposite signs: for inverse ones N USD each, so that a price at which both
end leaves N (1/entry - 1/entry') coins, whatever it is (see :mod:`carry`); for linear
ones the same coins, which leaves amount * (entry' - entry) dollars.

Profits are in bps of the value, as logarithms of price ratios: with bid and ask of the
future F and of the perpetual S, and a fair log-basis b,

    sell the future, buy the perpetual    ln(F_bid / S_ask) - b
    buy the future, sell the perpetual    ln(S_bid / F_ask) + b

less the taker fees of both. Basis arbitrage has b = fair_rate * tau + fair_bps, with
fair_tau_s besides the average of the basis itself, and opens and closes by this alone.
Carry has the funding for b that the long of the perpetual is expected to pay until
delivery; a position pays both fees to open, the fee of delivery and the fee of leaving
the perpetual at the end, and has to beat the hurdle for the time it lasts; leaving
early pays two fees and saves those of the end.

Source: algebra; the funding as in :func:`carry.expected_funding`.
"""

from libc.math cimport INFINITY, log

from engine._core.quote.models.carry cimport funding_over
from engine._core.quote.models.package cimport Leg, PackageTaker
from engine._core.signals.basis cimport Basis

from engine._core.base.param import number

cdef double YEAR_S = 365.0 * 86400.0
cdef double BPS = 1e4


cdef inline bint is_pair(const Leg* legs) noexcept nogil:
    """Whether the two are of one kind: both inverse or both linear."""
    return legs[0].row.inverse == legs[1].row.inverse


cdef inline double taken_spread(int way, const Leg* legs) noexcept nogil:
    """The log-basis taken: what is sold over what is bought, fees paid."""
    cdef double ratio = (legs[1].bid / legs[0].ask if way > 0
                         else legs[0].bid / legs[1].ask)
    if ratio <= 0.0:
        return -INFINITY
    return log(ratio) - legs[0].row.taker_fee - legs[1].row.taker_fee


cdef class BasisTaker(PackageTaker):
    """Trade a future against the perpetual when their basis is off.

    With fair_tau_s the basis is compared with its own average over about that time, and
    nothing is done before the average is warm; rate and bps come on top.

    Units: fair_rate as a fraction a year, fair_bps, edge_bps and exit_bps in bps of the
        value, fees paid; fair_tau_s in seconds; the rest as in :class:`PackageTaker`.
        The future leads.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, future, perpetual, fair_rate=0.0, fair_bps=0.0,
                 fair_tau_s=0.0, **package):
        self.fair_rate = number("fair_rate", fair_rate, -10, 10)
        self.fair_bps = number("fair_bps", fair_bps, -10_000, 10_000)
        self.fair_tau_s = number("fair_tau_s", fair_tau_s, 0, 1e7)
        if self.fair_tau_s:
            self.future_basis = self.listen(Basis(tau_s=self.fair_tau_s), future)
            self.perpetual_basis = self.listen(Basis(tau_s=self.fair_tau_s), perpetual)
        self._package((future, perpetual), (1.0, -1.0), **package)

    cdef double _edge_bps(
            self, int way, bint is_closing, const Leg* legs) noexcept nogil:
        cdef double fair
        if not is_pair(legs):
            return -INFINITY
        fair = self.fair_rate * legs[0].left_s / YEAR_S + self.fair_bps / BPS
        if self.fair_tau_s > 0.0:
            if not (self.future_basis.is_ready and self.perpetual_basis.is_ready):
                return -INFINITY
            fair += self.future_basis.value - self.perpetual_basis.value
        return BPS * (taken_spread(way, legs) + fair * way)


cdef class CarryTaker(PackageTaker):
    """Hold a future against the perpetual until delivery when the carry pays.

    With funding_half_life_s the funding rate of now counts: it is expected to go back
    to funding_8h by half in each such time.

    Units: hurdle_rate as a fraction a year; funding_8h as a fraction for eight hours;
        funding_half_life_s in seconds; delivery_fee as a fraction of the value;
        edge_bps (beyond the hurdle) and exit_bps in bps of the value; the rest as in
        :class:`PackageTaker`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, future, perpetual, hurdle_rate, funding_8h=0.0,
                 funding_half_life_s=0.0, delivery_fee=0.00025, edge_bps=0.0,
                 **package):
        self.hurdle_rate = number("hurdle_rate", hurdle_rate, 0, 10)
        self.funding_8h = number("funding_8h", funding_8h, -0.05, 0.05)
        self.funding_half_life_s = number(
            "funding_half_life_s", funding_half_life_s, 0, 1e9)
        self.delivery_fee = number("delivery_fee", delivery_fee, 0, 0.01)
        self._package((future, perpetual), (1.0, -1.0), edge_bps=edge_bps, **package)

    cdef double _edge_bps(
            self, int way, bint is_closing, const Leg* legs) noexcept nogil:
        cdef double left_s = legs[0].left_s
        cdef double funding, later
        if not is_pair(legs) or left_s <= 0.0:
            return -INFINITY
        funding = funding_over(
            legs[1].funding_8h, self.funding_8h, self.funding_half_life_s, left_s)
        later = self.delivery_fee + legs[1].row.taker_fee
        if is_closing:
            return BPS * (taken_spread(way, legs) + funding * way + later)
        return BPS * (taken_spread(way, legs) + funding * way - later
                      - self.hurdle_rate * left_s / YEAR_S)
