# The venue's matching-engine allowances, mirrored: token buckets that are never empty.
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


cdef class Credits:
    cdef:
        Pool[POOLS_MAX] pools
        readonly int n_pools
        readonly list names            # by number of the pool
        int reserve

    # Requests left in a pool, in nano-credits, as pessimistic as can be. The answer may
    # be below 0. NO_POOL: 0.
    cdef int64_t left_nano(self, int pool, nanos_t now_ns) noexcept nogil
    # The same for requests that pay from two pools at once; `second` may be NO_POOL.
    cdef int64_t least_nano(
        self, int first, int second, nanos_t now_ns) noexcept nogil
    # What must be left for one more request. Units: nano-credits.
    cdef int64_t need_nano(self, int pool, bint is_cancel) noexcept nogil
    cdef bint can_send(
        self, int first, int second, bint is_cancel, nanos_t now_ns) noexcept nogil
    cdef void take(self, int first, int second, nanos_t now_ns) noexcept nogil
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

    # Inside only.
    cdef void _land(self, int number, nanos_t sent_ns, nanos_t now_ns) noexcept nogil
    cdef void _drain(self, Pool* pool, nanos_t now_ns) noexcept nogil
    cdef void _turn(self, Pool* pool, nanos_t now_ns) noexcept nogil
    cdef void _refill(self, Pool* pool, nanos_t now_ns) noexcept nogil
