"""The fuse: what must be true of every request, whatever the rooms before decided.

It recomputes from the order table and the raw limits and shares no code with the gate
or the differ, so that one wrong line there cannot pass here. When it fires the request
is not written, the core cancels everything and halts.
"""

from libc.stdint cimport int32_t

from engine._core.base.check cimport (
    FAULT_FUSE_EXPOSURE, FAULT_FUSE_PRICE, FAULT_FUSE_RATE, FAULT_FUSE_SELF_CROSS,
    FAULT_FUSE_SIZE, Fault, check)
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport (
    BID, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, TAKE_SLOT, Side, qty_t)
from engine._core.gateway.credits cimport CREDIT, Credits
from engine._core.gateway.differ cimport Action
from engine._core.quote.sheet cimport QuoteLimits
from engine._core.state.orders cimport (
    ORDER_DONE, REQUEST_CANCEL, Order, OrderTable)
from engine._core.state.position cimport Position


cdef bint meets_own(
        const Action* action, int32_t instrument, OrderTable orders) noexcept nogil:
    """Whether the price reaches an order of ours on the other side."""
    cdef int32_t i
    cdef Order* row
    cdef int32_t base = instrument * SLOTS_PER_INSTRUMENT
    if action.side == BID:
        base += SLOTS_PER_SIDE
    for i in range(base, base + TAKE_SLOT):
        row = &orders.rows[i]
        if row.state == ORDER_DONE:
            continue
        if action.side == BID and action.price_ticks >= row.wanted_price_ticks:
            return True
        if action.side != BID and action.price_ticks <= row.wanted_price_ticks:
            return True
    return False


cdef bint holds(
        const Action* action, int32_t instrument, const Instrument* row,
        const QuoteLimits* limits, double reference_ticks, OrderTable orders,
        Position position, Credits credits, qty_t worst_before_lots, Fault* fault
        ) noexcept nogil:
    cdef Order* order = &orders.rows[action.slot]
    cdef double price = <double>action.price_ticks
    cdef double width = reference_ticks * limits.collar_bps * 1e-4
    cdef qty_t held
    if not check(fault, credits.left_nano >= CREDIT, FAULT_FUSE_RATE):
        return False
    if action.kind == REQUEST_CANCEL:
        return True
    if not check(fault, 0 < action.amount_lots - order.filled_lots
                 <= limits.order_max_lots, FAULT_FUSE_SIZE):
        return False
    if width < 0:
        width = -width
    if action.side == BID:
        if not check(fault, price <= reference_ticks + width + 1.0, FAULT_FUSE_PRICE):
            return False
        held = position.size_lots
    else:
        if not check(fault, price >= reference_ticks - width - 1.0, FAULT_FUSE_PRICE):
            return False
        held = -position.size_lots
    if orders.worst(action.slot) > worst_before_lots:
        held += position.unbooked_lots[<int>action.side]
        held += orders.worst_side(instrument, action.side)
        if not check(fault, held <= limits.position_max_lots, FAULT_FUSE_EXPOSURE):
            return False
    return check(fault, not meets_own(action, instrument, orders),
                 FAULT_FUSE_SELF_CROSS)
