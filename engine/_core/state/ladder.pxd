# One side of a book: every level by price, O(1) update, next best by one bit scan.
# Sorted by `key`, best = highest: a bid's key is its price, an ask's minus its price.
from libc.stdint cimport int64_t, uint64_t

from engine._core.base.types cimport qty_t

ctypedef int64_t key_t     # ticks, signed so that a better level has the higher key

cdef enum:
    WINDOW_TICKS_MIN = 64
    WINDOW_TICKS_MAX = 1048576    # 2^20; 8 MiB of address space a side
    FAR_LEVELS_MAX = 8192         # levels a side outside the window
    FAR_ROOM = 16384              # twice that: levels pass through as it moves
    TREE_HEIGHT_MAX = 4           # 64^4 >= WINDOW_TICKS_MAX


cdef extern from *:
    """
    #define HALFSPREAD_NO_KEY INT64_MIN
    """
    const key_t NO_KEY "HALFSPREAD_NO_KEY"


cdef struct FarLevel:
    key_t key
    qty_t qty_lots


cdef struct Ladder:
    # The window [base, base + window) lies in a ring: key is at key & (window - 1).
    # Bit i of tree[0] says whether ring[i] is a level; bit i of tree[h+1] whether
    # word i of tree[h] is not 0.
    key_t base
    int64_t window             # ticks, a power of two
    qty_t* ring                # lots, 0 = no level
    int height
    uint64_t* tree[TREE_HEIGHT_MAX]
    int64_t n_near             # levels in the window
    key_t near_best            # best of them; NO_KEY = none
    bint is_touched            # the best level, or one outside, may have changed
    # Everything else, ascending by key. Between frames all of it is below the window.
    FarLevel* far
    int n_far


# Memory, taken once. False: there is none.
cdef bint ladder_open(Ladder* side, int64_t window) noexcept nogil
cdef void ladder_close(Ladder* side) noexcept nogil
cdef int64_t ladder_bytes(int64_t window) noexcept nogil

# Updates. False: FAR_LEVELS_MAX would be passed and levels are lost: clear it.
# Call `ladder_set` (below) level by level, then `ladder_rebase` if not settled.
cdef bint ladder_set_outside(Ladder* side, key_t key, qty_t qty_lots) noexcept nogil
cdef void ladder_drop_best(Ladder* side) noexcept nogil    # near_best is gone: next
cdef bint ladder_rebase(Ladder* side) noexcept nogil         # window around the best
cdef void ladder_clear(Ladder* side) noexcept nogil
cdef void ladder_aim(Ladder* side, key_t best) noexcept nogil    # only while empty

# Reads. NO_KEY / 0 when there is no such level.
cdef qty_t ladder_qty(const Ladder* side, key_t key) noexcept nogil
cdef key_t ladder_below(const Ladder* side, key_t key) noexcept nogil

# Every invariant above, by full walk. Cost: the whole window.
cdef bint ladder_is_sound(const Ladder* side) noexcept nogil


cdef inline key_t ladder_best(const Ladder* side) noexcept nogil:
    """Best key; while a frame is applied it may still lie outside the window."""
    if side.n_far and side.far[side.n_far - 1].key > side.near_best:
        return side.far[side.n_far - 1].key
    return side.near_best


cdef inline bint ladder_is_settled(const Ladder* side) noexcept nogil:
    """Whether the best level lies well inside the window (or there is no level)."""
    if side.n_far and side.far[side.n_far - 1].key >= side.base:
        return False
    if side.near_best == NO_KEY:
        return side.n_far == 0
    return side.near_best - side.base >= side.window // 4


cdef inline void ladder_enter(
        Ladder* side, int64_t slot, uint64_t is_level) noexcept nogil:
    """Say in every storey whether a slot is a level.

    Above a word that was not 0, and is not 0 now, nothing changes.
    """
    cdef uint64_t before, after
    cdef int h
    for h in range(side.height):
        before = side.tree[h][slot >> 6]
        after = before & ~(<uint64_t>1 << (slot & 63)) | is_level << (slot & 63)
        side.tree[h][slot >> 6] = after
        is_level = after != 0
        if is_level == (before != 0):
            return
        slot >>= 6


cdef inline void ladder_set_near(
        Ladder* side, key_t key, qty_t qty_lots) noexcept nogil:
    """Set a level of the window.

    Whether it is new, changed or gone is chance, so nothing asks for that; what depends
    on it is counted and stored all the same.
    """
    cdef int64_t slot = key & (side.window - 1)
    cdef int64_t is_level = qty_lots > 0
    cdef int64_t was_level = side.ring[slot] != 0
    side.ring[slot] = qty_lots & -is_level
    side.n_near += is_level - was_level
    ladder_enter(side, slot, <uint64_t>is_level)
    if key < side.near_best:
        return
    side.is_touched = True
    if is_level:
        side.near_best = key
    elif was_level:
        ladder_drop_best(side)


cdef inline bint ladder_set(Ladder* side, key_t key, qty_t qty_lots) noexcept nogil:
    """Give a level its new total, 0 to remove it.

    Cost: constant in the window; a binary search and a move outside.
    """
    if <uint64_t>(key - side.base) < <uint64_t>side.window:
        ladder_set_near(side, key, qty_lots)
        return True
    return ladder_set_outside(side, key, qty_lots)
