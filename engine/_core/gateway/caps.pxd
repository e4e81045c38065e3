# What bounds the traffic of the whole account: open orders, and requests a second.
from engine._core.base.types cimport nanos_t
from engine._core.state.orders cimport OrderTable, RequestKind

cdef enum:
    RATE_MAX = 10000           # requests a second that can be set


cdef class Caps:
    cdef:
        readonly long open_orders_max      # 0 = no limit
        readonly long requests_per_s_max   # 0 = no limit
        nanos_t[RATE_MAX] sent_ns          # ring of the last sendings
        long n_sent

    # Whether a request may go now. Cancels always may.
    cdef bint may_send(
        self, RequestKind kind, OrderTable orders, nanos_t now_ns) noexcept nogil
    # When the next request may go that only the rate holds back; 0 = now.
    cdef nanos_t ready_ns(self, nanos_t now_ns) noexcept nogil
    cdef void sent(self, RequestKind kind, nanos_t now_ns) noexcept nogil
