# Permitted wish against live orders: the fewest requests that make one into the other.
from libc.stdint cimport int32_t

from engine._core.base.check cimport Fault
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport SLOTS_PER_INSTRUMENT, Side, price_t, qty_t
from engine._core.quote.sheet cimport Permitted, QuoteLimits, Wish
from engine._core.state.orders cimport OrderTable, RequestKind


# Requests go out by rank: pull first, then step away, then step towards the other side,
# so that the own bid and ask never meet on the way.
cdef enum Rank:
    RANK_CANCEL = 0
    RANK_AWAY = 1
    RANK_TOWARDS = 2


cdef enum:
    RANKS = 3


cdef struct Action:
    RequestKind kind
    Rank rank
    int32_t slot
    Side side
    price_t price_ticks
    qty_t amount_lots      # new: size; edit: total, filled part included; cancel: 0
    bint is_take


cdef class Differ:
    cdef:
        Action[SLOTS_PER_INSTRUMENT] actions
        int n_actions

    # Fill `actions`. Cost: LEVELS_MAX^2 compares a side, no allocation.
    cdef void plan(
        self, int32_t instrument, const Instrument* row, const QuoteLimits* limits,
        const Permitted* permitted, OrderTable orders, Fault* fault) noexcept nogil

    # Inside only.
    cdef void _plan_side(
        self, int32_t instrument, Side side, const Instrument* row,
        const QuoteLimits* limits, const Permitted* permitted, OrderTable orders,
        Fault* fault) noexcept nogil
    cdef void _plan_take(
        self, int32_t instrument, const Instrument* row, const Permitted* permitted,
        OrderTable orders, Fault* fault) noexcept nogil
    cdef void _edit(
        self, int32_t slot, Side side, const Instrument* row, const Wish* wish,
        OrderTable orders, qty_t* room, Fault* fault) noexcept nogil
    cdef int _resize(
        self, Side side, const Instrument* row, OrderTable orders, Wish* wishes,
        int n_wishes, int32_t* movable, int* n_movable, qty_t* room, Fault* fault
        ) noexcept nogil
    cdef void _new(
        self, int32_t slot, Side side, const Instrument* row, const Wish* wish,
        qty_t* room, Fault* fault) noexcept nogil
    cdef void _cancel(self, int32_t slot, Side side, Fault* fault) noexcept nogil
    cdef void _add(
        self, RequestKind kind, Rank rank, int32_t slot, Side side,
        price_t price_ticks, qty_t amount_lots, Fault* fault) noexcept nogil


# The price of the other side of ours that an order of `side` must not reach; NO_PRICE
# when there is none. Orders whose price is in doubt count at their nearest.
cdef price_t own_barrier(
    OrderTable orders, int32_t instrument, Side side) noexcept nogil
