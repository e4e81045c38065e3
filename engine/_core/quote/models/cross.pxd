# Quotes in one future priced by where another one would hedge the fill.
from engine._core.base.types cimport Side, nanos_t, qty_t
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View
from engine._core.state.book cimport Book

cdef enum:
    SWEEP_LEVELS_MAX = 32      # levels of a side that are looked at


cdef class CrossQuoter(Quoter):
    cdef:
        readonly str reference
        readonly double edge_ticks         # kept of each fill when it is hedged
        readonly double skew_ticks         # ticks per lot held here
        readonly double stale_ms           # no quote on a reference older than this
        readonly qty_t worst_leg_lots      # can be filled before any of it is hedged

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept


# Average price, ticks, of so many lots against a side; below 0: it has not as many.
cdef double sweep_ticks(Book book, Side side, double lots) noexcept nogil
