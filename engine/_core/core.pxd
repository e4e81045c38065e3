# The corridor: six rooms in a row, and the verbs the shells call.
from engine._core.base.types cimport nanos_t
from engine._core.inbox cimport Inbox


cdef class Core(Inbox):
    cdef void _step(self, int conn, bytes data, bint more_coming)
    cdef void _tick(self)
    cdef void _stall(self, nanos_t late_ns)
    cdef int _enter(self, int conn, nanos_t t_ns) except -1
