"""One instrument's order book: takes the venue's frames, knows if it may be read.

    state      frame                           -> state             outcome
    any        snapshot                        -> READABLE/CROSSED  TOUCH / CROSSED
    EMPTY      change, prev_change_id 0        -> READABLE/CROSSED  TOUCH / CROSSED
    EMPTY      other change                    -> EMPTY             WAITING
    GAPPED     change                          -> GAPPED            WAITING
    READABLE   change in the chain             -> READABLE          QUIET / TOUCH
    READABLE   change in the chain, crossing   -> CROSSED           CROSSED
    CROSSED    change in the chain             -> READABLE/CROSSED  TOUCH / CROSSED
    READABLE   change_id <= the snapshot's     -> as before         STALE
    READABLE   any other change                -> GAPPED            GAP
    (CROSSED answers the last two as READABLE does.)

A change is in the chain when its prev_change_id is our change_id; ids jump by any
amount. Within a frame bids may stand above asks: only the end state counts. A level is
a set, a size of 0 removes it, whatever the venue called the action. A frame is applied
whole: the caller parses it to the end first.

Full depth is exact. A side holds levels within a window of ticks in a ladder, and up to
FAR_LEVELS_MAX more below it; one more gives the book up (GAP, emptied, counted in
`overflows`) until a snapshot. Nothing else is dropped or cut.

Source: docs.deribit.com, book.{instrument}.{interval} and the notifications page, seen
2026-08-22; changelog of 2020-11-10 (redundant changes after a snapshot).
"""

cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int64_t
from libc.string cimport memset

from engine._core.base.check import fault_name

from engine._core.base.check cimport (
    FAULT_BOOK_LADDER, FAULT_INDEX, FAULT_NONE, Fault, check)
from engine._core.base.event cimport BookChange, LevelChange
from engine._core.base.types cimport ASK, BID, NO_PRICE, Side, nanos_t, price_t, qty_t
from engine._core.state.ladder cimport (
    NO_KEY, WINDOW_TICKS_MAX, WINDOW_TICKS_MIN, Ladder, key_t, ladder_aim, ladder_below,
    ladder_best, ladder_bytes, ladder_clear, ladder_close, ladder_is_settled,
    ladder_is_sound, ladder_open, ladder_qty, ladder_rebase, ladder_set)

STATE_NAMES = {
    BOOK_EMPTY: "empty",
    BOOK_READABLE: "readable",
    BOOK_GAPPED: "gapped",
    BOOK_CROSSED: "crossed",
}
OUTCOME_NAMES = {
    OUTCOME_QUIET: "quiet",
    OUTCOME_TOUCH: "touch",
    OUTCOME_STALE: "stale",
    OUTCOME_GAP: "gap",
    OUTCOME_WAITING: "waiting",
    OUTCOME_CROSSED: "crossed",
}
SIDES = {"bid": BID, "ask": ASK}

# A price beyond this is no contract's; below it no sum in the ladder can overflow.
TICKS_LIMIT = 1 << 48


cdef inline key_t key_of(int side, price_t price_ticks) noexcept nogil:
    """Turn a price into the ladder's key, and back: higher is better on either side."""
    return (price_ticks ^ -<key_t>side) + side


@cython.final
cdef class Book:
    """Full-depth book of one instrument in integer ticks and lots.

    Units: window_ticks is the price range a side keeps in its ladder, a power of two
        from 64 to 2**20; take about twice the range in which most levels lie.
    Raises: ValueError when window_ticks is not such a number.
    Cost: at most 2 * (8.13 * window_ticks + 262,144) bytes, touched as levels come: 1.6
        MB for the default window, 0.8 MB for an option's, 17.6 MB for the largest.
        Nothing is allocated later.
    """

    def __cinit__(self, *, window_ticks=WINDOW_TICKS_DEFAULT):
        ticks = int(window_ticks)
        if (not WINDOW_TICKS_MIN <= ticks <= WINDOW_TICKS_MAX
                or ticks & (ticks - 1)):
            raise ValueError(f"window_ticks must be a power of two from "
                             f"{WINDOW_TICKS_MIN} to {WINDOW_TICKS_MAX}, not {ticks}")
        self.window_ticks = ticks
        if not (ladder_open(&self.sides[<int>BID], ticks)
                and ladder_open(&self.sides[<int>ASK], ticks)):
            raise MemoryError
        self._read_touch()

    def __dealloc__(self):
        ladder_close(&self.sides[<int>BID])
        ladder_close(&self.sides[<int>ASK])

    # Updates.

    cdef BookOutcome apply(
            self, const BookChange* change, nanos_t now_ns, Fault* fault
            ) noexcept nogil:
        """Apply one frame if it is next in the chain; say what came of it.

        Cost: constant a level; no allocation.
        """
        cdef bint was_readable = self.state == BOOK_READABLE
        cdef bint has_moved
        if change.is_snapshot:
            was_readable = False
            self._replace_all(change)
        elif self.state == BOOK_GAPPED:
            return OUTCOME_WAITING
        elif self.state != BOOK_EMPTY and change.change_id <= self.snapshot_id:
            return OUTCOME_STALE
        elif change.prev_change_id != self.change_id:
            if self.state == BOOK_EMPTY:
                return OUTCOME_WAITING
            self.state = BOOK_GAPPED
            return OUTCOME_GAP
        if not self._set_levels(change, fault):
            self.clear()
            self.overflows += 1
            self.state = BOOK_GAPPED
            return OUTCOME_GAP
        self.change_id = change.change_id
        self.venue_ms = change.venue_ms
        self.updated_ns = now_ns
        has_moved = self._read_touch()
        if (self.touch_ticks[0] >= self.touch_ticks[1]
                and self.touch_ticks[1] != NO_PRICE):
            self.state = BOOK_CROSSED
            return OUTCOME_CROSSED
        self.state = BOOK_READABLE
        return OUTCOME_TOUCH if has_moved or not was_readable else OUTCOME_QUIET

    cdef bint _read_touch(self) noexcept nogil:
        """Take the touch out of the settled ladders; return whether it moved."""
        cdef Ladder* ladder
        cdef bint has_moved = False
        cdef price_t price_ticks
        cdef qty_t qty_lots
        cdef int side
        for side in range(2):
            ladder = &self.sides[side]
            if not ladder.is_touched:
                continue
            ladder.is_touched = False
            price_ticks, qty_lots = NO_PRICE, 0
            if ladder.near_best != NO_KEY:
                price_ticks = key_of(side, ladder.near_best)
                qty_lots = ladder.ring[ladder.near_best & (ladder.window - 1)]
            has_moved |= (price_ticks != self.touch_ticks[side]
                          or qty_lots != self.touch_lots[side])
            self.touch_ticks[side] = price_ticks
            self.touch_lots[side] = qty_lots
        return has_moved

    cdef void _replace_all(self, const BookChange* change) noexcept nogil:
        """Empty both sides and place their windows for the levels of a snapshot."""
        cdef key_t[2] best
        cdef key_t key
        cdef int i, side
        best[0] = best[1] = NO_KEY
        for i in range(change.n_levels):
            side = ASK if change.levels[i].side == ASK else BID
            key = key_of(side, change.levels[i].price_ticks)
            if change.levels[i].qty_lots > 0 and key > best[side]:
                best[side] = key
        for side in range(2):
            ladder_clear(&self.sides[<int>side])
            if best[side] != NO_KEY:
                ladder_aim(&self.sides[<int>side], best[side])
        self.snapshot_id = change.change_id

    cdef bint _set_levels(
            self, const BookChange* change, Fault* fault) noexcept nogil:
        cdef const LevelChange* level = change.levels
        cdef const LevelChange* end = level + change.n_levels
        cdef bint fits = True
        cdef int side, seen = 0
        while level != end:
            side = <int>level.side & 1
            seen |= <int>level.side
            fits &= ladder_set(
                &self.sides[side], key_of(side, level.price_ticks), level.qty_lots)
            level += 1
        if not check(fault, seen & ~1 == 0, FAULT_INDEX):
            return False
        for side in range(2):
            if (self.sides[side].is_touched
                    and not ladder_is_settled(&self.sides[side])):
                self.rebases += 1
                fits &= ladder_rebase(&self.sides[side])
        return fits

    cdef void give_up(self) noexcept nogil:
        """Make the book unreadable until a snapshot: a frame of it was lost."""
        self.state = BOOK_GAPPED

    cdef void clear(self) noexcept nogil:
        """Forget everything, as before the first frame."""
        ladder_clear(&self.sides[<int>BID])
        ladder_clear(&self.sides[<int>ASK])
        self._read_touch()
        self.state = BOOK_EMPTY
        self.change_id = self.snapshot_id = self.venue_ms = self.updated_ns = 0

    # Reads.

    cdef qty_t qty_at(self, Side side, price_t price_ticks) noexcept nogil:
        if price_ticks == NO_PRICE:
            return 0
        return ladder_qty(&self.sides[<int>side], key_of(side, price_ticks))

    cdef int top(self, Side side, int n, BookLevel* out) noexcept nogil:
        """Write the best `n` levels. Cost: a few bit scans a level."""
        cdef const Ladder* ladder = &self.sides[<int>side]
        cdef key_t key = ladder_best(ladder)
        cdef int i = 0
        while i < n and key != NO_KEY:
            out[i].price_ticks = key_of(side, key)
            out[i].qty_lots = ladder_qty(ladder, key)
            key = ladder_below(ladder, key)
            i += 1
        return i

    cdef int64_t memory_max_bytes(self) noexcept nogil:
        return 2 * ladder_bytes(self.window_ticks)

    cdef bint check_ladder(self, Fault* fault) noexcept nogil:
        return check(fault, ladder_is_sound(&self.sides[<int>BID])
                     and ladder_is_sound(&self.sides[<int>ASK]), FAULT_BOOK_LADDER)

    # The same for Python: tests and tools.

    @property
    def state_name(self):
        """``empty``, ``readable``, ``gapped`` or ``crossed``."""
        return STATE_NAMES[self.state]

    @property
    def memory_cap_bytes(self):
        """Most memory the levels can ever touch."""
        return self.memory_max_bytes()

    def apply_rows(self, rows, *, int64_t change_id, int64_t prev_change_id=-1,
                   bint is_snapshot=False, int64_t venue_ms=0, int64_t now_ns=0):
        """Apply one frame given as Python values.

        Args:
            rows: ``(side, price_ticks, qty_lots)``, side ``"bid"`` or ``"ask"``, in the
                order of the frame; a size of 0 removes the level.
            change_id: of this frame.
            prev_change_id: of the frame before, -1 when not sent.
            is_snapshot: whether the rows replace the whole book.
            venue_ms: the frame's timestamp, ms since epoch.
            now_ns: the core's time.

        Returns:
            ``quiet``, ``touch``, ``stale``, ``gap``, ``waiting`` or ``crossed``.

        Raises:
            ValueError: an unknown side, a negative size, or a price beyond 2**48 ticks.
        """
        cdef list items = list(rows)
        cdef BookChange change
        cdef LevelChange* levels
        cdef Fault fault
        cdef BookOutcome outcome
        cdef Py_ssize_t i
        fault.code = FAULT_NONE
        levels = <LevelChange*>PyMem_Malloc((len(items) + 1) * sizeof(LevelChange))
        if levels == NULL:
            raise MemoryError
        try:
            for i, (side, price_ticks, qty_lots) in enumerate(items):
                if side not in SIDES or qty_lots < 0 or abs(price_ticks) > TICKS_LIMIT:
                    raise ValueError(f"not a level: {items[i]!r}")
                levels[i].side = SIDES[side]
                levels[i].price_ticks = price_ticks
                levels[i].qty_lots = qty_lots
            memset(&change, 0, sizeof(change))
            change.is_snapshot = is_snapshot
            change.change_id = change_id
            change.prev_change_id = prev_change_id
            change.venue_ms = venue_ms
            change.n_levels = <int>len(items)
            change.levels = levels
            outcome = self.apply(&change, now_ns, &fault)
        finally:
            PyMem_Free(levels)
        return OUTCOME_NAMES[outcome]

    def levels(self, str side not None, n=None):
        """Return the best ``n`` levels of a side (all when None), best first.

        Returns: ``(price_ticks, qty_lots)`` pairs, whatever the state of the book.
        Raises: ValueError for a side that is not ``"bid"`` or ``"ask"``.
        """
        if side not in SIDES:
            raise ValueError(f"side must be 'bid' or 'ask', not {side!r}")
        cdef int at = SIDES[side]
        cdef const Ladder* ladder = &self.sides[at]
        cdef key_t key = ladder_best(ladder)
        result = []
        while key != NO_KEY and (n is None or len(result) < n):
            result.append((key_of(at, key), ladder_qty(ladder, key)))
            key = ladder_below(ladder, key)
        return result

    def qty(self, str side not None, price_ticks):
        """Return the size at a price, 0 when there is no such level."""
        if abs(price_ticks) > TICKS_LIMIT:
            return 0
        return self.qty_at(SIDES[side], price_ticks)

    def mark_lost(self):
        """Make the book unreadable until a snapshot, as when a frame of it was lost."""
        self.give_up()

    def forget(self):
        """Make the book empty, as before a subscription."""
        self.clear()

    def check(self):
        """Return ``none``, or the name of the fault its ladders are in."""
        cdef Fault fault
        fault.code = FAULT_NONE
        self.check_ladder(&fault)
        return fault_name(fault.code)
