"""Caps on traffic: how many orders are open at once, how many requests go a second.

The venue's own limits are the credits'; these are the user's, and smaller.
"""

from engine._core.base.types cimport nanos_t
from engine._core.state.orders cimport (
    ORDER_STATES, REQUEST_CANCEL, REQUEST_CANCEL_ALL, REQUEST_NEW, OrderTable,
    RequestKind)

cdef nanos_t SECOND_NS = 1_000_000_000


cdef long open_orders(OrderTable orders) noexcept nogil:
    cdef int i
    cdef long count = 0
    for i in range(1, ORDER_STATES):
        count += orders.n_by_state[i]
    return count


cdef class Caps:
    """Counts; 0 stands for no limit."""

    cdef bint may_send(
            self, RequestKind kind, OrderTable orders, nanos_t now_ns) noexcept nogil:
        if kind == REQUEST_CANCEL or kind == REQUEST_CANCEL_ALL:
            return True
        if (kind == REQUEST_NEW and self.open_orders_max
                and open_orders(orders) >= self.open_orders_max):
            return False
        return self.ready_ns(now_ns) == 0

    cdef nanos_t ready_ns(self, nanos_t now_ns) noexcept nogil:
        cdef nanos_t oldest
        if self.requests_per_s_max == 0 or self.n_sent < self.requests_per_s_max:
            return 0
        oldest = self.sent_ns[self.n_sent % self.requests_per_s_max]
        return 0 if now_ns - oldest >= SECOND_NS else oldest + SECOND_NS

    cdef void sent(self, RequestKind kind, nanos_t now_ns) noexcept nogil:
        if (self.requests_per_s_max == 0 or kind == REQUEST_CANCEL
                or kind == REQUEST_CANCEL_ALL):
            return
        self.sent_ns[self.n_sent % self.requests_per_s_max] = now_ns
        self.n_sent += 1

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
