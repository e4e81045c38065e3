# Join the touch on both sides, leaning against inventory.
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View


cdef class JoinTouchQuoter(Quoter):
    cdef:
        readonly double skew_ticks         # ticks per lot held
        readonly double improve_ticks      # inside the touch by this much

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept
