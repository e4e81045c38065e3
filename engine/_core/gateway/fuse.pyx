"""The fuse: what must be true of every request, whatever the rooms before decided.

It recomputes from the order table and the raw limits and shares no code with the gate
or the differ, so that one wrong line there cannot pass here. When it fires the request
is not written, the core cancels everything and halts.
"""

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memset

from engine._core.base.check cimport (
    FAULT_FUSE_EXPOSURE, FAULT_NONE, Fault, check, fault_name)
from engine._core.base.instrument cimport InstrumentTable
from engine._core.base.stance cimport Stance, stance_of
from engine._core.base.types cimport (
    ASK, BID, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, qty_t)
from engine._core.gateway.credits cimport CREDIT
from engine._core.gateway.differ cimport Action
from engine._core.quote.sheet cimport Anchor, QuoteLimits
from engine._core.state.exposure cimport (
    GROSSES, NETS, NO_SUM, Exposed, ExposureTable)
from engine._core.state.orders cimport REQUEST_NEW, OrderTable
from engine._core.state.position cimport Position


cdef bint holds_together(
        const Action* action, int place, ExposureTable table, OrderTable orders,
        qty_t worst_before_lots, Fault* fault) noexcept nogil:
    cdef qty_t grown = orders.worst(action.slot) - worst_before_lots
    cdef qty_t buys, sells, before, after
    cdef double[GROSSES] gross
    cdef double[NETS] net
    cdef double usd
    cdef Exposed* mine = &table.rows[place]
    cdef Exposed* one
    cdef int i, k
    cdef bint is_larger = False, is_held = True
    if grown <= 0 or not table.is_capped:
        return True
    for k in range(GROSSES):
        gross[k] = 0.0
    for k in range(NETS):
        net[k] = 0.0
    for i in range(table.size):
        one = &table.rows[i]
        buys = (one.size_lots[0] + one.unbooked_lots[0] + one.ticket_lots[0]
                + orders.worst_side(one.instrument, BID))
        sells = (one.unbooked_lots[1] + one.ticket_lots[1] - one.size_lots[0]
                 + orders.worst_side(one.instrument, ASK))
        after = buys if buys > sells else sells
        if i == place:
            before = (buys if action.side == BID else sells) - grown
            is_larger = after > before and after > (
                sells if action.side == BID else buys)
        usd = after * one.usd_per_lot
        for k in range(GROSSES):
            if one.grosses[k] == mine.grosses[k]:
                gross[k] += usd
        for k in range(NETS):
            if one.nets[k] == mine.nets[k]:
                net[k] += (buys if action.side == BID else sells) * (
                    one.coins_per_lot if k == 0 else one.usd_per_lot)
    for k in range(GROSSES):
        if is_larger and mine.grosses[k] != NO_SUM:
            is_held &= is_below(gross[k], table.gross[mine.grosses[k]].max_usd)
    for k in range(NETS):
        if mine.nets[k] != NO_SUM:
            is_held &= is_below(net[k], table.net[mine.nets[k]].most)
    if not check(fault, is_held, FAULT_FUSE_EXPOSURE):
        return False
    return check(fault, mine.usd_per_lot > 0.0 and mine.coins_per_lot > 0.0,
                 FAULT_FUSE_EXPOSURE)


cdef inline bint is_below(double value, double limit) noexcept nogil:
    return limit == 0.0 or value <= limit * SLACK


def judge(row, limits, *, str side, long price_ticks, long amount_lots,
          long position_lots=0, own_other_ticks=None, double reference_ticks=0.0,
          double index_ticks=0.0, double fair_ticks=0.0, long credits=10,
          str stance="normal", bint is_take=False, double mark_price=0.0,
          double account_max_usd=0.0, double currency_max_usd=0.0,
          double delta_max=0.0, double budget_max_usd=0.0,
          double budget_delta_max_usd=0.0):
    """Return the name of the fault a new order would raise, "none" when it may pass.

    For tests and tools: builds the smallest world in which the question can be asked.

    Args:
        row: an instrument as the venue describes it.
        limits: position_max_lots, order_max_lots and collar_bps; collar_index_bps,
            collar_fair_bps and order_max_usd when there are any.
        side: "bid" or "ask".
        price_ticks: price of the new order, base ticks.
        amount_lots: its size.
        position_lots: position held before, long positive.
        own_other_ticks: price of an own order on the other side, None = none.
        reference_ticks, index_ticks, fair_ticks: what collars hang on, 0 = none.
        credits: requests left.
        stance: how far the desk has withdrawn, a name of STANCES.
        is_take: whether the order is immediate or cancel.
        mark_price: what the limits over instruments value it at, 0 = no price.
        account_max_usd, currency_max_usd, budget_max_usd: worst-case exposures.
        delta_max, budget_delta_max_usd: netted, coins and USD. All of these: 0 = none.
    """
    cdef InstrumentTable table = InstrumentTable()
    cdef int32_t index = table.add(row)
    cdef OrderTable orders = OrderTable(1)
    cdef Position position = Position()
    cdef ExposureTable exposure = ExposureTable()
    cdef QuoteLimits bounds
    cdef Anchor anchor
    cdef Action action
    cdef Fault fault
    cdef bint is_bid = side == "bid"
    memset(&bounds, 0, sizeof(bounds))
    memset(&anchor, 0, sizeof(anchor))
    anchor.mark_ticks, anchor.index_ticks = reference_ticks, index_ticks
    anchor.fair_ticks = fair_ticks
    anchor.usd_per_lot = table.rows[index].lot_size
    fault.code = FAULT_NONE
    position.row = &table.rows[index]
    position.size_lots = position_lots
    bounds.position_max_lots = limits["position_max_lots"]
    bounds.order_max_lots = limits["order_max_lots"]
    bounds.collar_bps = limits["collar_bps"]
    bounds.collar_index_bps = limits.get("collar_index_bps", 0.0)
    bounds.collar_fair_bps = limits.get("collar_fair_bps", 0.0)
    bounds.order_max_usd = limits.get("order_max_usd", 0.0)
    bounds.stance = <Stance>stance_of(stance)
    action.kind, action.side = REQUEST_NEW, BID if is_bid else ASK
    action.slot = index * SLOTS_PER_INSTRUMENT + (0 if is_bid else SLOTS_PER_SIDE)
    action.price_ticks, action.amount_lots = price_ticks, amount_lots
    action.is_take = is_take
    if own_other_ticks is not None:
        orders.send_new(
            index * SLOTS_PER_INSTRUMENT + (SLOTS_PER_SIDE if is_bid else 0),
            own_other_ticks, 1, False, 0, 0, &fault)
    orders.send_new(action.slot, price_ticks, amount_lots, False, 0, 0, &fault)
    exposure.set_budgets({"a": (budget_max_usd, budget_delta_max_usd)})
    exposure.add(index, &table.rows[index], "BTC", "BTC", position, "a")
    exposure.price(0, mark_price, mark_price)
    exposure.set_caps(account_max_usd, {"BTC": (currency_max_usd, delta_max)})
    if holds(&action, index, &table.rows[index], &bounds, &anchor, orders, position,
             credits * <int64_t>CREDIT, 0, &fault):
        holds_together(&action, 0, exposure, orders, 0, &fault)
    return fault_name(fault.code)
