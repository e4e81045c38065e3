"""Ladder: fixed half-spread around fair, several levels, linear inventory skew."""

from engine._core.base.types cimport clip
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View

from engine._core.base.param import number


cdef class LadderQuoter(Quoter):
    """Quote at fair -/+ half_spread_ticks, both moved by -skew_ticks per lot held.

    Units: half_spread_ticks in ticks; skew_ticks in ticks per lot; the shape as in
        :class:`Quoter`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, half_spread_ticks, skew_ticks=0.0, **shape):
        self.half_spread_ticks = number("half_spread_ticks", half_spread_ticks, 0, 1e9)
        self.skew_ticks = number("skew_ticks", skew_ticks, 0, 1e9)
        self._shape(**shape)

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        cdef double centre_ticks = fair_ticks - clip(
            self.skew_ticks * <double>view.position.size_lots, self.skew_max_ticks)
        inner.bid_ticks = centre_ticks - self.half_spread_ticks
        inner.ask_ticks = centre_ticks + self.half_spread_ticks
        return True
