# Actions -> JSON-RPC requests, appended to a connection's buffer, one line each.
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.check cimport Fault
from engine._core.base.fixed cimport put_int
from engine._core.base.instrument cimport Instrument, put_amount, put_price
from engine._core.base.types cimport ORDER_ID_MAX, Side, price_t, qty_t
from engine._core.state.orders cimport Order

cdef enum:
    REQUEST_TEXT_MAX = 640     # bytes of the longest request, newline included


cdef extern from *:
    """
    #define HALFSPREAD_PUT(p, s) (memcpy((p), (s), sizeof(s) - 1), (p) + sizeof(s) - 1)
    """
    char* PUT "HALFSPREAD_PUT"(char* p, const char* literal) noexcept nogil


cdef inline char* put_order_id(char* p, const Order* order) noexcept nogil:
    memcpy(p, order.order_id, ORDER_ID_MAX)
    return p + order.order_id_size


cdef inline char* begin(ByteBuf out, int64_t request_id, Fault* fault) noexcept nogil:
    """Write what every request starts with; NULL when there is no room for one."""
    cdef char* p = out.reserve(REQUEST_TEXT_MAX, fault)
    if p == NULL:
        return NULL
    return put_int(PUT(p, '{"jsonrpc":"2.0","id":'), request_id)


cdef inline char* finish(char* p, int64_t valid_until_ms) noexcept nogil:
    if valid_until_ms:
        p = put_int(PUT(p, ',"valid_until":'), valid_until_ms)
    return PUT(p, "}}\n")


# Each writes one whole request and returns whether there was room. valid_until_ms: the
# venue's time after which it may not be carried out, 0 = at any time. reduces: the
# venue cuts or refuses what would do more than close the position.
cdef bint put_new(
    ByteBuf out, int64_t request_id, const Instrument* row, Side side,
    price_t price_ticks, qty_t amount_lots, const Order* order, int slot,
    int64_t valid_until_ms, bint reduces, Fault* fault) noexcept nogil
cdef inline bint put_edit(
        ByteBuf out, int64_t request_id, const Instrument* row, const Order* order,
        price_t price_ticks, qty_t amount_lots, int64_t valid_until_ms,
        Fault* fault) noexcept nogil:
    cdef char* p = begin(out, request_id, fault)
    if p == NULL:
        return False
    p = PUT(p, ',"method":"private/edit","params":{"order_id":"')
    p = put_order_id(p, order)
    p = PUT(p, '","amount":')
    p = put_amount(p, row, amount_lots)
    p = PUT(p, ',"price":')
    p = put_price(p, row, price_ticks)
    p = PUT(p, ',"post_only":true')
    out.commit(finish(p, valid_until_ms))
    return True


cdef bint put_cancel(
    ByteBuf out, int64_t request_id, const Order* order, Fault* fault) noexcept nogil
cdef bint put_cancel_all(
    ByteBuf out, int64_t request_id, Fault* fault) noexcept nogil
cdef bint put_cancel_quotes(
    ByteBuf out, int64_t request_id, Fault* fault) noexcept nogil

# Our label; see event.pxd for its form. Returns the end.
cdef char* put_label(char* p, const Order* order, int slot) noexcept nogil
