# What a strategy may have of its wish: shaped by policy, never past a limit.
from libc.stdint cimport int32_t

from engine._core.base.event cimport Ticker
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport Side, qty_t
from engine._core.quote.sheet cimport Anchor, Permitted, QuoteLimits, QuoteSheet
from engine._core.state.book cimport Book
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position


cdef struct GateCounts:
    long clipped_price
    long clipped_size
    long clipped_position
    long crossed               # sheets whose own bid and ask met: blanked
    long blanked               # wishes dropped


cdef void blank(Permitted* out) noexcept nogil

# Shape a sheet. Needs a readable, two-sided book; together is the room, by side, which
# the limits over instruments leave.
cdef void shape(
    QuoteSheet sheet, int32_t instrument, const Instrument* row,
    const QuoteLimits* limits, Book book, const Ticker* ticker, const Anchor* anchor,
    const qty_t* together, OrderTable orders, Position position, Permitted* out,
    GateCounts* counts) noexcept nogil

# How much more a side may put at risk: the limit less position, unbooked fills and the
# worst case of every order. Negative when the limit is passed already.
cdef qty_t headroom(
    int32_t instrument, Side side, const QuoteLimits* limits, OrderTable orders,
    Position position) noexcept nogil
