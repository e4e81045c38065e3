"""Caps on traffic: how many orders are open at once, how many requests go a second.

The venue's own limits are the credits'; these are the user's, and smaller. Requests are
bounded for the account and for each budget by itself.
"""

cimport cython
from libc.stdlib cimport calloc, free

from engine._core.base.types cimport nanos_t
from engine._core.state.exposure cimport BUDGETS_MAX
from engine._core.state.orders cimport ORDER_STATES, OrderTable

cdef nanos_t SECOND_NS = 1_000_000_000


cdef long open_orders(OrderTable orders) noexcept nogil:
    cdef int i
    cdef long count = 0
    for i in range(1, ORDER_STATES):
        count += orders.n_by_state[i]
    return count


cdef nanos_t after(const Ring* ring, nanos_t now_ns) noexcept nogil:
    """When the oldest of a full ring is a second old; 0 = it is."""
    cdef nanos_t oldest = ring.sent_ns[ring.n_sent % ring.most]
    return 0 if now_ns - oldest >= SECOND_NS else oldest + SECOND_NS


@cython.final
cdef class Caps:
    """Counts; 0 stands for no limit."""

    def __dealloc__(self):
        cdef int i
        for i in range(RINGS_MAX):
            free(self.rings[i].sent_ns)

    @property
    def requests_per_s_max(self):
        """Requests a second of the account, 0 = no limit."""
        return self.rings[0].most

    def set(self, long open_orders_max, long requests_per_s_max):
        """Take the limits of the account; 0 = none.

        Raises:
            ValueError: negative, or a rate above RATE_MAX.
        """
        if open_orders_max < 0 or not 0 <= requests_per_s_max <= RATE_MAX:
            raise ValueError(f"open orders {open_orders_max}, requests a second "
                             f"{requests_per_s_max}: 0 or more, at most {RATE_MAX}/s")
        self.open_orders_max = open_orders_max
        self._set_ring(0, requests_per_s_max)
        self._find_bounds()

    def set_budget(self, int number, long requests_per_s_max):
        """Take the limit of a budget, by its number; 0 = none.

        Raises:
            ValueError: negative, a rate above RATE_MAX, or no such budget.
        """
        if not 0 <= number < BUDGETS_MAX or not 0 <= requests_per_s_max <= RATE_MAX:
            raise ValueError(f"budget {number}, requests a second "
                             f"{requests_per_s_max}: 0 or more, at most {RATE_MAX}/s")
        self._set_ring(1 + number, requests_per_s_max)
        self._find_bounds()

    cdef void _find_bounds(self):
        """See whether anything is bounded at all: what is not costs one look."""
        cdef int i
        self.bounds = self.open_orders_max > 0
        for i in range(RINGS_MAX):
            self.bounds = self.bounds or self.rings[i].most > 0

    cdef int _set_ring(self, int number, long most) except -1:
        cdef Ring* ring = &self.rings[number]
        cdef nanos_t* fresh = NULL
        if most:
            fresh = <nanos_t*>calloc(most, sizeof(nanos_t))
            if fresh == NULL:
                raise MemoryError
        free(ring.sent_ns)
        ring.sent_ns, ring.most, ring.n_sent = fresh, most, 0
        return 0
