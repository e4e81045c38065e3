# Actions -> JSON-RPC requests, appended to a connection's buffer, one line each.
from libc.stdint cimport int64_t

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.check cimport Fault
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport Side, price_t, qty_t
from engine._core.state.orders cimport Order

cdef enum:
    REQUEST_TEXT_MAX = 640     # bytes of the longest request, newline included


# Each writes one whole request and returns whether there was room. valid_until_ms: the
# venue's time after which it may not be carried out, 0 = at any time. reduces: the
# venue cuts or refuses what would do more than close the position.
cdef bint put_new(
    ByteBuf out, int64_t request_id, const Instrument* row, Side side,
    price_t price_ticks, qty_t amount_lots, const Order* order, int slot,
    int64_t valid_until_ms, bint reduces, Fault* fault) noexcept nogil
cdef bint put_edit(
    ByteBuf out, int64_t request_id, const Instrument* row, const Order* order,
    price_t price_ticks, qty_t amount_lots, int64_t valid_until_ms,
    Fault* fault) noexcept nogil
cdef bint put_cancel(
    ByteBuf out, int64_t request_id, const Order* order, Fault* fault) noexcept nogil
cdef bint put_cancel_all(
    ByteBuf out, int64_t request_id, Fault* fault) noexcept nogil
cdef bint put_cancel_quotes(
    ByteBuf out, int64_t request_id, Fault* fault) noexcept nogil

# Our label; see event.pxd for its form. Returns the end.
cdef char* put_label(char* p, const Order* order, int slot) noexcept nogil
