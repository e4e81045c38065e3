# The venue's matching-engine allowances, mirrored: token buckets that are never empty.
cimport cython
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t

cdef enum:
    CREDIT = 1000000000        # one request, in nano-credits
    SAFETY = 1                 # requests never spent: clocks and rounding are not exact
    POOLS_MAX = 32             # pools of one account; the venue has up to twelve
    NO_POOL = -1


# What is spent is in flight (unanswered: the venue may count it at any time from now
# on) or counted. Only what is counted drains. A request that stays unanswered for
# LATE_NS has been counted or never will be; flying requests are kept in two ages, so
# that no list is needed.
cdef struct Pool:
    double rate_per_s          # requests a second, as the account says
    double burst               # requests
    int64_t burst_nano
    int64_t counted_nano       # as of drained_ns
    nanos_t drained_ns
    int64_t flying             # requests sent at or after turned_ns, unanswered
    int64_t flying_old         # requests sent before
    nanos_t turned_ns
    nanos_t turned_before_ns   # older than this: given up
    int reserve                # requests only cancels may spend
    double typical             # what an order of this pool is worth; see scheduler


cdef inline int64_t left_in(const Pool* pool) noexcept nogil:
    return (pool.burst_nano - pool.counted_nano
            - (pool.flying + pool.flying_old) * CREDIT)


@cython.final
cdef class Credits:
    cdef:
        Pool[POOLS_MAX] pools
        readonly int n_pools
        readonly list names            # by number of the pool
        int reserve

    # Requests left in a pool, in nano-credits, as pessimistic as can be. The answer may
    # be below 0. NO_POOL: 0.
    cdef inline int64_t left_nano(self, int pool, nanos_t now_ns) noexcept nogil:
        if pool < 0:
            return 0
        self._bring(&self.pools[pool], now_ns)
        return left_in(&self.pools[pool])

    # The same for requests that pay from two pools at once; `second` may be NO_POOL.
    cdef inline int64_t least_nano(
            self, int first, int second, nanos_t now_ns) noexcept nogil:
        cdef int64_t left = self.left_nano(first, now_ns), other
        if second < 0:
            return left
        other = self.left_nano(second, now_ns)
        return left if left < other else other

    # What must be left for one more request. Units: nano-credits.
    cdef inline int64_t need_nano(self, int pool, bint is_cancel) noexcept nogil:
        cdef int64_t reserve = 0 if is_cancel or pool < 0 else self.pools[pool].reserve
        return (1 + SAFETY + reserve) * CREDIT

    cdef bint can_send(
        self, int first, int second, bint is_cancel, nanos_t now_ns) noexcept nogil
    cdef inline void take(self, int first, int second, nanos_t now_ns) noexcept nogil:
        if first >= 0:
            self._bring(&self.pools[first], now_ns)
            self.pools[first].flying += 1
        if second >= 0:
            self._bring(&self.pools[second], now_ns)
            self.pools[second].flying += 1

    # The venue has answered: a request is not in flight any more.
    cdef void answered(
        self, int first, int second, nanos_t sent_ns, nanos_t now_ns) noexcept nogil
    # When a pool will hold so much; 0 = it holds it now, or never will.
    cdef nanos_t ready_ns(
        self, int pool, int64_t need_nano, nanos_t now_ns) noexcept nogil

    # Number of a pool, made when new; the limits may change while running.
    cdef int set_limits(
        self, str name, double rate_per_s, double burst, nanos_t now_ns) except -1
    cdef int find(self, str name) except -2

    # Inside only. A pool that was brought to this very moment is there.
    cdef inline void _bring(self, Pool* pool, nanos_t now_ns) noexcept nogil:
        if pool.drained_ns != now_ns:
            self._refill(pool, now_ns)

    cdef void _land(self, int number, nanos_t sent_ns, nanos_t now_ns) noexcept nogil
    cdef void _drain(self, Pool* pool, nanos_t now_ns) noexcept nogil
    cdef void _turn(self, Pool* pool, nanos_t now_ns) noexcept nogil
    cdef void _refill(self, Pool* pool, nanos_t now_ns) noexcept nogil
