# Who may use how much of the account's credits: each budget its share of every pool.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.gateway.credits cimport POOLS_MAX
from engine._core.state.exposure cimport BUDGETS_MAX
from engine._core.state.orders cimport RequestKind

cdef enum:
    SHARERS_MAX = 1 + BUDGETS_MAX  # what is in no budget with a share, then the budgets


cdef struct Share:
    double rate_per_s          # requests a second
    double burst               # requests
    double used                # as of drained_ns
    nanos_t drained_ns


@cython.final
cdef class Shares:
    cdef:
        readonly bint is_split         # somebody has a share: everybody is bounded
        double[SHARERS_MAX] parts      # 0..1; the first is what the others leave
        Share[SHARERS_MAX][POOLS_MAX] shares

    # Once is_split: whether a request of a budget (-1 = none) about to be paid from one
    # or two pools (-1 = no pool) may go. Cancels always may.
    cdef bint may_send(self, RequestKind kind, int budget, int first, int second,
                       nanos_t now_ns) noexcept nogil
    # Likewise: a request goes out; a cancel counts as well.
    cdef void sent(self, int budget, int first, int second, nanos_t now_ns
                   ) noexcept nogil

    # A pool's limits are known, or have changed; usable: requests orders may have in a
    # burst.
    cdef void set_limits(
        self, int pool, double rate_per_s, double usable, nanos_t now_ns) noexcept nogil

    # Inside only.
    cdef int _sharer(self, int budget) noexcept nogil
    cdef Share* _drained(self, int budget, int pool, nanos_t now_ns) noexcept nogil
    cdef bint _has_left(self, int budget, int pool, nanos_t now_ns) noexcept nogil
    cdef void _take(self, int budget, int pool, nanos_t now_ns) noexcept nogil
