# One instrument's order book: full depth, integer ticks, O(1) update and best price.
cimport cython
from libc.stdint cimport int64_t

from engine._core.base.check cimport Fault
from engine._core.base.event cimport BookChange
from engine._core.base.types cimport (
    ASK, BID, NO_PRICE, Side, nanos_t, price_t, qty_t)
from engine._core.state.ladder cimport Ladder

cdef enum:
    WINDOW_TICKS_DEFAULT = 65536
    WINDOW_TICKS_OPTION = 16384   # 1.6 coins in ticks of 0.0001: all an option costs


cdef enum BookState:
    BOOK_EMPTY = 0       # no snapshot yet
    BOOK_READABLE = 1    # chain unbroken, not crossed
    BOOK_GAPPED = 2      # a change was missed (or unreadable): wait for a snapshot
    BOOK_CROSSED = 3     # best bid >= best ask: readable once a change uncrosses it


cdef enum BookOutcome:
    OUTCOME_QUIET = 0    # applied, the touch (price or size) is as before
    OUTCOME_TOUCH = 1    # applied, the touch moved
    OUTCOME_STALE = 2    # change_id at or below the snapshot's: discarded, not a gap
    OUTCOME_GAP = 3      # the chain broke here: book untouched and unreadable
    OUTCOME_WAITING = 4  # still gapped or empty: discarded
    OUTCOME_CROSSED = 5  # applied, and the book is (still) crossed: unreadable


cdef struct BookLevel:
    price_t price_ticks
    qty_t qty_lots


@cython.final
cdef class Book:
    cdef:
        readonly int state             # BookState
        readonly int64_t change_id     # of the last applied frame, 0 = none
        readonly int64_t venue_ms      # its timestamp
        readonly int64_t updated_ns    # now_ns of the last applied frame, 0 = none
        readonly int64_t overflows     # times given up: too many levels
        readonly int64_t rebases       # times a side's window was moved
        readonly int64_t window_ticks
        Ladder[2] sides                # by Side
        price_t[2] touch_ticks         # by Side, after the last frame; NO_PRICE = none
        qty_t[2] touch_lots
        int64_t snapshot_id            # change_id of the last snapshot, 0 = none

    # Updates.
    cdef BookOutcome apply(
        self, const BookChange* change, nanos_t now_ns, Fault* fault) noexcept nogil
    cdef void give_up(self) noexcept nogil      # frame lost: GAPPED until a snapshot
    cdef void clear(self) noexcept nogil        # EMPTY: before a (re)subscription

    # Reads. NO_PRICE / 0 when there is no such level. Meaningful only when readable.
    cdef inline bint is_readable(self) noexcept nogil:
        return self.state == BOOK_READABLE

    cdef inline price_t best(self, Side side) noexcept nogil:
        return self.touch_ticks[<int>side]

    # Whether it may be read, with both sides there.
    cdef inline bint has_touch(self) noexcept nogil:
        return (self.state == BOOK_READABLE and self.touch_ticks[<int>BID] != NO_PRICE
                and self.touch_ticks[<int>ASK] != NO_PRICE)

    cdef inline qty_t best_qty(self, Side side) noexcept nogil:
        return self.touch_lots[<int>side]

    cdef qty_t qty_at(self, Side side, price_t price_ticks) noexcept nogil
    # Best `n` levels of a side into out, best first; returns how many there were.
    cdef int top(self, Side side, int n, BookLevel* out) noexcept nogil
    cdef int64_t memory_max_bytes(self) noexcept nogil   # of the levels, for ever
    # FAULT_BOOK_LADDER unless levels, bitmaps and counts agree. Cost: the whole window.
    cdef bint check_ladder(self, Fault* fault) noexcept nogil

    # Inside only.
    cdef void _replace_all(self, const BookChange* change) noexcept nogil
    cdef bint _read_touch(self) noexcept nogil
    cdef bint _set_levels(self, const BookChange* change, Fault* fault) noexcept nogil
