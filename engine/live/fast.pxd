# The compiled half of the fast ingress: a line is one connection, a turn joins the
# lines with the core.
from libc.stdint cimport int64_t

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.hist cimport Histogram
from engine._core.base.recordbuf cimport RecordBuf
from engine._core.base.types cimport nanos_t
from engine._core.core cimport Core
from engine._core.wire.reader cimport Found, Reader
from engine.journal.scribe cimport Scribe
from engine.live.pace cimport Pace

cdef extern from *:
    """
    #include <sys/types.h>
    #include <sys/socket.h>
    """
    Py_ssize_t c_recv "recv"(int fd, void* p, size_t n, int flags) nogil
    const int MSG_DONTWAIT

cdef enum:
    KEYS_BYTES = 256           # of randomness drawn at a time: one key for each frame
    BEHIND_BYTES = 2097152     # of a journal that waits: its writer is let in
    LET_IN_NS = 200000         # ... for so long after a turn
    LET_IN_MAX = 1000          # ... and so often, while it writes nothing
    NEAR_BYTES = 512           # of a message that comes, and of requests that leave


cdef class Keys:
    cdef unsigned char[KEYS_BYTES] drawn
    cdef int left

    # Four bytes nobody can guess, for one frame. OSError: the system has none.
    cdef const char* next(self) except NULL


cdef class FastLine:
    cdef:
        Reader reader
        object free             # the reader's memory, as the event loop reads into it
        readonly object transport  # None once the line is down
        int fd                  # to send and receive past the transport; -1 = not so
        readonly bint is_open   # frames may be written
        bint is_ours            # the transport does not read: somebody polls for ever
        Py_ssize_t unsent_max   # bytes at which the venue counts as not reading
        bint is_broken          # the reader has refused the stream
        bint is_clogged         # the transport held bytes of ours when last looked at
        Turn turn               # None: messages go to the owner as a list
        int conn
        Pace pace               # told that bytes came; None: nobody is
        Keys keys
        ByteBuf wire            # masked frames on their way out
        readonly nanos_t received_ns

    # Take what is there without waiting; False: nothing, or no line to look at.
    cdef bint poll(self) except -1

    # Have the transport read no more: `poll` does, until an end, an error, or a line
    # that writes no more. The kernel need not wake anybody then.
    cdef int take_reading(self) except -1

    # Have the transport read again, if it does not.
    cdef int give_back(self) except -1

    # Bring near what the next message will need here.
    cdef void bring_near(self) noexcept

    # Send texts, each ended by a newline, as frames in one write; False: no longer.
    cdef bint send_texts(self, const char* texts, Py_ssize_t n) except -1

    # Inside only.
    cdef int _drain(self) except -1
    cdef int _feed(self) except -1
    cdef Found _next(self, const char** payload, Py_ssize_t* n) noexcept
    cdef list _collect(self)
    cdef int _control(self, Found found, const char* payload, Py_ssize_t n) except -1
    cdef bint _send(self, const char* p, Py_ssize_t n) except -1


cdef class Turn:
    cdef:
        Core core
        object shell
        list lines                  # FastLine or None, by connection
        Histogram tick_to_order
        Histogram write
        readonly long bytes_written
        public bint watches_auth    # payloads must pass the signer
        public nanos_t armed_ns     # when the shell's timer fires, 0 = it is not armed
        Scribe scribe               # the journal's writer; None: there is none to wake
        nanos_t hand_ns             # when it gets what there is
        int64_t rung_handed         # bytes it had been handed when it was woken last
        int64_t journal_handed      # bytes it had been handed at the last rest
        int patience                # times it is let in again, while that stays so
        readonly long rests         # times it was let in

    cdef int end(self, nanos_t received_ns, long orders_before) except -1
    cdef void _tend(self, RecordBuf records, nanos_t now_ns) noexcept
    cdef void _let_in(self, RecordBuf records) noexcept
