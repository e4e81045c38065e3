# The corridor: six rooms in a row, and the verbs the shells call.
cimport cython

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.hist cimport Histogram
from engine._core.base.probe cimport stage_ns
from engine._core.base.recordbuf cimport RecordBuf
from engine._core.base.types cimport nanos_t
from engine._core.inbox cimport Inbox


@cython.final
cdef class Core(Inbox):
    cdef:
        nanos_t lap_ns             # of the stage clock, while the stages are timed
        nanos_t measure_due_ns     # before, no turn is timed
        int until_split            # turns to time before one whose stages are, too
        bint is_split              # it is this one
        RecordBuf records          # of the journal; None: there is none
        int n_known                # connections that have been open

    cdef int _step(
        self, int conn, const char* payload, Py_ssize_t size, bint more_coming
        ) except -1
    cdef inline void _lap(self, Histogram stage) noexcept:
        """Count what went by since the last lap for a stage."""
        cdef nanos_t now_ns = stage_ns()
        stage.add(now_ns - self.lap_ns)
        self.lap_ns = now_ns

    cdef int _decide(self) except -1
    cdef void _tick(self)
    cdef void _stall(self, nanos_t late_ns)
    cdef int _enter(self, int conn, nanos_t t_ns) except -1
    cdef int _refuse(self, int conn) except -1
    cdef int _leave(self, nanos_t t_ns) except -1
    cdef void _record_answers(self, nanos_t t_ns)

    # The verb `receive_data` for a payload that stays in the caller's memory, which is
    # read during the call only; payload[size] must be readable, whatever it holds.
    # IndexError: no such connection.
    cdef int take(self, int conn, nanos_t t_ns, const char* payload, Py_ssize_t size,
                  bint more_coming) except -1

    # Bring near what the next tick will read and write here; changes nothing.
    cdef void bring_near(self) noexcept

    # What waits to be sent on a connection (0 <= conn < n_connections, not checked):
    # frames, each ended by a newline; whoever sends them sets its size to 0.
    cdef ByteBuf outgoing(self, int conn)

    # Whether notes, errands or connections to close wait for the shell.
    cdef bint has_news(self)

    # When handle_timer is due, 0 = not at all; the session is asked only after it was
    # called.
    cdef nanos_t due_ns(self) except *

    # Orders and edits written so far, of all connections and instruments.
    cdef long orders_written(self) noexcept
