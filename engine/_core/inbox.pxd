# What comes in, by kind of message.
from libc.stdint cimport int64_t

from engine._core.base.event cimport OrderUpdate
from engine._core.decode.message cimport MessageKind
from engine._core.outbox cimport Outbox
from engine._core.quote.market cimport Market


cdef class Inbox(Outbox):
    cdef list untold       # fills booked from this frame, not yet told

    cdef int _absorb(
        self, int conn, MessageKind kind, const char* payload, Py_ssize_t size
        ) except -1
    cdef int _absorb_book(self) except -1
    cdef void _lose_book(self, Market market)
    cdef void _absorb_ticker(self)
    cdef void _absorb_trades(self)
    cdef void _absorb_orders(self, int64_t request_id)
    cdef void _note_stray(self, const OrderUpdate* order, Market market)
    cdef void _absorb_reply(self)
    # Book the decoder's i-th fill; False: seen before, or of no known instrument.
    cdef bint _book_fill(self, int i) except -1
    cdef void _tell_fills(self)
    cdef void _pause(self, Market market, int code)
    cdef void _pause_cancels(self, Market market)
    cdef void _absorb_odd(self, int conn, MessageKind kind, bytes data)
