# Avellaneda-Stoikov (2008): reservation price and spread under inventory risk.
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View


# The two formulas, in ticks, lots and seconds; see the .pyx for equations and units.
cdef double reservation_skew_ticks(
    double inventory_lots, double variance, double gamma, double horizon_s
    ) noexcept nogil
cdef double half_spread_ticks(
    double variance, double gamma, double k_per_tick, double horizon_s,
    double qty_lots) noexcept nogil


cdef class AvellanedaStoikovQuoter(Quoter):
    cdef:
        readonly double gamma              # 1 / (tick * lot)
        readonly double k_per_tick
        readonly double horizon_s
        readonly double cold_sigma_ticks   # used until sigma is warm; 0 = blank

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept
