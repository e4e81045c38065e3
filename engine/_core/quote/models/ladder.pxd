# A ladder at a fixed half-spread around fair, leaning against inventory.
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View


cdef class LadderQuoter(Quoter):
    cdef:
        readonly double half_spread_ticks
        readonly double skew_ticks         # ticks per lot held

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept
