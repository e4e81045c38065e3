# Permitted wish against live orders: the fewest requests that make one into the other.
cimport cython
from libc.stdint cimport int32_t, uint32_t

from engine._core.base.bits cimport low_bit
from engine._core.base.check cimport Fault
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport (
    ASK, BID, LEVELS_MAX, NO_PRICE, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side, price_t,
    qty_t)
from engine._core.gateway.place cimport Yardstick
from engine._core.quote.sheet cimport Permitted, QuoteLimits, Wish
from engine._core.state.book cimport Book
from engine._core.state.orders cimport (
    ORDER_PENDING_CANCEL, ORDER_PENDING_EDIT, ORDER_UNKNOWN, Order, OrderTable,
    RequestKind)
from engine._core.state.queue cimport Queue


# Requests go out by rank: pull first, then step away, then step towards the other side,
# so that the own bid and ask never meet on the way.
cdef enum Rank:
    RANK_CANCEL = 0
    RANK_AWAY = 1
    RANK_TOWARDS = 2


cdef enum:
    RANKS = 3
    LEVEL_BITS = (1 << LEVELS_MAX) - 1


cdef struct Action:
    RequestKind kind
    Rank rank
    int32_t slot
    Side side
    price_t price_ticks
    qty_t amount_lots      # new: size; edit: total, filled part included; cancel: 0
    bint is_take
    double place_share     # edit: given up with the place, see Stake


@cython.final
cdef class Differ:
    cdef:
        Action[SLOTS_PER_INSTRUMENT] actions
        int n_actions
        unsigned int ranks         # a bit for each rank among them
        # Of the plan being made.
        const Instrument* row
        const QuoteLimits* limits
        const Permitted* permitted
        const Yardstick* yard      # NULL = no place in line counts
        Fault* fault

    # Fill `actions`. Cost: LEVELS_MAX^2 compares a side, two reads of the book for each
    # order whose place is weighed, no allocation. yard: NULL = no place is weighed.
    cdef void plan(
        self, int32_t instrument, const Instrument* row, const QuoteLimits* limits,
        const Permitted* permitted, OrderTable orders, Queue queue, Book book,
        const Yardstick* yard, Fault* fault) noexcept nogil

    # Inside only.
    cdef void _plan_side(
        self, int32_t instrument, Side side, OrderTable orders, Queue queue, Book book
        ) noexcept nogil
    cdef void _pair_side(
        self, int32_t instrument, Side side, OrderTable orders, Queue queue, Book book
        ) noexcept nogil
    cdef void _plan_take(self, int32_t instrument, OrderTable orders) noexcept nogil
    cdef bint _stays(
        self, int32_t slot, Side side, price_t price_ticks, qty_t qty_lots,
        OrderTable orders, Queue queue, Book book, double* place_share) noexcept nogil
    cdef int _resize(
        self, Side side, OrderTable orders, Queue queue, Book book, Wish* wishes,
        int n_wishes, int32_t* movable, int* n_movable, qty_t* room) noexcept nogil
    cdef void _new(
        self, int32_t slot, Side side, const Wish* wish, qty_t* room) noexcept nogil
    cdef void _cancel(self, int32_t slot, Side side) noexcept nogil
    cdef void _add(
        self, RequestKind kind, Rank rank, int32_t slot, Side side,
        price_t price_ticks, qty_t amount_lots, double place_share) noexcept nogil


cdef inline bint is_better(Side side, price_t a, price_t b) noexcept nogil:
    """Whether price a is nearer to the other side of the book than b."""
    return a > b if side == BID else a < b


cdef inline int32_t first_slot(int32_t instrument, Side side) noexcept nogil:
    return instrument * SLOTS_PER_INSTRUMENT + <int>side * SLOTS_PER_SIDE


# The price of the other side of ours that an order of `side` must not reach; NO_PRICE
# when there is none. Orders whose price is in doubt count at their nearest; a take in
# flight counts, because the venue may hold it up while a quote overtakes it. For a take
# edits in flight count at every price they may leave: one that is refused moves
# nothing, and a take is not post-only.
cdef inline price_t own_barrier(
        OrderTable orders, int32_t instrument, Side side, bint is_take) noexcept nogil:
    cdef Side other = ASK if side == BID else BID
    cdef int32_t first = first_slot(instrument, other)
    cdef uint32_t live = orders.live_side(instrument, other)
    cdef price_t nearest = NO_PRICE, price
    cdef Order* row
    cdef int i
    while live:
        row = &orders.rows[first + low_bit(live)]
        live &= live - 1
        price = row.wanted_price_ticks
        if ((row.state == ORDER_UNKNOWN or row.state == ORDER_PENDING_CANCEL
             or is_take and row.state == ORDER_PENDING_EDIT)
                and is_better(other, row.price_ticks, price)):
            price = row.price_ticks
        if is_take:
            for i in range(row.n_pending):
                if is_better(other, row.pending[i].price_ticks, price):
                    price = row.pending[i].price_ticks
        if nearest == NO_PRICE or is_better(other, price, nearest):
            nearest = price
    return nearest
