"""Join the touch: no model of fair at all, the market's own spread is the quote."""

from engine._core.base.types cimport ASK, BID, clip
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View

from engine._core.base.param import number


cdef class JoinTouchQuoter(Quoter):
    """Quote at the touch, moved inside by improve_ticks and against inventory.

    The minimum edge still holds: where the touch is narrower than fees allow, the
    quotes stand behind it.

    Units: skew_ticks in ticks per lot; improve_ticks in ticks; the shape as in
        :class:`Quoter`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, skew_ticks=0.0, improve_ticks=0.0, **shape):
        self.skew_ticks = number("skew_ticks", skew_ticks, 0, 1e9)
        self.improve_ticks = number("improve_ticks", improve_ticks, 0, 1e9)
        self._shape(**shape)

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        cdef double lean_ticks = clip(
            self.skew_ticks * <double>view.position.size_lots, self.skew_max_ticks)
        inner.bid_ticks = (
            <double>view.own_book.best(BID) + self.improve_ticks - lean_ticks)
        inner.ask_ticks = (
            <double>view.own_book.best(ASK) - self.improve_ticks - lean_ticks)
        return True
