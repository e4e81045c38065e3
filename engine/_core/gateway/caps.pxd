# What bounds the traffic of the whole account: open orders, and requests a second.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.state.orders cimport (
    REQUEST_CANCEL, REQUEST_CANCEL_ALL, REQUEST_NEW, OrderTable, RequestKind)

cdef enum:
    RATE_MAX = 10000           # requests a second that can be set


@cython.final
cdef class Caps:
    cdef:
        readonly long open_orders_max      # 0 = no limit
        readonly long requests_per_s_max   # 0 = no limit
        nanos_t[RATE_MAX] sent_ns          # ring of the last sendings
        long n_sent

    # Whether a request may go now. Cancels always may.
    cdef inline bint may_send(
            self, RequestKind kind, OrderTable orders, nanos_t now_ns) noexcept nogil:
        if kind == REQUEST_CANCEL or kind == REQUEST_CANCEL_ALL:
            return True
        if (kind == REQUEST_NEW and self.open_orders_max
                and open_orders(orders) >= self.open_orders_max):
            return False
        return self.requests_per_s_max == 0 or self.ready_ns(now_ns) == 0

    # When the next request may go that only the rate holds back; 0 = now.
    cdef nanos_t ready_ns(self, nanos_t now_ns) noexcept nogil
    cdef inline void sent(self, RequestKind kind, nanos_t now_ns) noexcept nogil:
        if (self.requests_per_s_max == 0 or kind == REQUEST_CANCEL
                or kind == REQUEST_CANCEL_ALL):
            return
        self.sent_ns[self.n_sent % self.requests_per_s_max] = now_ns
        self.n_sent += 1


cdef long open_orders(OrderTable orders) noexcept nogil
