"""The differ: which requests make the live orders equal to the permitted wish.

A side is a set of wishes and a set of live orders; which order serves which wish does
not matter. So first every wish is matched with an order that already serves it, within
the tolerance, and both are left alone. Then an order at a wished price is resized where
it stands: a smaller amount keeps its place in the queue. What remains is paired, best
price first, as edits; left-over orders are cancelled, left-over wishes become new
orders. One request per left-over pair is the least possible.

An order with a request in flight serves the wish it was sent for. If that wish is gone,
what takes risk away goes out on top of it, up to the venue's cap: a cancel, or an edit
away from the other side. Any other change waits for the answer, and the order holds one
wish back until then: superseded requests never pile up, no slot ever has two orders.

A post-only order that the venue moved serves the wish it was asked for until the other
side of the book has moved (``Order.asked_ticks``): asking again would move it again.

Source for the tolerance: docs.deribit.com, order management, seen 2026-08-22: a price
change or a larger amount loses the place in the queue, a smaller amount keeps it.
"""

cimport cython
from libc.stdint cimport int32_t, uint32_t

from engine._core.base.bits cimport low_bit
from engine._core.base.check cimport FAULT_INDEX, Fault, check
from engine._core.base.instrument cimport Instrument, step_at
from engine._core.base.types cimport (
    ASK, BID, LEVELS_MAX, NO_PRICE, SLOTS_PER_INSTRUMENT, TAKE_SLOT,
    Side, price_t, qty_max, qty_min, qty_t)
from engine._core.gateway.place cimport (
    Line, Stake, Yardstick, behind_fair, is_worth_keeping, weigh)
from engine._core.quote.sheet cimport Permitted, QuoteLimits, Wish
from engine._core.state.book cimport Book
from engine._core.state.orders cimport (
    ORDER_DONE, ORDER_LIVE, ORDER_PENDING_CANCEL, ORDER_UNKNOWN, REQUEST_CANCEL,
    REQUEST_EDIT, REQUEST_NEW, Order, OrderTable, RequestKind)
from engine._core.state.queue cimport Queue

cdef inline bint is_size_near(
        qty_t open_lots, qty_t wished_lots, const QuoteLimits* limits,
        qty_t headroom_lots) noexcept nogil:
    """Whether a size is within the tolerance; what is at risk already, not above."""
    cdef double slack = limits.requote_qty_pct * 0.01 * <double>wished_lots
    if open_lots > wished_lots:
        return headroom_lots >= 0 and <double>(open_lots - wished_lots) <= slack
    return <double>(wished_lots - open_lots) <= slack


cdef inline bint serves(
        OrderTable orders, int32_t slot, Side side, const Wish* wish,
        const QuoteLimits* limits, const Permitted* permitted, price_t tolerance_ticks
        ) noexcept nogil:
    """Whether an order is, or on answer will be, as good as the wish."""
    cdef Order* row = &orders.rows[slot]
    cdef price_t price = row.wanted_price_ticks
    cdef price_t apart = price - wish.price_ticks
    cdef qty_t open_lots = orders.remaining(slot)
    if row.state == ORDER_UNKNOWN or row.state == ORDER_PENDING_CANCEL:
        return False
    if row.state != ORDER_LIVE:
        open_lots = row.wanted_amount_lots - qty_max(row.filled_lots, row.booked_lots)
    elif row.asked_ticks == wish.price_ticks:
        apart = 0
    if apart > tolerance_ticks or -apart > tolerance_ticks:
        return False
    if (price < permitted.lowest_ticks[<int>side]
            or price > permitted.highest_ticks[<int>side]):
        return False
    return is_size_near(
        open_lots, wish.qty_lots, limits, permitted.headroom_lots[<int>side])


cdef void sort_wishes(Side side, Wish* wishes, int n) noexcept nogil:
    """Best price first (insertion sort: at most LEVELS_MAX)."""
    cdef int i, j
    cdef Wish held
    for i in range(1, n):
        held = wishes[i]
        j = i
        while j > 0 and is_better(side, held.price_ticks, wishes[j - 1].price_ticks):
            wishes[j] = wishes[j - 1]
            j -= 1
        wishes[j] = held


cdef void sort_slots(
        Side side, OrderTable orders, int32_t* slots, int n) noexcept nogil:
    """Best price first, as last asked for."""
    cdef int i, j
    cdef int32_t held
    for i in range(1, n):
        held = slots[i]
        j = i
        while j > 0 and is_better(side, orders.rows[held].wanted_price_ticks,
                                  orders.rows[slots[j - 1]].wanted_price_ticks):
            slots[j] = slots[j - 1]
            j -= 1
        slots[j] = held


cdef int match(
        OrderTable orders, Side side, int32_t first, const QuoteLimits* limits,
        const Permitted* permitted, price_t tolerance_ticks, Wish* wishes, int n_wishes,
        uint32_t* idle) noexcept nogil:
    """Drop every wish that an order serves, and the order from those that serve none.

    Returns the wishes left.
    """
    cdef uint32_t rest
    cdef int i, left = 0
    for i in range(n_wishes):
        rest = idle[0]
        while rest:
            if serves(orders, first + low_bit(rest), side, &wishes[i], limits,
                      permitted, tolerance_ticks):
                idle[0] &= ~(rest & (~rest + 1))
                break
            rest &= rest - 1
        if rest == 0:
            wishes[left] = wishes[i]
            left += 1
    return left


cdef inline void edit(
        Differ differ, int32_t slot, Side side, const Wish* wish, OrderTable orders,
        Queue queue, Book book, qty_t* room) noexcept nogil:
    """Send an order to a wish, as far as the room goes; cancel it where there is none.
    """
    cdef Order* order = &orders.rows[slot]
    cdef qty_t filled = qty_max(order.filled_lots, order.booked_lots)
    cdef qty_t untraded = filled - order.booked_lots
    cdef qty_t worst = orders.worst(slot)
    cdef qty_t qty = qty_min(wish.qty_lots, worst + room[0] - untraded)
    cdef price_t price = wish.price_ticks
    cdef bint is_towards = is_better(side, price, order.wanted_price_ticks)
    cdef double place_share = 0.0
    if qty < differ.row.min_qty_lots:
        differ._cancel(slot, side)
        return
    if (order.wanted_price_ticks == price
            and qty == order.wanted_amount_lots - filled):
        return
    if order.n_pending and (is_towards or not orders.can_edit(slot)):
        return
    if (differ.yard != NULL and order.state == ORDER_LIVE
            and differ._stays(
                slot, side, price, qty, orders, queue, book, &place_share)):
        if (orders.remaining(slot) <= qty
                or is_size_near(orders.remaining(slot), qty, differ.limits,
                                differ.permitted.headroom_lots[<int>side])):
            return
        price, is_towards, place_share = order.price_ticks, False, 0.0
    room[0] -= qty_max(0, untraded + qty - worst)
    differ._add(
        REQUEST_EDIT,
        RANK_TOWARDS if is_towards else RANK_AWAY,
        slot, side, price, filled + qty, place_share)


@cython.final
cdef class Differ:
    """Plans the requests of one instrument at a time; keeps nothing between turns."""

    cdef void _add(
            self, RequestKind kind, Rank rank, int32_t slot, Side side,
            price_t price_ticks, qty_t amount_lots, double place_share) noexcept nogil:
        cdef Action* action
        if not check(self.fault, self.n_actions < SLOTS_PER_INSTRUMENT, FAULT_INDEX):
            return
        action = &self.actions[self.n_actions]
        self.n_actions += 1
        action.kind = kind
        action.rank = rank
        self.ranks |= <unsigned int>1 << <int>rank
        action.slot = slot
        action.side = side
        action.price_ticks = price_ticks
        action.amount_lots = amount_lots
        action.is_take = False
        action.place_share = place_share

    cdef void _cancel(self, int32_t slot, Side side) noexcept nogil:
        self._add(REQUEST_CANCEL, RANK_CANCEL, slot, side, NO_PRICE, 0, 0.0)

    cdef bint _stays(
            self, int32_t slot, Side side, price_t price_ticks, qty_t qty_lots,
            OrderTable orders, Queue queue, Book book, double* place_share
            ) noexcept nogil:
        """Whether an order does better where it stands; else what it gives up."""
        cdef Order* order = &orders.rows[slot]
        cdef price_t apart = order.price_ticks - price_ticks
        cdef price_t most = self.limits.requote_ticks + self.limits.queue_ticks
        cdef Line line
        cdef Stake stake
        line.ahead_lots = queue.stands(slot, &line.others_lots)
        line.joins_lots = queue.line(side, price_ticks, book)
        line.step_ticks = <double>step_at(self.row, price_ticks)
        if not weigh(
                &line, behind_fair(side, <double>order.price_ticks, self.yard),
                behind_fair(side, <double>price_ticks, self.yard), self.yard, &stake):
            return False
        place_share[0] = stake.place
        return (-most <= apart <= most
                and order.price_ticks >= self.permitted.lowest_ticks[<int>side]
                and order.price_ticks <= self.permitted.highest_ticks[<int>side]
                and is_worth_keeping(&stake, orders.remaining(slot), qty_lots))

    cdef int _resize(
            self, Side side, OrderTable orders, Queue queue, Book book, Wish* wishes,
            int n_wishes, int32_t* movable, int* n_movable, qty_t* room
            ) noexcept nogil:
        """Edit the orders that stand at a wished price; returns the wishes left."""
        cdef int i, j, left = 0
        for i in range(n_wishes):
            j = 0
            while (j < n_movable[0] and orders.rows[movable[j]].wanted_price_ticks
                    != wishes[i].price_ticks):
                j += 1
            if j == n_movable[0]:
                wishes[left] = wishes[i]
                left += 1
                continue
            edit(self, movable[j], side, &wishes[i], orders, queue, book, room)
            n_movable[0] -= 1
            movable[j] = movable[n_movable[0]]
        return left

    cdef void _new(
            self, int32_t slot, Side side, const Wish* wish, qty_t* room
            ) noexcept nogil:
        cdef qty_t qty = qty_min(wish.qty_lots, room[0])
        if qty < self.row.min_qty_lots:
            return
        room[0] -= qty
        self._add(REQUEST_NEW, RANK_TOWARDS, slot, side, wish.price_ticks, qty, 0.0)

    cdef void _pair_side(
            self, int32_t instrument, Side side, OrderTable orders, Queue queue,
            Book book) noexcept nogil:
        cdef int32_t first = first_slot(instrument, side)
        cdef int n_wishes = self.permitted.n_levels[<int>side]
        cdef uint32_t idle = orders.live_side(instrument, side) & LEVEL_BITS
        cdef uint32_t free_levels = ~idle & LEVEL_BITS
        cdef Wish[LEVELS_MAX] wishes
        cdef int32_t[LEVELS_MAX] movable
        cdef int i, n_movable = 0, n_held = 0
        cdef qty_t room = self.permitted.headroom_lots[<int>side]
        for i in range(n_wishes):
            wishes[i] = self.permitted.levels[<int>side][i]
        sort_wishes(side, wishes, n_wishes)
        n_wishes = match(orders, side, first, self.limits, self.permitted, 0, wishes,
                         n_wishes, &idle)
        if self.limits.requote_ticks > 0:
            n_wishes = match(orders, side, first, self.limits, self.permitted,
                             self.limits.requote_ticks, wishes, n_wishes, &idle)
        while idle:
            if orders.can_cancel(first + low_bit(idle)):
                movable[n_movable] = first + low_bit(idle)
                n_movable += 1
            else:
                n_held += 1
            idle &= idle - 1
        n_wishes = self._resize(side, orders, queue, book, wishes, n_wishes, movable,
                                &n_movable, &room)
        sort_slots(side, orders, movable, n_movable)
        for i in range(n_movable):
            if i < n_wishes:
                edit(self, movable[i], side, &wishes[i], orders, queue, book, &room)
            else:
                self._cancel(movable[i], side)
        for i in range(n_movable, n_wishes - n_held):
            if free_levels:
                self._new(first + low_bit(free_levels), side, &wishes[i], &room)
                free_levels &= free_levels - 1

    cdef void _plan_side(
            self, int32_t instrument, Side side, OrderTable orders, Queue queue,
            Book book) noexcept nogil:
        cdef int n_wishes = self.permitted.n_levels[<int>side]
        cdef uint32_t idle = orders.live_side(instrument, side) & LEVEL_BITS
        cdef const Wish* wish = &self.permitted.levels[<int>side][0]
        cdef qty_t room = self.permitted.headroom_lots[<int>side]
        cdef int32_t slot
        if n_wishes == 0 and idle == 0:
            return
        if n_wishes != 1 or idle == 0 or idle & (idle - 1):
            self._pair_side(instrument, side, orders, queue, book)
            return
        # One wish, one order: it serves, or goes there, or waits for an answer.
        slot = first_slot(instrument, side) + low_bit(idle)
        if not serves(orders, slot, side, wish, self.limits, self.permitted,
                      self.limits.requote_ticks) and orders.can_cancel(slot):
            edit(self, slot, side, wish, orders, queue, book, &room)

    cdef void _plan_take(self, int32_t instrument, OrderTable orders) noexcept nogil:
        cdef Side side = self.permitted.take_side
        cdef int32_t slot = first_slot(instrument, side) + TAKE_SLOT
        cdef qty_t room = self.permitted.headroom_lots[<int>side]
        # One at a time, whichever side: what the first one brings is not known yet.
        if (orders.rows[slot].state != ORDER_DONE
                or orders.rows[first_slot(instrument, <Side>(1 - <int>side))
                               + TAKE_SLOT].state != ORDER_DONE):
            return
        self._new(slot, side, &self.permitted.take_wish, &room)
        if self.n_actions and self.actions[self.n_actions - 1].slot == slot:
            self.actions[self.n_actions - 1].is_take = True

    cdef void plan(
            self, int32_t instrument, const Instrument* row, const QuoteLimits* limits,
            const Permitted* permitted, OrderTable orders, Queue queue, Book book,
            const Yardstick* yard, Fault* fault) noexcept nogil:
        self.n_actions = 0
        self.ranks = 0
        self.row, self.limits, self.permitted = row, limits, permitted
        self.yard, self.fault = yard, fault
        self._plan_side(instrument, BID, orders, queue, book)
        self._plan_side(instrument, ASK, orders, queue, book)
        if permitted.take_wish.qty_lots:
            self._plan_take(instrument, orders)
