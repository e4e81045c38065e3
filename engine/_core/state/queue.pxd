# Where our resting orders of one instrument stand in line: how much of others is ahead.
cimport cython
from libc.stdint cimport int32_t, int64_t, uint32_t

from engine._core.base.event cimport Print
from engine._core.base.types cimport (
    LEVELS_MAX, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side, price_t, qty_max, qty_t)
from engine._core.state.book cimport BOOK_CROSSED, BOOK_READABLE, Book
from engine._core.state.orders cimport Order, OrderTable


# One order at one price. Times are the venue's, ms since epoch.
cdef struct Place:
    bint is_on
    uint32_t run               # of the label, with the sequence: whose place this is
    int64_t sequence
    price_t price_ticks
    qty_t amount_lots          # total size, as the venue last said
    qty_t rest_lots            # of it still open
    qty_t shown_lots           # of it in the book's level; 0 = the book has it not yet
    bint is_shown
    qty_t level_lots           # the level as of the last frame, ours included
    int64_t joined_ms          # when the venue put it here; 0 = not told yet
    int64_t own_ms             # the venue's newest word about it
    bint is_guessed            # shown_lots runs ahead of the venue's word
    int64_t n_frames           # of the queue, when this was last brought up to date
    int64_t guessed_ms         # frame that seemed to show it before the venue's word
    int64_t counted_ms         # frame in which what is ahead was counted
    double ahead_lots          # of others; below 0: trades of ours, not yet told to us
    double told_lots           # traded here, not yet seen to leave the level
    int64_t told_ms
    # The last frame in which others left the level, should a trade explain it later.
    int64_t left_ms
    double left_lots
    double left_ahead_lots     # ahead, and others in all, before they left
    double left_others_lots


# What has left a level and may stand in the book still, or yet.
cdef struct Ghost:
    bint is_on
    price_t price_ticks
    qty_t rest_lots            # what the book may show of it yet, 0 = nothing
    qty_t shown_lots
    int64_t joined_ms
    int64_t own_ms


cdef inline bint is_read(Book book) noexcept nogil:
    return book.state == BOOK_READABLE or book.state == BOOK_CROSSED


cdef inline qty_t level_at(Book book, int side, price_t price_ticks) noexcept nogil:
    return book.qty_at(<Side>side, price_ticks) if is_read(book) else 0


cdef inline qty_t rest_of(const Order* row, qty_t amount_lots) noexcept nogil:
    return qty_max(0, amount_lots - qty_max(row.filled_lots, row.booked_lots))


@cython.final
cdef class Queue:
    cdef:
        bint hears_trades              # one has been told
        Place[SLOTS_PER_INSTRUMENT] now
        Place[SLOTS_PER_INSTRUMENT] coming   # where the newest request will put it
        Ghost[SLOTS_PER_INSTRUMENT] gone
        int32_t first                  # slot of the instrument's first order
        int64_t n_frames
        uint32_t busy                  # a bit for each with a place, now or coming
        uint32_t ghosts                # and for each ghost in use

    cdef inline void sent(
            self, OrderTable orders, int32_t slot, Book book) noexcept nogil:
        """Watch the level a new order or an edit goes to, before the venue answers."""
        cdef int i = slot - self.first
        cdef int side = 1 if i >= SLOTS_PER_SIDE else 0
        cdef const Order* row = &orders.rows[slot]
        cdef const Place* place_now = &self.now[i]
        cdef Place* place = &self.coming[i]
        if (not 0 <= i < SLOTS_PER_INSTRUMENT
                or i - side * SLOTS_PER_SIDE >= LEVELS_MAX):
            return
        place.is_on = False
        if not (place_now.is_on and row.wanted_price_ticks == place_now.price_ticks
                and row.wanted_amount_lots <= place_now.amount_lots):
            place.is_on = True
            place.run = row.run
            place.sequence = row.sequence
            place.price_ticks = row.wanted_price_ticks
            place.amount_lots = row.wanted_amount_lots
            place.rest_lots = rest_of(row, row.wanted_amount_lots)
            place.level_lots = level_at(book, side, place.price_ticks)
            place.ahead_lots = <double>place.level_lots
            # The rest is as in a new place: nothing is shown, told or gone yet.
            place.is_shown = place.is_guessed = False
            place.shown_lots = 0
            place.joined_ms = place.own_ms = place.guessed_ms = place.counted_ms = 0
            place.n_frames = place.told_ms = place.left_ms = 0
            place.told_lots = place.left_lots = 0.0
            place.left_ahead_lots = place.left_others_lots = 0.0
        self._note(i)

    # The table has changed a slot.
    cdef void sync(self, OrderTable orders, int32_t slot, Book book) noexcept nogil
    # A frame was applied. Cost: nothing without orders; a read a level of ours.
    cdef inline void frame(self, OrderTable orders, Book book) noexcept nogil:
        self.n_frames += 1
        if self.busy | self.ghosts:
            self._frame(orders, book)

    # A trade of the venue came.
    cdef void trade(self, const Print* row, Book book) noexcept nogil

    # Volume of others ahead of a slot's order, and of others in all at its price.
    # Empty: -1, the order does not rest.
    cdef double ahead(self, int32_t slot) noexcept nogil
    cdef double others(self, int32_t slot) noexcept nogil
    # Both at once: returns what is ahead.
    cdef double stands(self, int32_t slot, double* others_lots) noexcept nogil
    # Volume of others at any price of a readable book: a newcomer's line.
    cdef double line(self, Side side, price_t price_ticks, Book book) noexcept nogil

    # Inside only.
    cdef void _frame(self, OrderTable orders, Book book) noexcept nogil
    cdef qty_t _ours(self, int side, price_t price_ticks) noexcept nogil
    cdef void _join(
        self, int i, const Order* row, int64_t joined_ms, Book book) noexcept nogil
    cdef void _leave(self, int i, int64_t own_ms, Book book) noexcept nogil
    cdef void _level(
        self, OrderTable orders, int side, price_t price_ticks,
        Book book) noexcept nogil
    cdef void _move(
        self, Place* place, qty_t level_lots, double before_lots, double after_lots,
        int64_t ms) noexcept nogil
    cdef qty_t _certain(
        self, int side, price_t price_ticks, int64_t ms) noexcept nogil
    cdef qty_t _likely(
        self, OrderTable orders, int side, price_t price_ticks, int64_t ms,
        qty_t change) noexcept nogil
    cdef qty_t _may_join(self, int i, price_t price_ticks) noexcept nogil
    cdef void _guess_joined(
        self, int i, price_t price_ticks, int64_t ms) noexcept nogil
    cdef qty_t _guess_changed(
        self, Place* place, const Order* row, int64_t ms, qty_t change) noexcept nogil
    cdef qty_t _due(
        self, const Place* place, const Order* row, int64_t ms) noexcept nogil
    cdef bint _is_quiet(
        self, const Place* place, int side, Book book) noexcept nogil
    cdef bint _frees_ghost(
        self, int side, price_t price_ticks, Book book) noexcept nogil
    cdef void _note(self, int i) noexcept nogil
