# The last look before the wire: invariants, not policy. It fires only on our own bug.
from libc.stdint cimport int32_t, int64_t, uint32_t

from engine._core.base.bits cimport low_bit
from engine._core.base.check cimport (
    FAULT_FUSE_EXPOSURE, FAULT_FUSE_PRICE, FAULT_FUSE_RATE, FAULT_FUSE_SELF_CROSS,
    FAULT_FUSE_SIZE, FAULT_FUSE_STANCE, Fault, check)
from engine._core.base.instrument cimport Instrument
from engine._core.base.stance cimport STANCE_FLATTEN, STANCE_PULL, STANCE_REDUCE
from engine._core.base.types cimport (
    ASK, BID, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side, qty_t)
from engine._core.gateway.credits cimport CREDIT
from engine._core.gateway.differ cimport Action
from engine._core.quote.sheet cimport Anchor, QuoteLimits
from engine._core.state.exposure cimport ExposureTable
from engine._core.state.orders cimport REQUEST_CANCEL, Order, OrderTable
from engine._core.state.position cimport Position

cdef extern from *:
    """
    #define HALFSPREAD_SLACK (1.0 + 1e-9)
    """
    const double SLACK "HALFSPREAD_SLACK"     # floats are added up in two orders

cdef inline bint meets_own(
        const Action* action, int32_t instrument, OrderTable orders) noexcept nogil:
    """Whether the price reaches an order of ours on the other side."""
    cdef Side other = ASK if action.side == BID else BID
    cdef uint32_t live = orders.live_side(instrument, other)
    cdef int32_t base = instrument * SLOTS_PER_INSTRUMENT + <int>other * SLOTS_PER_SIDE
    cdef Order* row
    while live:
        row = &orders.rows[base + low_bit(live)]
        live &= live - 1
        if action.side == BID and action.price_ticks >= row.wanted_price_ticks:
            return True
        if action.side != BID and action.price_ticks <= row.wanted_price_ticks:
            return True
    return False


cdef inline bint is_inside(
        const Action* action, double middle_ticks, double bps) noexcept nogil:
    """Whether a price does not reach past a collar; one that is not set holds all."""
    cdef double width
    if bps == 0.0:
        return True
    width = middle_ticks * bps * 1e-4
    if width < 0:
        width = -width
    if action.side == BID:
        return <double>action.price_ticks <= middle_ticks + width + 1.0
    return <double>action.price_ticks >= middle_ticks - width - 1.0


# Whether a request may be written. Call after the order table knows of it;
# credits_nano is what is left to pay with, worst_before_lots what the slot counted
# before. False: the fault is set.
cdef inline bint holds(
        const Action* action, int32_t instrument, const Instrument* row,
        const QuoteLimits* limits, const Anchor* anchor, OrderTable orders,
        Position position, int64_t credits_nano, qty_t worst_before_lots, Fault* fault
        ) noexcept nogil:
    cdef Order* order = &orders.rows[action.slot]
    cdef qty_t held, size = action.amount_lots - order.filled_lots
    if not check(fault, credits_nano >= CREDIT, FAULT_FUSE_RATE):
        return False
    if action.kind == REQUEST_CANCEL:
        return True
    if not check(fault, limits.stance < STANCE_PULL
                 or (limits.stance == STANCE_FLATTEN and action.is_take),
                 FAULT_FUSE_STANCE):
        return False
    if not check(fault, 0 < size <= limits.order_max_lots, FAULT_FUSE_SIZE):
        return False
    if not check(fault, limits.order_max_usd == 0.0
                 or size * anchor.usd_per_lot <= limits.order_max_usd * SLACK,
                 FAULT_FUSE_SIZE):
        return False
    if not check(fault, is_inside(action, anchor.mark_ticks, limits.collar_bps)
                 and is_inside(action, anchor.index_ticks, limits.collar_index_bps)
                 and (action.is_take or is_inside(
                     action, anchor.fair_ticks, limits.collar_fair_bps)),
                 FAULT_FUSE_PRICE):
        return False
    held = position.size_lots if action.side == BID else -position.size_lots
    if orders.worst(action.slot) > worst_before_lots:
        held += position.unbooked_lots[<int>action.side]
        held += position.ticket_lots[<int>action.side]
        held += orders.worst_side(instrument, action.side)
        if not check(fault, held <= (limits.position_max_lots
                                     if limits.stance < STANCE_REDUCE else 0),
                     FAULT_FUSE_EXPOSURE):
            return False
    return check(fault, not meets_own(action, instrument, orders),
                 FAULT_FUSE_SELF_CROSS)


# The same for the limits over instruments; place is that of the exposure table.
cdef bint holds_together(
    const Action* action, int place, ExposureTable table, OrderTable orders,
    qty_t worst_before_lots, Fault* fault) noexcept nogil
