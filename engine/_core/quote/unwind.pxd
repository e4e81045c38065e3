# The wish that takes a position back to nothing, whatever the strategy would like.
from engine._core.quote.sheet cimport QuoteLimits, QuoteSheet
from engine._core.state.book cimport Book
from engine._core.state.position cimport Position


# Wish to close at once, as far past the touch as unwind_bps allows. False: nothing to
# close, or no touch to close against.
cdef bint wish_unwind(
    QuoteSheet sheet, const QuoteLimits* limits, Book book, Position position
    ) noexcept nogil
