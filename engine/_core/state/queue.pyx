"""Queue sense: how much of others stands ahead of each resting order of ours.

The venue shows levels, not orders, so the place in line is an estimate. The model:

* Joining: whatever of others the level holds in the first frame that shows our order is
  ahead. Until such a frame the whole level is. Our answer and the book race and carry
  the venue's milliseconds: a frame later than the answer's time shows the order for
  certain; one of the same millisecond, or before there is an answer, shows it if the
  level grew by at least our size. A guess the answer contradicts is taken back.
* A trade at the price takes from the front. A trade beyond it leaves nothing ahead.
* Other shrinking is cancels, spread evenly: ahead loses the share it has of the level.
* Growth is behind. So is what others do in an order they keep the place of.
* A fill of ours: nothing is ahead.
* An edit of ours keeps the place if price and total are the same or the total smaller;
  a larger total or another price is a new place.
* What we take out of a level ourselves is not taken for somebody's cancel.

Trades and frames race as well: a trade counts when it is told, and the frame that shows
it then explains that much of its shrinking; a trade told after its frame turns as much
of what was taken for cancels into a trade. Orders of ours at one price do not count as
ahead of each other. After a gap the difference between the levels before and after is
cancels or growth: nothing is forgotten, nothing is made up.

What always holds: 0 <= ahead <= volume of others at the level; ahead never grows while
the place is kept, but for a guess taken back, and our own fills handed back.

Where no trades are heard every shrinking that is not ours is cancels.

Source: docs.deribit.com, order management, order priority, seen 2026-08-22. Cancels
uniform over the queue: E. Rigtorp, Estimating Order Queue Position, 2013, with
f(x) = x.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.string cimport memset

from engine._core.base.bits cimport low_bit
from engine._core.base.event cimport Print
from engine._core.base.types cimport (
    BID, LEVELS_MAX, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side, price_t, qty_max,
    qty_t)
from engine._core.state.book cimport Book
from engine._core.state.orders cimport (
    ORDER_DONE, ORDER_LIVE, ORDER_UNKNOWN, SIDE_BITS, Order, OrderTable)

cdef int64_t LATE_MS = 1000              # a trade told later than this explains nothing


cdef inline double clamp(double value, double low, double high) noexcept nogil:
    if value > high:
        value = high
    return value if value > low else low


cdef double after_cancels(
        double ahead_lots, double others_lots, double left_lots) noexcept nogil:
    """Return ahead when ``left_lots`` of ``others_lots`` were cancelled anywhere."""
    if ahead_lots <= 0.0 or others_lots <= 0.0 or left_lots <= 0.0:
        return ahead_lots
    return ahead_lots * clamp(1.0 - left_lots / others_lots, 0.0, 1.0)


cdef void note_left(
        Place* place, double others_lots, double left_lots, int64_t ms) noexcept nogil:
    """Take what left for cancels, and keep what a late trade needs to correct that.

    One record covers all frames until LATE_MS passes between two: as if everything had
    left at once a line of the length that gives the same ahead.
    """
    cdef double ahead
    if left_lots <= 0.0:
        return
    ahead = after_cancels(place.ahead_lots, others_lots, left_lots)
    if (ms - place.left_ms > LATE_MS or place.left_lots <= 0.0
            or place.ahead_lots <= 0.0 or place.left_ahead_lots <= ahead):
        place.left_lots = left_lots
        place.left_ahead_lots = place.ahead_lots
        place.left_others_lots = others_lots
    else:
        place.left_lots += left_lots
        place.left_others_lots = place.left_lots / (
            1.0 - ahead / place.left_ahead_lots)
    place.left_ms = ms
    place.ahead_lots = ahead


cdef void others_moved(
        Place* place, double before_lots, double after_lots, int64_t ms) noexcept nogil:
    """Take over how the volume of others at a place's level has changed."""
    cdef double left = before_lots - after_lots
    cdef double told
    if left > 0.0:
        told = place.told_lots if place.told_lots < left else left
        place.told_lots -= told
        left -= told
        note_left(place, before_lots - told, left, ms)
    if ms > place.told_ms:
        place.told_lots = 0.0
    if place.ahead_lots > after_lots:
        place.ahead_lots = after_lots


cdef void traded(
        Place* place, double qty_lots, int64_t ms, int64_t book_ms) noexcept nogil:
    """Take a trade at the place's price from the front of its line."""
    cdef double late = 0.0, before
    if ms <= place.left_ms and place.left_lots > 0.0:
        late = place.left_lots if place.left_lots < qty_lots else qty_lots
        before = after_cancels(
            place.left_ahead_lots, place.left_others_lots, place.left_lots)
        place.left_ahead_lots -= late
        place.left_others_lots -= late
        place.left_lots -= late
        place.ahead_lots += after_cancels(
            place.left_ahead_lots, place.left_others_lots, place.left_lots) - before
    place.ahead_lots -= qty_lots - late
    if ms >= book_ms:
        place.told_lots += qty_lots - late
        place.told_ms = ms


cdef void take_trade(Place* place, const Print* row, int64_t book_ms) noexcept nogil:
    """Let a trade at a place's price, or beyond it, pass through its line."""
    if row.price_ticks == place.price_ticks:
        traded(place, <double>row.qty_lots, row.venue_ms, book_ms)
    elif (row.price_ticks < place.price_ticks if row.side == BID
            else row.price_ticks > place.price_ticks):
        if place.ahead_lots > 0.0:
            place.ahead_lots = 0.0


cdef qty_t haunt(Ghost* ghost, int64_t ms, qty_t change) noexcept nogil:
    """Let what has left come and go in the book; return by how much it changed it."""
    cdef qty_t lots = ghost.rest_lots
    if lots > 0 and ms >= ghost.joined_ms and change >= lots:
        ghost.rest_lots = 0
        ghost.shown_lots = lots
        return lots
    lots = ghost.shown_lots
    if lots > 0 and ms == ghost.own_ms and change <= -lots:
        ghost.is_on = False
        return -lots
    return 0


@cython.final
cdef class Queue:
    """Places in line of the orders of one instrument; see the top of this file.

    Cost: two kilobytes a market, nothing allocated later.
    """

    def __cinit__(self, *, int32_t first_slot=0):
        self.first = first_slot
        memset(self.now, 0, sizeof(self.now))
        memset(self.coming, 0, sizeof(self.coming))
        memset(self.gone, 0, sizeof(self.gone))

    # What becomes of our orders.

    cdef void sync(self, OrderTable orders, int32_t slot, Book book) noexcept nogil:
        """Take over what the order table has learned of a slot. Twice is as once."""
        cdef int i = slot - self.first
        cdef int side = i // SLOTS_PER_SIDE, k
        cdef Order* row = &orders.rows[slot]
        cdef Place* place = &self.now[i]
        cdef qty_t rest, filled
        if not 0 <= i < SLOTS_PER_INSTRUMENT or i % SLOTS_PER_SIDE >= LEVELS_MAX:
            return
        if place.is_on and (row.state == ORDER_DONE or row.sequence != place.sequence
                            or row.run != place.run):
            self._leave(i, row.venue_ms, book)
        if row.state == ORDER_DONE or row.order_id_size == 0:
            if row.state == ORDER_DONE:
                self.coming[i].is_on = False
            self._note(i)
            return
        if place.is_on and (row.price_ticks != place.price_ticks
                            or row.amount_lots > place.amount_lots):
            self._leave(i, row.venue_ms, book)
        if not place.is_on:
            self._join(i, row, row.venue_ms, book)
        rest = rest_of(row, row.amount_lots)
        filled = (place.amount_lots - place.rest_lots) - (row.amount_lots - rest)
        if filled < 0:
            # Ours have traded: of a line, the first.
            for k in range(side * SLOTS_PER_SIDE, side * SLOTS_PER_SIDE + LEVELS_MAX):
                if (self.hears_trades and k != i and self.now[k].is_on
                        and self.now[k].price_ticks == place.price_ticks):
                    self.now[k].ahead_lots -= filled
            if place.ahead_lots > 0.0:
                place.ahead_lots = 0.0
        place.amount_lots = row.amount_lots
        place.rest_lots = rest
        if place.own_ms != row.venue_ms or row.state == ORDER_LIVE:
            place.is_guessed = False
        place.own_ms = row.venue_ms
        if (row.wanted_price_ticks == row.price_ticks
                and row.wanted_amount_lots <= row.amount_lots):
            self.coming[i].is_on = False
        self._note(i)

    cdef void _join(
            self, int i, const Order* row, int64_t joined_ms, Book book) noexcept nogil:
        """Put an order the venue has spoken of at the end of its line."""
        cdef int side = i // SLOTS_PER_SIDE
        cdef Place* place = &self.now[i]
        cdef Place* coming = &self.coming[i]
        if (coming.is_on and coming.is_shown and coming.guessed_ms >= joined_ms
                and coming.sequence == row.sequence and coming.run == row.run
                and coming.price_ticks == row.price_ticks
                and coming.amount_lots == row.amount_lots):
            place[0] = coming[0]
            place.joined_ms = joined_ms
            coming.is_on = False
            return
        if coming.is_on and coming.price_ticks == row.price_ticks:
            coming.is_on = False
        memset(place, 0, sizeof(Place))
        place.run = row.run
        place.sequence = row.sequence
        place.price_ticks = row.price_ticks
        place.amount_lots = row.amount_lots
        place.rest_lots = rest_of(row, row.amount_lots)
        place.joined_ms = joined_ms
        place.level_lots = level_at(book, side, place.price_ticks)
        if is_read(book) and book.venue_ms > joined_ms:
            place.is_shown = True
            place.shown_lots = place.rest_lots
            place.counted_ms = book.venue_ms
        place.is_on = True
        self._note(i)
        place.ahead_lots = <double>qty_max(
            0, place.level_lots - self._ours(side, place.price_ticks))

    cdef void _leave(self, int i, int64_t own_ms, Book book) noexcept nogil:
        """Free a place; the book may show the order a little longer."""
        cdef Place* place = &self.now[i]
        cdef Ghost* ghost = &self.gone[i]
        place.is_on = False
        ghost.is_on = not (is_read(book) and book.venue_ms > own_ms)
        ghost.rest_lots = 0 if place.is_shown else place.rest_lots
        ghost.joined_ms = place.joined_ms
        ghost.price_ticks = place.price_ticks
        ghost.shown_lots = place.shown_lots
        ghost.own_ms = own_ms
        self._note(i)

    cdef void _note(self, int i) noexcept nogil:
        """Keep the sets of slots in use true after a change in one."""
        cdef uint32_t bit = <uint32_t>1 << i
        self.busy = (self.busy & ~bit
                     | (bit if self.now[i].is_on or self.coming[i].is_on else 0))
        self.ghosts = self.ghosts & ~bit | (bit if self.gone[i].is_on else 0)

    # What becomes of the levels.

    cdef void _frame(self, OrderTable orders, Book book) noexcept nogil:
        cdef uint32_t rest = self.busy
        cdef int side, i
        cdef Place* place
        while rest:
            i = low_bit(rest)
            rest &= rest - 1
            side = i // SLOTS_PER_SIDE
            place = &self.now[i]
            if place.is_on and not self._is_quiet(place, side, book):
                self._level(orders, side, place.price_ticks, book)
            place = &self.coming[i]
            if place.is_on and not self._is_quiet(place, side, book):
                self._level(orders, side, place.price_ticks, book)
        rest = self.ghosts
        while rest:
            i = low_bit(rest)
            rest &= rest - 1
            if self.gone[i].is_on and book.venue_ms > self.gone[i].own_ms:
                self.gone[i].is_on = False
            self._note(i)

    cdef bint _is_quiet(self, const Place* place, int side, Book book) noexcept nogil:
        """Whether a frame has nothing to say about a place, or has said it already."""
        if place.n_frames == self.n_frames:
            return True
        if (place.is_guessed or place.told_lots != 0.0
                or place.is_shown and place.shown_lots != place.rest_lots
                or place.joined_ms and not place.is_shown
                and book.venue_ms >= place.joined_ms
                or self.ghosts and self._frees_ghost(side, place.price_ticks, book)):
            return False
        return book.qty_at(<Side>side, place.price_ticks) == place.level_lots

    cdef bint _frees_ghost(
            self, int side, price_t price_ticks, Book book) noexcept nogil:
        """Whether a frame is past something that has left a price."""
        cdef uint32_t rest = self.ghosts >> (side * SLOTS_PER_SIDE) & SIDE_BITS
        cdef const Ghost* ghost
        while rest:
            ghost = &self.gone[side * SLOTS_PER_SIDE + low_bit(rest)]
            rest &= rest - 1
            if (ghost.is_on and ghost.price_ticks == price_ticks
                    and book.venue_ms > ghost.own_ms):
                return True
        return False

    cdef qty_t _ours(self, int side, price_t price_ticks) noexcept nogil:
        """Return what of a level, as the book has it, is ours."""
        cdef uint32_t rest = (self.busy | self.ghosts) >> (side * SLOTS_PER_SIDE)
        cdef int i
        cdef qty_t total = 0
        rest &= SIDE_BITS
        while rest:
            i = side * SLOTS_PER_SIDE + low_bit(rest)
            rest &= rest - 1
            if self.now[i].is_on and self.now[i].price_ticks == price_ticks:
                total += self.now[i].shown_lots
            if self.coming[i].is_on and self.coming[i].price_ticks == price_ticks:
                total += self.coming[i].shown_lots
            if self.gone[i].is_on and self.gone[i].price_ticks == price_ticks:
                total += self.gone[i].shown_lots
        return total

    cdef qty_t _certain(
            self, int side, price_t price_ticks, int64_t ms) noexcept nogil:
        """Show what a frame of ``ms`` must show; return how much ours grew by it."""
        cdef int i
        cdef Place* place
        cdef Ghost* ghost
        cdef qty_t grown = 0
        for i in range(side * SLOTS_PER_SIDE, side * SLOTS_PER_SIDE + LEVELS_MAX):
            ghost = &self.gone[i]
            if ghost.is_on and ghost.price_ticks == price_ticks and ms > ghost.own_ms:
                grown -= ghost.shown_lots
                ghost.is_on = False
            place = &self.now[i]
            if (place.is_on and place.price_ticks == price_ticks
                    and not place.is_guessed
                    and ms > (place.own_ms if place.is_shown else place.joined_ms)):
                grown += place.rest_lots - place.shown_lots
                place.shown_lots = place.rest_lots
        return grown

    cdef qty_t _likely(
            self, OrderTable orders, int side, price_t price_ticks, int64_t ms,
            qty_t change) noexcept nogil:
        """Show what may have happened, where the level moved by as much.

        What explains the whole move comes first.
        Returns: ``change`` less what is ours of it.
        """
        cdef int first = side * SLOTS_PER_SIDE, i
        cdef qty_t due
        for i in range(first, first + LEVELS_MAX):
            due = self._may_join(i, price_ticks)
            if due > 0 and change == due:
                self._guess_joined(i, price_ticks, ms)
                return 0
        for i in range(first, first + LEVELS_MAX):
            if self.gone[i].is_on and self.gone[i].price_ticks == price_ticks:
                change -= haunt(&self.gone[i], ms, change)
            due = self._may_join(i, price_ticks)
            if due > 0 and change >= due:
                change -= due
                self._guess_joined(i, price_ticks, ms)
            if (self.now[i].is_on and self.now[i].price_ticks == price_ticks
                    and not self.now[i].is_guessed):
                change -= self._guess_changed(
                    &self.now[i], &orders.rows[self.first + i], ms, change)
        return change

    cdef qty_t _may_join(self, int i, price_t price_ticks) noexcept nogil:
        """Return by how much a level would grow if a request had come to it."""
        cdef qty_t due
        if (not self.coming[i].is_on or self.coming[i].is_shown
                or self.coming[i].price_ticks != price_ticks):
            return 0
        due = self.coming[i].rest_lots
        if self.now[i].is_on and self.now[i].price_ticks == price_ticks:
            due -= self.now[i].shown_lots
        return due

    cdef void _guess_joined(
            self, int i, price_t price_ticks, int64_t ms) noexcept nogil:
        self.coming[i].shown_lots = self.coming[i].rest_lots
        self.coming[i].guessed_ms = ms
        if self.now[i].is_on and self.now[i].price_ticks == price_ticks:
            self.now[i].shown_lots = 0
            self.now[i].is_guessed = True

    cdef qty_t _guess_changed(
            self, Place* place, const Order* row, int64_t ms,
            qty_t change) noexcept nogil:
        """Show a change of ours that may have happened; return by how much."""
        cdef qty_t due = self._due(place, row, ms) - place.shown_lots
        if due == 0 or (change > due if due < 0 else change < due):
            return 0
        place.shown_lots += due
        place.is_guessed = place.is_shown and row.state != ORDER_LIVE
        return due

    cdef qty_t _due(
            self, const Place* place, const Order* row, int64_t ms) noexcept nogil:
        """Return what of an order its level may show, if it does not show it yet."""
        if not place.is_shown:
            return place.rest_lots if ms == place.joined_ms else place.shown_lots
        if (row.cancel_id or row.state == ORDER_UNKNOWN
                or row.wanted_price_ticks != place.price_ticks):
            return 0
        if row.wanted_amount_lots < row.amount_lots:
            return rest_of(row, row.wanted_amount_lots)
        return place.rest_lots if ms == place.own_ms else place.shown_lots

    cdef void _level(
            self, OrderTable orders, int side, price_t price_ticks,
            Book book) noexcept nogil:
        """Take over a level of the book; ours first, the rest is others."""
        cdef int first = side * SLOTS_PER_SIDE, i
        cdef int64_t ms = book.venue_ms
        cdef qty_t after = book.qty_at(<Side>side, price_ticks)
        cdef qty_t before = 0
        cdef double others_before, others_after
        for i in range(first, first + LEVELS_MAX):
            if self.coming[i].is_on and self.coming[i].price_ticks == price_ticks:
                before = self.coming[i].level_lots
        for i in range(first, first + LEVELS_MAX):
            if self.now[i].is_on and self.now[i].price_ticks == price_ticks:
                before = self.now[i].level_lots
        others_before = <double>qty_max(0, before - self._ours(side, price_ticks))
        self._likely(orders, side, price_ticks, ms, after - before
                     - self._certain(side, price_ticks, ms))
        others_after = <double>qty_max(0, after - self._ours(side, price_ticks))
        for i in range(first, first + LEVELS_MAX):
            if self.now[i].is_on and self.now[i].price_ticks == price_ticks:
                self._move(&self.now[i], after, others_before, others_after, ms)
            if self.coming[i].is_on and self.coming[i].price_ticks == price_ticks:
                self._move(&self.coming[i], after, others_before, others_after, ms)

    cdef void _move(
            self, Place* place, qty_t level_lots, double before_lots,
            double after_lots, int64_t ms) noexcept nogil:
        place.n_frames = self.n_frames
        place.level_lots = level_lots
        if place.is_shown:
            others_moved(place, before_lots, after_lots, ms)
        else:
            place.is_shown = place.shown_lots > 0
            place.ahead_lots = after_lots
            place.counted_ms = ms

    cdef void trade(self, const Print* row, Book book) noexcept nogil:
        cdef int first = <int>row.side * SLOTS_PER_SIDE, i
        cdef Place* place
        self.hears_trades = True
        if self.busy == 0:
            return
        for i in range(first, first + LEVELS_MAX):
            place = &self.now[i]
            if place.is_on and place.is_shown and row.venue_ms > place.counted_ms:
                take_trade(place, row, book.venue_ms)
            place = &self.coming[i]
            if place.is_on and place.is_shown and row.venue_ms > place.counted_ms:
                take_trade(place, row, book.venue_ms)

    # Reads.

    cdef double others(self, int32_t slot) noexcept nogil:
        cdef int i = slot - self.first
        if not self.now[i].is_on:
            return -1.0
        return <double>qty_max(0, self.now[i].level_lots - self._ours(
            i // SLOTS_PER_SIDE, self.now[i].price_ticks))

    cdef double stands(self, int32_t slot, double* others_lots) noexcept nogil:
        others_lots[0] = self.others(slot)
        if others_lots[0] < 0.0:
            return -1.0
        return clamp(self.now[slot - self.first].ahead_lots, 0.0, others_lots[0])

    cdef double ahead(self, int32_t slot) noexcept nogil:
        cdef double others_lots
        return self.stands(slot, &others_lots)

    cdef double line(self, Side side, price_t price_ticks, Book book) noexcept nogil:
        return <double>qty_max(0, level_at(book, <int>side, price_ticks)
                               - self._ours(<int>side, price_ticks))
