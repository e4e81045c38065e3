"""The unwinding wish: close what is held, by immediate-or-cancel orders.

It takes the strategy's place while the stance is FLATTEN. Like any wish it passes gate
and fuse, so one order is at most ``order_max_lots``, none goes past the collar, and
none can be larger than the position: what one order leaves, the next one takes. What
we know of the position may be late, so the order also tells the venue to close only.
"""

from libc.math cimport fabs

from engine._core.base.types cimport ASK, BID, NO_PRICE, price_t
from engine._core.quote.sheet cimport QuoteLimits, QuoteSheet
from engine._core.state.book cimport Book
from engine._core.state.position cimport Position


cdef bint wish_unwind(
        QuoteSheet sheet, const QuoteLimits* limits, Book book, Position position
        ) noexcept nogil:
    cdef price_t touch = book.best(BID if position.size_lots > 0 else ASK)
    cdef double reach
    if position.size_lots == 0 or touch == NO_PRICE:
        return False
    reach = fabs(<double>touch) * limits.unwind_bps * 1e-4
    if position.size_lots > 0:
        return sheet.set_take(ASK, <double>touch - reach, position.size_lots)
    return sheet.set_take(BID, <double>touch + reach, -position.size_lots)
