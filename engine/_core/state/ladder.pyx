"""One side of an order book as a price-indexed ladder: full depth, O(1) update.

Sizes lie in a ring indexed by price, so a level is one store whatever its rank; a tree
of bitmaps over the ring (one bit a level, 64 bits a word, up to four storeys) finds the
next occupied price by a few bit scans. The ring is a window of prices. It is placed
with its best level three quarters up and moved when that level leaves the upper three
quarters; because it is a ring, moving it touches only the levels that enter or leave.
Levels below the window (a bid at a tenth of the price) wait in a sorted array.

Memory is one block a side, taken at the start and touched page by page as levels come.
It is taken from the system: the C library would hand out a used block and clear it,
which touches every page.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memmove, memset

from engine._core.base.bits cimport high_bit
from engine._core.base.types cimport qty_t

cdef extern from *:
    """
    #include <stddef.h>
    #if (defined(__unix__) || defined(__APPLE__)) && !defined(__SANITIZE_ADDRESS__)
    #include <sys/mman.h>
    static void *halfspread_pages(size_t size) {
        void *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return start == MAP_FAILED ? NULL : start;
    }
    static void halfspread_give_back(void *start, size_t size) {
        if (start) munmap(start, size);
    }
    #else
    /* The sanitizer sees a step past the end of a block of the C library only. */
    #include <stdlib.h>
    static void *halfspread_pages(size_t size) { return calloc(1, size); }
    static void halfspread_give_back(void *start, size_t size) {
        (void)size;
        free(start);
    }
    #endif
    """
    void* pages "halfspread_pages"(size_t size) noexcept nogil
    void give_back "halfspread_give_back"(void* start, size_t size) noexcept nogil


cdef int64_t tree_words(int64_t window) noexcept nogil:
    """Return the words of all storeys."""
    cdef int64_t words = 0, storey = window
    while storey > 1:
        storey = (storey + 63) >> 6
        words += storey
    return words


cdef int64_t ladder_bytes(int64_t window) noexcept nogil:
    """Return the most memory a side can touch. Units: bytes."""
    return (window * <int64_t>sizeof(qty_t)
            + tree_words(window) * <int64_t>sizeof(uint64_t)
            + FAR_ROOM * <int64_t>sizeof(FarLevel))


cdef bint ladder_open(Ladder* side, int64_t window) noexcept nogil:
    cdef uint64_t* words
    cdef int64_t storey = window
    memset(side, 0, sizeof(Ladder))
    side.near_best = NO_KEY
    side.is_touched = True
    side.ring = <qty_t*>pages(<size_t>ladder_bytes(window))
    if side.ring == NULL:
        return False
    side.window = window
    words = <uint64_t*>(side.ring + window)
    while storey > 1:
        storey = (storey + 63) >> 6
        side.tree[side.height] = words
        side.height += 1
        words += storey
    side.far = <FarLevel*>words
    return True


cdef void ladder_close(Ladder* side) noexcept nogil:
    give_back(side.ring, <size_t>ladder_bytes(side.window))
    side.ring = NULL


# The tree.

cdef int64_t at_or_below(const Ladder* side, int64_t slot) noexcept nogil:
    """Return the highest occupied slot at or below `slot`, -1 when there is none."""
    cdef uint64_t word
    cdef int h = 0
    while slot >= 0 and h < side.height:
        word = side.tree[h][slot >> 6] & (~<uint64_t>0 >> (63 - (slot & 63)))
        if word:
            slot = (slot & ~<int64_t>63) | high_bit(word)
            while h:
                h -= 1
                slot = (slot << 6) | high_bit(side.tree[h][slot])
            return slot
        slot = (slot >> 6) - 1
        h += 1
    return -1


cdef inline key_t near_below(const Ladder* side, key_t key) noexcept nogil:
    """Return the next level of the window under a key within it, or NO_KEY."""
    cdef int64_t mask = side.window - 1
    cdef int64_t slot = key & mask
    cdef int64_t found = at_or_below(side, slot - 1)
    cdef key_t below
    if found < 0:
        found = at_or_below(side, mask)
        if found < 0 or found == slot:
            return NO_KEY
    # Past the window's lower end the ring goes on at its upper end: those are no lower.
    below = key - ((slot - found) & mask)
    return below if below >= side.base else NO_KEY


# The levels outside the window.

cdef int far_rank(const Ladder* side, key_t key) noexcept nogil:
    """Return how many far levels have a lower key."""
    cdef int low = 0, high = side.n_far, middle
    while low < high:
        middle = (low + high) >> 1
        if side.far[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef bint far_set(Ladder* side, key_t key, qty_t qty_lots) noexcept nogil:
    cdef int rank = far_rank(side, key)
    cdef bint exists = rank < side.n_far and side.far[rank].key == key
    if qty_lots > 0:
        if not exists:
            if side.n_far == FAR_LEVELS_MAX:
                return False
            memmove(&side.far[rank + 1], &side.far[rank],
                    <size_t>(side.n_far - rank) * sizeof(FarLevel))
            side.n_far += 1
            side.far[rank].key = key
        side.far[rank].qty_lots = qty_lots
    elif exists:
        side.n_far -= 1
        memmove(&side.far[rank], &side.far[rank + 1],
                <size_t>(side.n_far - rank) * sizeof(FarLevel))
    return True


# Updates.

cdef void ladder_drop_best(Ladder* side) noexcept nogil:
    side.near_best = near_below(side, side.near_best)


cdef bint ladder_set_outside(Ladder* side, key_t key, qty_t qty_lots) noexcept nogil:
    side.is_touched = True
    if qty_lots > 0 and side.n_near == 0 and side.n_far == 0:
        ladder_aim(side, key)
        ladder_set_near(side, key, qty_lots)
        return True
    return far_set(side, key, qty_lots)


cdef void ladder_clear(Ladder* side) noexcept nogil:
    """Remove every level. Cost: one step a level, not the window."""
    cdef key_t key = side.near_best, below
    while key != NO_KEY:
        below = near_below(side, key)
        side.ring[key & (side.window - 1)] = 0
        ladder_enter(side, key & (side.window - 1), 0)
        key = below
    side.n_near = 0
    side.near_best = NO_KEY
    side.n_far = 0
    side.is_touched = True


cdef void ladder_aim(Ladder* side, key_t best) noexcept nogil:
    """Place the window for a best level to come."""
    side.base = best - side.window // 4 * 3


cdef bint shed(Ladder* side, key_t base) noexcept nogil:
    """Move the levels of the window below a new base to the far levels."""
    cdef int64_t mask = side.window - 1, n = 0
    cdef key_t top, key
    cdef int rank
    if base <= side.base or side.n_near == 0:
        return True
    top = side.near_best
    if top >= base:
        top = near_below(side, base)
    key = top
    while key != NO_KEY:
        n += 1
        key = near_below(side, key)
    # Far levels from the new base on are about to enter the window: they do not count.
    if far_rank(side, base) + n > FAR_LEVELS_MAX:
        return False
    rank = far_rank(side, side.base)
    memmove(&side.far[rank + n], &side.far[rank],
            <size_t>(side.n_far - rank) * sizeof(FarLevel))
    side.n_far += <int>n
    side.n_near -= n
    key = top
    while key != NO_KEY:
        n -= 1
        top = near_below(side, key)
        side.far[rank + n].key = key
        side.far[rank + n].qty_lots = side.ring[key & mask]
        side.ring[key & mask] = 0
        ladder_enter(side, key & mask, 0)
        key = top
    if side.n_near == 0:
        side.near_best = NO_KEY
    return True


cdef bint ladder_rebase(Ladder* side) noexcept nogil:
    """Move the window so that the best level stands three quarters up.

    Returns: False when the levels left outside would be too many.
    Cost: one step a level that enters or leaves the window.
    """
    cdef key_t best = ladder_best(side)
    cdef key_t base = best - side.window // 4 * 3
    if best == NO_KEY:
        return True
    if not shed(side, base):
        return False
    # What is left lies between the new base and the best: it stays where it is.
    side.base = base
    while side.n_far and side.far[side.n_far - 1].key >= base:
        side.n_far -= 1
        ladder_set_near(
            side, side.far[side.n_far].key, side.far[side.n_far].qty_lots)
    return True


# Reads.

cdef qty_t ladder_qty(const Ladder* side, key_t key) noexcept nogil:
    cdef int rank
    if 0 <= key - side.base < side.window:
        return side.ring[key & (side.window - 1)]
    rank = far_rank(side, key)
    if rank < side.n_far and side.far[rank].key == key:
        return side.far[rank].qty_lots
    return 0


cdef key_t ladder_below(const Ladder* side, key_t key) noexcept nogil:
    """Return the level after the one at `key`, for a settled ladder."""
    cdef key_t below
    cdef int rank
    if 0 <= key - side.base < side.window:
        below = near_below(side, key)
        if below != NO_KEY:
            return below
    rank = far_rank(side, key)
    return side.far[rank - 1].key if rank else NO_KEY


# The self-check.

cdef bint tree_is_sound(const Ladder* side) noexcept nogil:
    """Whether every storey says of the one below which words are not 0."""
    cdef int64_t i, n = side.window
    cdef bint below, bit
    cdef int h
    for h in range(side.height):
        for i in range((n + 63) >> 6 << 6):
            if i >= n:
                below = False
            elif h == 0:
                below = side.ring[i] != 0
            else:
                below = side.tree[h - 1][i] != 0
            bit = (side.tree[h][i >> 6] >> (i & 63)) & 1
            if bit != below:
                return False
        n = (n + 63) >> 6
    return n == 1


cdef bint ladder_is_sound(const Ladder* side) noexcept nogil:
    cdef int64_t mask = side.window - 1, n = 0, i
    cdef key_t best = NO_KEY
    for i in range(side.window):
        if side.ring[i] < 0:
            return False
        if side.ring[i]:
            n += 1
            best = max(best, side.base + ((i - side.base) & mask))
    if n != side.n_near or best != side.near_best or not tree_is_sound(side):
        return False
    for i in range(side.n_far):
        if side.far[i].qty_lots <= 0 or side.far[i].key >= side.base:
            return False
        if i and side.far[i].key <= side.far[i - 1].key:
            return False
    return 0 <= side.n_far <= FAR_LEVELS_MAX and ladder_is_settled(side)
