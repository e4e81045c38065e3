"""The fuse: what must be true of every request, whatever the rooms before decided.

It recomputes from the order table and the raw limits and shares no code with the gate
or the differ, so that one wrong line there cannot pass here. When it fires the request
is not written, the core cancels everything and halts.
"""

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memset

from engine._core.base.check cimport (
    FAULT_FUSE_EXPOSURE, FAULT_FUSE_PRICE, FAULT_FUSE_RATE, FAULT_FUSE_SELF_CROSS,
    FAULT_FUSE_SIZE, FAULT_FUSE_STANCE, FAULT_NONE, Fault, check, fault_name)
from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.stance cimport (
    STANCE_FLATTEN, STANCE_PULL, STANCE_REDUCE, Stance, stance_of)
from engine._core.base.types cimport (
    ASK, BID, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, TAKE_SLOT, qty_t)
from engine._core.gateway.credits cimport CREDIT
from engine._core.gateway.differ cimport Action
from engine._core.quote.sheet cimport QuoteLimits
from engine._core.state.orders cimport (
    ORDER_DONE, REQUEST_CANCEL, REQUEST_NEW, Order, OrderTable)
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
        Position position, int64_t credits_nano, qty_t worst_before_lots, Fault* fault
        ) noexcept nogil:
    cdef Order* order = &orders.rows[action.slot]
    cdef double price = <double>action.price_ticks
    cdef double width = reference_ticks * limits.collar_bps * 1e-4
    cdef qty_t held
    if not check(fault, credits_nano >= CREDIT, FAULT_FUSE_RATE):
        return False
    if action.kind == REQUEST_CANCEL:
        return True
    if not check(fault, limits.stance < STANCE_PULL
                 or (limits.stance == STANCE_FLATTEN and action.is_take),
                 FAULT_FUSE_STANCE):
        return False
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
        if not check(fault, held <= (limits.position_max_lots
                                     if limits.stance < STANCE_REDUCE else 0),
                     FAULT_FUSE_EXPOSURE):
            return False
    return check(fault, not meets_own(action, instrument, orders),
                 FAULT_FUSE_SELF_CROSS)


def judge(row, limits, *, str side, long price_ticks, long amount_lots,
          long position_lots=0, own_other_ticks=None, double reference_ticks=0.0,
          long credits=10, str stance="normal", bint is_take=False):
    """Return the name of the fault a new order would raise, "none" when it may pass.

    For tests and tools: builds the smallest world in which the question can be asked.

    Args:
        row: an instrument as the venue describes it.
        limits: position_max_lots, order_max_lots and collar_bps.
        side: "bid" or "ask".
        price_ticks: price of the new order, base ticks.
        amount_lots: its size.
        position_lots: position held before, long positive.
        own_other_ticks: price of an own order on the other side, None = none.
        reference_ticks: reference price of the collar.
        credits: requests left.
        stance: how far the desk has withdrawn, a name of STANCES.
        is_take: whether the order is immediate or cancel.
    """
    cdef InstrumentTable table = InstrumentTable()
    cdef int32_t index = table.add(row)
    cdef OrderTable orders = OrderTable(1)
    cdef Position position = Position()
    cdef QuoteLimits bounds
    cdef Action action
    cdef Fault fault
    cdef bint is_bid = side == "bid"
    memset(&bounds, 0, sizeof(bounds))
    fault.code = FAULT_NONE
    position.row = &table.rows[index]
    position.size_lots = position_lots
    bounds.position_max_lots = limits["position_max_lots"]
    bounds.order_max_lots = limits["order_max_lots"]
    bounds.collar_bps = limits["collar_bps"]
    bounds.stance = <Stance>stance_of(stance)
    action.kind = REQUEST_NEW
    action.side = BID if is_bid else ASK
    action.slot = index * SLOTS_PER_INSTRUMENT + (0 if is_bid else SLOTS_PER_SIDE)
    action.price_ticks = price_ticks
    action.amount_lots = amount_lots
    action.is_take = is_take
    if own_other_ticks is not None:
        orders.send_new(
            index * SLOTS_PER_INSTRUMENT + (SLOTS_PER_SIDE if is_bid else 0),
            own_other_ticks, 1, False, 0, 0, &fault)
    orders.send_new(action.slot, price_ticks, amount_lots, False, 0, 0, &fault)
    holds(&action, index, &table.rows[index], &bounds, reference_ticks, orders,
          position, credits * <int64_t>CREDIT, 0, &fault)
    return fault_name(fault.code)
