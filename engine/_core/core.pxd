# The corridor: six rooms in a row, and the verbs the shells call.
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t
from engine._core.decode.message cimport MessageKind
from engine._core.desk cimport Desk
from engine._core.gateway.differ cimport Action
from engine._core.quote.market cimport Market

cdef class Core(Desk):
    cdef void _step(self, int conn, bytes data, bint more_coming)
    # 2. by kind of message
    cdef void _absorb(self, int conn, MessageKind kind, bytes data)
    cdef void _absorb_book(self)
    cdef void _lose_book(self, Market market)
    cdef void _absorb_ticker(self)
    cdef void _absorb_orders(self, bint is_answer, int64_t request_id)
    cdef void _absorb_reply(self)
    cdef void _pause(self, Market market, int code)
    cdef void _absorb_odd(self, int conn, MessageKind kind, bytes data)
    # 5. and 6.
    cdef void _write(self, Market market)
    cdef bint _write_one(self, Market market, const Action* action)
    # Around the corridor.
    cdef void _tick(self)
    cdef void _check_orders(self, Market market)
    cdef void _lose_orders(self)
    cdef void _halt(self, str reason)
    cdef void _send_kill(self)
    cdef void _settle(self)
    cdef void _tell(self, str hook, tuple arguments)
    cdef bint _has_orders(self) noexcept
    cdef int _enter(self, int conn, nanos_t t_ns) except -1
