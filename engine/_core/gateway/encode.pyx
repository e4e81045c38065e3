"""Requests as the venue reads them; only ids, names and numbers are written anew.

Source: docs.deribit.com, private/buy, private/sell, private/edit, private/cancel,
private/cancel_all, private/cancel_quotes, seen 2026-08-22. Makers are post-only without
reject_post_only: a price that would cross is moved one tick inside, and the price that
comes back counts.
"""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.check cimport Fault
from engine._core.base.fixed cimport put_int
from engine._core.base.instrument cimport Instrument, put_amount, put_price
from engine._core.base.types cimport BID, NAME_MAX, Side, price_t, qty_t
from engine._core.state.orders cimport Order

cdef char* put_label(char* p, const Order* order, int slot) noexcept nogil:
    cdef int i, digit
    p = PUT(p, "hs-")
    for i in range(8):
        digit = (order.run >> (28 - 4 * i)) & 15
        p[i] = <char>(c"0" + digit if digit < 10 else c"a" + digit - 10)
    p = PUT(p + 8, "-")
    p = put_int(p, slot)
    p = PUT(p, "-")
    return put_int(p, order.sequence)


cdef inline char* put_name(char* p, const Instrument* row) noexcept nogil:
    memcpy(p, row.name, NAME_MAX)      # of one size: no call; the rest is overwritten
    return p + row.name_size


cdef bint put_new(
        ByteBuf out, int64_t request_id, const Instrument* row, Side side,
        price_t price_ticks, qty_t amount_lots, const Order* order, int slot,
        int64_t valid_until_ms, bint reduces, Fault* fault) noexcept nogil:
    cdef char* p = begin(out, request_id, fault)
    if p == NULL:
        return False
    if side == BID:
        p = PUT(p, ',"method":"private/buy","params":{"instrument_name":"')
    else:
        p = PUT(p, ',"method":"private/sell","params":{"instrument_name":"')
    p = put_name(p, row)
    p = PUT(p, '","amount":')
    p = put_amount(p, row, amount_lots)
    p = PUT(p, ',"type":"limit","price":')
    p = put_price(p, row, price_ticks)
    p = PUT(p, ',"label":"')
    p = put_label(p, order, slot)
    if order.is_take:
        p = PUT(p, '","time_in_force":"immediate_or_cancel"')
    else:
        p = PUT(p, '","post_only":true')
    if reduces:
        p = PUT(p, ',"reduce_only":true')
    out.commit(finish(p, valid_until_ms))
    return True


cdef bint put_cancel(
        ByteBuf out, int64_t request_id, const Order* order, Fault* fault
        ) noexcept nogil:
    cdef char* p = begin(out, request_id, fault)
    if p == NULL:
        return False
    p = PUT(p, ',"method":"private/cancel","params":{"order_id":"')
    p = put_order_id(p, order)
    p = PUT(p, '"}}\n')
    out.commit(p)
    return True


cdef bint put_cancel_all(
        ByteBuf out, int64_t request_id, Fault* fault) noexcept nogil:
    cdef char* p = begin(out, request_id, fault)
    if p == NULL:
        return False
    p = PUT(p, ',"method":"private/cancel_all","params":{}}\n')
    out.commit(p)
    return True


cdef bint put_cancel_quotes(
        ByteBuf out, int64_t request_id, Fault* fault) noexcept nogil:
    cdef char* p = begin(out, request_id, fault)
    if p == NULL:
        return False
    p = PUT(p, ',"method":"private/cancel_quotes","params":{"cancel_type":"all"}}\n')
    out.commit(p)
    return True
