# What bounds the traffic: open orders, and requests a second, of account and budgets.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.state.exposure cimport BUDGETS_MAX
from engine._core.state.orders cimport (
    REQUEST_CANCEL, REQUEST_CANCEL_ALL, REQUEST_NEW, OrderTable, RequestKind)

cdef enum:
    RATE_MAX = 10000           # requests a second that can be set
    RINGS_MAX = 1 + BUDGETS_MAX  # the account's, then one a budget


# The last sendings that a limit allows a second.
cdef struct Ring:
    long most                  # requests a second, 0 = no limit
    long n_sent
    nanos_t* sent_ns           # of the last `most`, by n_sent modulo


@cython.final
cdef class Caps:
    cdef:
        bint bounds                        # some limit is set
        readonly long open_orders_max      # 0 = no limit
        Ring[RINGS_MAX] rings

    # Whether a request of a budget, -1 = none, may go now. Cancels always may.
    cdef inline bint may_send(self, RequestKind kind, OrderTable orders, int budget,
                              nanos_t now_ns) noexcept nogil:
        if (not self.bounds or kind == REQUEST_CANCEL
                or kind == REQUEST_CANCEL_ALL):
            return True
        if (kind == REQUEST_NEW and self.open_orders_max
                and open_orders(orders) >= self.open_orders_max):
            return False
        if budget >= 0 and ready_ns(&self.rings[1 + budget], now_ns):
            return False
        return ready_ns(&self.rings[0], now_ns) == 0

    cdef inline void sent(
            self, RequestKind kind, int budget, nanos_t now_ns) noexcept nogil:
        if (not self.bounds or kind == REQUEST_CANCEL
                or kind == REQUEST_CANCEL_ALL):
            return
        push(&self.rings[0], now_ns)
        if budget >= 0:
            push(&self.rings[1 + budget], now_ns)

    # Inside only.
    cdef void _find_bounds(self)
    cdef int _set_ring(self, int number, long most) except -1


# When the next request may go that only this rate holds back; 0 = now.
cdef inline nanos_t ready_ns(const Ring* ring, nanos_t now_ns) noexcept nogil:
    if ring.most == 0 or ring.n_sent < ring.most:
        return 0
    return after(ring, now_ns)


cdef inline void push(Ring* ring, nanos_t now_ns) noexcept nogil:
    if ring.most:
        ring.sent_ns[ring.n_sent % ring.most] = now_ns
        ring.n_sent += 1


cdef nanos_t after(const Ring* ring, nanos_t now_ns) noexcept nogil
cdef long open_orders(OrderTable orders) noexcept nogil
