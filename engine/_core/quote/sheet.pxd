# The wish of a strategy for one instrument, and what the gate left of it: prices and
# sizes, nothing about orders.
cimport cython

from engine._core.base.instrument cimport Instrument
from engine._core.base.stance cimport Stance
from engine._core.base.types cimport (
    LEVELS_MAX, NO_PRICE, Side, nanos_t, price_t, qty_t)


cdef struct Wish:
    price_t price_ticks        # legal for the instrument
    qty_t qty_lots             # 0 = no wish


cdef struct QuoteLimits:
    qty_t position_max_lots    # |position| plus worst case of every order, a side
    qty_t order_max_lots       # open size of one order
    double collar_bps          # distance of a price from the reference, 1e-4 of it
    nanos_t stale_ns           # no word about the instrument for longer: no quotes
    price_t requote_ticks      # a live price this close to the wish is left alone
    double requote_qty_pct     # a live size this close to the wish is left alone
    price_t queue_ticks        # beyond requote_ticks, for a good place; 0 = none counts
    double widen_ticks         # under WIDEN a quote stands this much farther out, and
    double widen_factor        # at least this many times as far from the middle
    double unwind_bps          # an unwinding order reaches this far past the touch
    double collar_index_bps    # the same as collar_bps around the index, 0 = none
    double collar_fair_bps     # farthest past our own fair value, 0 = none
    nanos_t stale_book_ns      # silence of the book channel, 0 = no limit
    nanos_t stale_mark_ns      # silence of the ticker, 0 = no limit
    nanos_t stale_index_ns     # standstill of the index price, 0 = no limit
    nanos_t lag_widen_ns       # feed lag beyond the usual: wider, 0 = no limit
    nanos_t lag_max_ns         # feed lag beyond the usual: no quotes, 0 = no limit
    double order_max_usd       # notional of one order, 0 = no limit
    qty_t order_cap_lots       # the same in lots at the price of now
    int post_only_rejects_max  # in a row: the book is subscribed anew, 0 = no limit
    bint widens                # quotes stand wider: by the stance, or a mild feed lag
    Stance stance              # in force: the worse of the account's and the market's


# What prices are held against, base ticks; 0 = there is none.
cdef struct Anchor:
    double mark_ticks          # mark, else the middle of the book
    double index_ticks
    double fair_ticks          # the micro-price
    double usd_per_lot


# The permitted wish. Levels are compacted; a taking wish stands in take_wish.
cdef struct Permitted:
    Wish[2][LEVELS_MAX] levels         # by side
    int[2] n_levels
    Wish take_wish
    Side take_side
    price_t[2] lowest_ticks            # live prices outside these bounds must move,
    price_t[2] highest_ticks           # whatever the tolerance
    qty_t[2] headroom_lots             # how much more may be put at risk right now


@cython.final
cdef class QuoteSheet:
    cdef:
        const Instrument* row
        object keep                    # what the row lives in, when made by hand
        Wish[2][LEVELS_MAX] levels     # by side, best first as written
        int[2] n_levels                # levels written a side, holes (qty 0) included
        Wish take_wish                 # immediate-or-cancel up to this limit price
        Side take_side
        readonly int refused           # wishes that could not be written (see add)

    cdef inline void clear(self) noexcept nogil:
        self.n_levels[0] = self.n_levels[1] = 0
        self.take_wish.qty_lots = 0
        self.take_wish.price_ticks = NO_PRICE

    cdef inline bint is_blank(self) noexcept nogil:
        return (self.n_levels[0] == 0 and self.n_levels[1] == 0
                and self.take_wish.qty_lots == 0)

    # Wish one more level. Price in fractional base ticks, rounded away from the touch.
    # False and counted in `refused`: more than LEVELS_MAX levels, qty <= 0, price not
    # finite. A refused wish takes no level number.
    cdef bint add(self, Side side, double price_ticks, qty_t qty_lots) noexcept nogil
    # The same at a price that is legal.
    cdef inline bint add_legal(
            self, Side side, price_t price_ticks, qty_t qty_lots) noexcept nogil:
        cdef int n = self.n_levels[<int>side]
        if n >= LEVELS_MAX or qty_lots <= 0:
            self.refused += 1
            return False
        self.levels[<int>side][n].price_ticks = price_ticks
        self.levels[<int>side][n].qty_lots = qty_lots
        self.n_levels[<int>side] = n + 1
        return True

    cdef bint set_take(
        self, Side side, double limit_ticks, qty_t qty_lots) noexcept nogil


cdef QuoteSheet new_sheet(const Instrument* row)
