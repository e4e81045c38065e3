"""Gueant-Lehalle-Fernandez-Tapia quotes in their asymptotic closed form.

    bid depth = c1 + (D/2) sigma c2 + sigma c2 q
    ask depth = c1 + (D/2) sigma c2 - sigma c2 q
    c1 = 1/(xi D) ln(1 + xi D/k)
    c2 = sqrt( gamma/(2 A D k) (1 + xi D/k)^(k/(xi D) + 1) )

Depths are distances from fair in ticks, q is the inventory and D the order size in
lots, sigma the volatility in ticks per square root of a second. Fills at depth d arrive
A exp(-k d) times a second: A in 1/s, k in 1/tick. gamma, the aversion to inventory
risk, and xi, the aversion to not being filled in time, are in 1/(tick * lot); xi =
gamma is the exponential utility of the 2013 paper, xi = 0 the mean-variance trader. c1
is in ticks, c2 in square roots of a second per lot. The form holds far from the end of
trading, so there is no horizon: right for a venue that never closes.

With x = xi D/k both are written in ln(1+x)/x, which tends to 1: at xi = 0 c1 = 1/k and
c2 = sqrt(gamma e/(2 A D k)) come out without a special case near zero.

Source: O. Gueant, C.-A. Lehalle, J. Fernandez-Tapia, Dealing with the inventory risk,
Mathematics and Financial Economics 7, 2013, 477-507 (arXiv 1105.3115); in the form used
here O. Gueant, Optimal market making, 2017 (arXiv 1605.01862), eq. (4.6) and (4.7).
"""

from libc.math cimport exp, log1p, sqrt

from engine._core.base.types cimport clip
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View

from engine._core.base.param import number


cdef double glft_c1(double xi, double k_per_tick, double qty_lots) noexcept nogil:
    """Return c1. Units: ticks."""
    return log_ratio(xi * qty_lots / k_per_tick) / k_per_tick


cdef double glft_c2(
        double gamma, double xi, double k_per_tick, double a_per_s, double qty_lots
        ) noexcept nogil:
    """Return c2. Units: sqrt(second) per lot."""
    cdef double x = xi * qty_lots / k_per_tick
    # (1+x)^(1/x + 1) = exp(ln(1+x)/x + ln(1+x)); half of it is the square root.
    return (sqrt(gamma / (2.0 * a_per_s * qty_lots * k_per_tick))
            * exp(0.5 * (log_ratio(x) + log1p(x))))


def glft_coefficients(*, double gamma, double xi, double k_per_tick, double a_per_s,
                      double qty_lots):
    """Return ``(c1, c2)`` of the asymptotic quotes.

    Units: gamma and xi in 1/(tick * lot), k_per_tick in 1/tick, a_per_s in 1/s,
        qty_lots in lots; c1 in ticks, c2 in sqrt(second) per lot.
    Source: see the module, eq. (4.6) and (4.7).
    """
    return (glft_c1(xi, k_per_tick, qty_lots),
            glft_c2(gamma, xi, k_per_tick, a_per_s, qty_lots))


def glft_quotes(double fair_ticks, double inventory_lots, *, double sigma_ticks,
                double gamma, double xi, double k_per_tick, double a_per_s,
                double qty_lots):
    """Return ``(bid_ticks, ask_ticks)`` of the first level, unrounded.

    Units: prices in ticks, inventory_lots in lots, sigma_ticks in ticks per square root
        of a second, the rest as in :func:`glft_coefficients`.
    Source: see the module, eq. (4.6) and (4.7).
    """
    cdef double slope = sigma_ticks * glft_c2(gamma, xi, k_per_tick, a_per_s, qty_lots)
    cdef double half_ticks = (glft_c1(xi, k_per_tick, qty_lots)
                              + 0.5 * qty_lots * slope)
    cdef double centre_ticks = fair_ticks - slope * inventory_lots
    return centre_ticks - half_ticks, centre_ticks + half_ticks


cdef class GlftQuoter(Quoter):
    """Quote the asymptotic GLFT depths around fair.

    Blank until the volatility is warm, unless cold_sigma_ticks stands in for it.

    Units: gamma and xi in 1/(tick * lot), xi being gamma unless given; k_per_tick in
        1/tick; a_per_s in fills of the order size per second at depth 0; the shape as
        in :class:`Quoter`; the first of qty_lots is the D of the formula.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Cost: c1 and c2 are computed once, here.
    """

    def __init__(self, *, gamma, k_per_tick, a_per_s, xi=None, **shape):
        self.gamma = number("gamma", gamma, 0, 1e6, open_low=True)
        self.xi = self.gamma if xi is None else number("xi", xi, 0, 1e6)
        self.k_per_tick = number("k_per_tick", k_per_tick, 1e-9, 1e6)
        self.a_per_s = number("a_per_s", a_per_s, 1e-9, 1e9)
        self._shape(k_per_tick=self.k_per_tick, **shape)
        self.c1_ticks, self.c2 = glft_coefficients(
            gamma=self.gamma, xi=self.xi, k_per_tick=self.k_per_tick,
            a_per_s=self.a_per_s, qty_lots=self.level_lots[0])

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        cdef double sigma_ticks = self._sigma(view)
        cdef double slope = sigma_ticks * self.c2
        cdef double centre_ticks, half_ticks
        if sigma_ticks < 0.0:
            return False
        centre_ticks = fair_ticks - clip(
            slope * <double>view.position.size_lots, self.skew_max_ticks)
        half_ticks = self.c1_ticks + 0.5 * <double>self.level_lots[0] * slope
        inner.bid_ticks = centre_ticks - half_ticks
        inner.ask_ticks = centre_ticks + half_ticks
        return True
