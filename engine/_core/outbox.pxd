# What goes out: requests, the kill, and what is told to the session.
from libc.stdint cimport int64_t

from engine._core.desk cimport Desk
from engine._core.gateway.differ cimport Action
from engine._core.quote.market cimport Market
from engine._core.state.orders cimport Request


cdef class Outbox(Desk):
    # 6. within the credits, past the fuse, onto the wire
    cdef void _write(self, Market market)
    cdef bint _write_one(self, Market market, const Action* action)
    cdef void _wait_for_credits(self, Market market)
    cdef void _answered(self, Market market, const Request* request)
    # Orders without an answer.
    cdef void _check_orders(self, Market market)
    cdef void _lose_orders(self)
    cdef bint _has_orders(self) noexcept
    # The end.
    cdef void _halt(self, str reason)
    cdef void _send_kill(self)
    cdef int64_t _kill_request(self)
    cdef bint _kill_is_fresh(self) noexcept
    cdef void _settle(self)
    # The session.
    cdef void _tell(self, str hook, tuple arguments)
