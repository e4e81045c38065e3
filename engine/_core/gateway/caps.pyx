"""Caps on traffic: how many orders are open at once, how many requests go a second.

The venue's own limits are the credits'; these are the user's, and smaller.
"""

cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.state.orders cimport ORDER_STATES, OrderTable

cdef nanos_t SECOND_NS = 1_000_000_000


cdef long open_orders(OrderTable orders) noexcept nogil:
    cdef int i
    cdef long count = 0
    for i in range(1, ORDER_STATES):
        count += orders.n_by_state[i]
    return count


@cython.final
cdef class Caps:
    """Counts; 0 stands for no limit."""

    cdef nanos_t ready_ns(self, nanos_t now_ns) noexcept nogil:
        cdef nanos_t oldest
        if self.requests_per_s_max == 0 or self.n_sent < self.requests_per_s_max:
            return 0
        oldest = self.sent_ns[self.n_sent % self.requests_per_s_max]
        return 0 if now_ns - oldest >= SECOND_NS else oldest + SECOND_NS

    def set(self, long open_orders_max, long requests_per_s_max):
        """Take the limits; 0 = none.

        Raises:
            ValueError: negative, or a rate above RATE_MAX.
        """
        if open_orders_max < 0 or not 0 <= requests_per_s_max <= RATE_MAX:
            raise ValueError(f"open orders {open_orders_max}, requests a second "
                             f"{requests_per_s_max}: 0 or more, at most {RATE_MAX}/s")
        self.open_orders_max = open_orders_max
        self.requests_per_s_max = requests_per_s_max
        self.n_sent = 0
