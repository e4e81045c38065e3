# What goes out: requests, the kill, and what is told to the session.
from libc.stdint cimport int64_t

from engine._core.base.types cimport qty_t
from engine._core.desk cimport Desk
from engine._core.gateway.differ cimport Action
from engine._core.gateway.place cimport Yardstick
from engine._core.gateway.scheduler cimport Offer
from engine._core.quote.market cimport Market
from engine._core.state.orders cimport Request


cdef enum Written:
    WRITE_SENT = 0
    WRITE_HELD = 1         # an own order of the other side is in the way
    WRITE_DROPPED = 2      # the venue has just refused: not now
    WRITE_FAILED = 3       # no room in the table of requests, or a fault


cdef class Outbox(Desk):
    cdef void _count_changed(self) noexcept
    # 5. which requests would make the wish true
    cdef void _plan(self, Market market) noexcept nogil
    # 6. within the credits, past the fuse, onto the wire
    cdef void _offer(self, Market market) noexcept nogil
    cdef void _measure(self, Market market, Yardstick* yard) noexcept nogil
    cdef void _spend(self)
    cdef void _count_mass_cancel(self)
    cdef bint _affords(self, Market market, const Offer* offer)
    cdef void _wake(self)
    cdef Written _write_one(self, Market market, const Action* action) noexcept nogil
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
