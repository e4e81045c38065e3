# Avellaneda-Stoikov (2008): reservation price and spread under inventory risk.
from libc.stdint cimport int64_t

from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View


# The two formulas, in ticks, lots and seconds; see the .pyx for equations and units.
cdef double reservation_skew_ticks(
    double inventory_lots, double variance, double gamma, double horizon_s
    ) noexcept nogil
cdef double half_spread_ticks(
    double variance, double gamma, double k_per_tick, double horizon_s,
    double qty_lots) noexcept nogil


# T - t: to the next close, not below and not beyond the two limits; close_every_ms 0 =
# no close ever, the longest.
cdef double seconds_to_close(
    int64_t venue_ms, int64_t close_every_ms, int64_t close_offset_ms,
    double longest_s, double shortest_s) noexcept nogil


cdef class AvellanedaStoikovQuoter(Quoter):
    cdef:
        readonly double gamma              # 1 / (tick * lot)
        readonly double k_per_tick
        readonly double horizon_s          # T - t, or the most it counts
        readonly double horizon_min_s      # and the least
        int64_t close_every_ms             # 0 = rolling
        int64_t close_offset_ms

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept
