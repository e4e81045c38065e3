"""The gate: wish in, permitted wish out. Policy, not invariants (those are the fuse's).

In this order, each wish is

1. held inside the price bounds: the collar around the reference price, the venue's own
   price band, and post-only discipline (a bid below the best ask, an ask above the best
   bid). Too aggressive is clipped to the bound, too far away is dropped;
2. cut to ``order_max_lots``, dropped below the instrument's minimum;
3. cut so that position plus all permitted size of its side stays inside the limit.

A taking wish whose clipped limit does not reach the touch is dropped.

Sizes are also cut to ``order_cap_lots`` and to the room the limits over instruments
leave. Under WIDEN every resting wish is first moved away from the middle of the book.
From REDUCE on the position limit counts as nothing: a side may close what is held and
no more, and orders that could do more than that are pulled or made smaller.

``headroom_lots`` says how much more may be put at risk now, with everything open,
in flight and unknown counted at its worst; the differ may not pass it, so the limit
holds at every instant and not only after the requests have been answered.
"""

from libc.math cimport fabs, fmax, fmin
from libc.stdint cimport int32_t

from engine._core.base.event cimport Ticker
from engine._core.base.instrument cimport (
    Instrument, ceil_ticks, floor_ticks, round_down, round_passive, round_up)
from engine._core.base.stance cimport STANCE_REDUCE
from engine._core.base.types cimport (
    ASK, BID, NO_PRICE, Side, price_max, price_min, price_t, qty_min, qty_t)
from engine._core.quote.sheet cimport (
    Anchor, Permitted, QuoteLimits, QuoteSheet, Wish)
from engine._core.state.book cimport Book
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position


cdef void blank(Permitted* out) noexcept nogil:
    out.n_levels[0] = out.n_levels[1] = 0
    out.take_wish.qty_lots = 0
    out.headroom_lots[0] = out.headroom_lots[1] = 0


cdef inline qty_t position_bound(const QuoteLimits* limits) noexcept nogil:
    return 0 if limits.stance >= STANCE_REDUCE else limits.position_max_lots


cdef inline qty_t room_beside(
        Side side, const QuoteLimits* limits, Position position) noexcept nogil:
    """What a side may hold in open orders: the limit less what is held already."""
    return (position_bound(limits) - position.unbooked_lots[<int>side]
            - position.ticket_lots[<int>side]
            - (position.size_lots if side == BID else -position.size_lots))


cdef qty_t headroom(
        int32_t instrument, Side side, const QuoteLimits* limits, OrderTable orders,
        Position position) noexcept nogil:
    return (room_beside(side, limits, position)
            - orders.worst_side(instrument, side))


cdef inline void set_bounds(
        const Instrument* row, const QuoteLimits* limits, Book book,
        const Ticker* ticker, const Anchor* anchor, Permitted* out) noexcept nogil:
    """Write the price bounds of both sides: collars, venue band, post-only."""
    cdef double width = fabs(anchor.mark_ticks) * limits.collar_bps * 1e-4
    cdef double lowest = anchor.mark_ticks - width
    cdef double highest = anchor.mark_ticks + width
    cdef price_t low, high
    if limits.collar_index_bps > 0.0:  # no index: nothing is inside
        width = anchor.index_ticks * limits.collar_index_bps * 1e-4
        lowest = fmax(lowest, anchor.index_ticks - width)
        highest = fmin(highest, anchor.index_ticks + width)
    low = round_up(row, ceil_ticks(lowest))
    high = round_down(row, floor_ticks(highest))
    out.lowest_ticks[<int>BID] = low
    out.highest_ticks[<int>BID] = price_min(
        high, round_down(row, book.best(ASK) - 1))
    if ticker.max_price_ticks != NO_PRICE:
        out.highest_ticks[<int>BID] = price_min(
            out.highest_ticks[<int>BID], ticker.max_price_ticks)
    if limits.collar_fair_bps > 0.0:
        width = fabs(anchor.fair_ticks) * limits.collar_fair_bps * 1e-4
        out.highest_ticks[<int>BID] = price_min(
            out.highest_ticks[<int>BID],
            round_down(row, floor_ticks(anchor.fair_ticks + width)))
        low = price_max(low, round_up(row, ceil_ticks(anchor.fair_ticks - width)))
    out.highest_ticks[<int>ASK] = high
    out.lowest_ticks[<int>ASK] = price_max(low, round_up(row, book.best(BID) + 1))
    if ticker.min_price_ticks != NO_PRICE:
        out.lowest_ticks[<int>ASK] = price_max(
            out.lowest_ticks[<int>ASK], ticker.min_price_ticks)


cdef void widen(
        Side side, const Instrument* row, const QuoteLimits* limits, Book book,
        Wish* wish) noexcept nogil:
    """Move a resting wish away from the middle: by ticks, and by a factor."""
    cdef double middle = 0.5 * (<double>book.best(BID) + <double>book.best(ASK))
    cdef double away = -1.0 if side == BID else 1.0
    cdef double apart = (<double>wish.price_ticks - middle) * away
    cdef double wanted = fmax(
        apart + limits.widen_ticks, apart * limits.widen_factor)
    wish.price_ticks = round_passive(row, side, middle + away * wanted)
    if wish.price_ticks == NO_PRICE:
        wish.qty_lots = 0


cdef inline bint hold_price(
        Side side, Wish* wish, const Permitted* bounds, GateCounts* counts
        ) noexcept nogil:
    """Clip an aggressive price to its bound; False: too far away, drop the wish."""
    cdef price_t low = bounds.lowest_ticks[<int>side]
    cdef price_t high = bounds.highest_ticks[<int>side]
    if low > high:
        return False
    if side == BID:
        if wish.price_ticks < low:
            return False
        if wish.price_ticks > high:
            wish.price_ticks = high
            counts.clipped_price += 1
    else:
        if wish.price_ticks > high:
            return False
        if wish.price_ticks < low:
            wish.price_ticks = low
            counts.clipped_price += 1
    return True


cdef inline bint hold_size(
        const Instrument* row, const QuoteLimits* limits, Wish* wish, qty_t* room,
        GateCounts* counts) noexcept nogil:
    """Cut a size to the order limit and the room left; False: below the minimum."""
    cdef qty_t most = limits.order_max_lots
    if limits.order_max_usd > 0.0:
        most = qty_min(most, limits.order_cap_lots)
    if wish.qty_lots > most:
        wish.qty_lots = most
        counts.clipped_size += 1
    if wish.qty_lots > room[0]:
        wish.qty_lots = room[0]
        counts.clipped_position += 1
    if wish.qty_lots < row.min_qty_lots:
        return False
    room[0] -= wish.qty_lots
    return True


cdef void shape_take(
        QuoteSheet sheet, const Instrument* row, const QuoteLimits* limits, Book book,
        qty_t[2] room, Permitted* out, GateCounts* counts) noexcept nogil:
    """Permit the taking wish inside collar, size and position limits.

    One that does not reach the touch would find nobody, and be sent again and again.
    """
    cdef Wish wish = sheet.take_wish
    cdef Side side = sheet.take_side
    cdef bint reaches
    # Takes may cross the touch, so only the far bound of the other side applies.
    if side == BID:
        wish.price_ticks = price_min(wish.price_ticks, out.highest_ticks[<int>ASK])
        reaches = wish.price_ticks >= book.best(ASK)
    else:
        wish.price_ticks = price_max(wish.price_ticks, out.lowest_ticks[<int>BID])
        reaches = wish.price_ticks <= book.best(BID)
    if reaches and hold_size(row, limits, &wish, &room[<int>side], counts):
        out.take_wish = wish
        out.take_side = side
    else:
        counts.blanked += 1


cdef inline void make_room(
        Side side, int32_t instrument, const QuoteLimits* limits, qty_t together_lots,
        OrderTable orders, Position position, Permitted* out, qty_t* room
        ) noexcept nogil:
    """Write the headroom of a side, and what its wishes may have in all."""
    cdef qty_t open_lots = orders.worst_side(instrument, side)
    cdef qty_t free_lots = room_beside(side, limits, position)
    out.headroom_lots[<int>side] = qty_min(together_lots, free_lots - open_lots)
    room[0] = qty_min(together_lots + open_lots, free_lots)


cdef inline void shape_side(
        Side side, QuoteSheet sheet, const Instrument* row, const QuoteLimits* limits,
        Book book, qty_t* room, Permitted* out, GateCounts* counts) noexcept nogil:
    """Permit the resting wishes of a side."""
    cdef Wish wish
    cdef int i, n = 0
    for i in range(sheet.n_levels[<int>side]):
        wish = sheet.levels[<int>side][i]
        if limits.widens:
            widen(side, row, limits, book, &wish)
        if (hold_price(side, &wish, out, counts)
                and hold_size(row, limits, &wish, room, counts)):
            out.levels[<int>side][n] = wish
            n += 1
        else:
            counts.blanked += 1
    out.n_levels[<int>side] = n


cdef void shape(
        QuoteSheet sheet, int32_t instrument, const Instrument* row,
        const QuoteLimits* limits, Book book, const Ticker* ticker,
        const Anchor* anchor, const qty_t* together, OrderTable orders,
        Position position, Permitted* out, GateCounts* counts) noexcept nogil:
    cdef qty_t[2] room
    out.take_wish.qty_lots = 0
    set_bounds(row, limits, book, ticker, anchor, out)
    make_room(BID, instrument, limits, together[0], orders, position, out, &room[0])
    make_room(ASK, instrument, limits, together[1], orders, position, out, &room[1])
    if sheet.take_wish.qty_lots:
        shape_take(sheet, row, limits, book, room, out, counts)
    shape_side(BID, sheet, row, limits, book, &room[0], out, counts)
    shape_side(ASK, sheet, row, limits, book, &room[1], out, counts)
    if crosses_itself(out):
        counts.crossed += 1
        out.n_levels[0] = out.n_levels[1] = 0


cdef inline bint crosses_itself(const Permitted* out) noexcept nogil:
    """Whether a permitted bid meets a permitted ask."""
    cdef int i
    cdef price_t best_bid, best_ask
    if out.n_levels[<int>BID] == 0 or out.n_levels[<int>ASK] == 0:
        return False
    best_bid = out.levels[<int>BID][0].price_ticks
    best_ask = out.levels[<int>ASK][0].price_ticks
    for i in range(1, out.n_levels[<int>BID]):
        best_bid = price_max(best_bid, out.levels[<int>BID][i].price_ticks)
    for i in range(1, out.n_levels[<int>ASK]):
        best_ask = price_min(best_ask, out.levels[<int>ASK][i].price_ticks)
    return best_bid >= best_ask
