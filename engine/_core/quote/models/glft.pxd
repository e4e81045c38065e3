# Gueant-Lehalle-Fernandez-Tapia: the asymptotic quotes under an inventory limit.
from libc.math cimport log1p

from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View


# ln(1+x)/x, 1 at x = 0.
cdef inline double log_ratio(double x) noexcept nogil:
    return log1p(x) / x if x > 0.0 else 1.0


# c1 in ticks, c2 in sqrt(second) / lot; see the .pyx for equations and units.
cdef double glft_c1(double xi, double k_per_tick, double qty_lots) noexcept nogil
cdef double glft_c2(
    double gamma, double xi, double k_per_tick, double a_per_s, double qty_lots
    ) noexcept nogil


cdef class GlftQuoter(Quoter):
    cdef:
        readonly double gamma              # 1 / (tick * lot)
        readonly double xi                 # 1 / (tick * lot)
        readonly double k_per_tick
        readonly double a_per_s
        double c1_ticks
        double c2

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept
