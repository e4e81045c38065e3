# Who seals records and writes them to the file, on a thread of its own.
from libc.stdint cimport int64_t, uint32_t

from engine._core.base.recordbuf cimport RecordBuf


cdef class Scribe:
    cdef:
        RecordBuf records
        int fd
        uint32_t crc
        readonly int64_t written   # bytes of the file, what stood there before included
        readonly int error         # errno of the first write that failed; 0: none has
        bint is_ending
        int bell                   # readable: something was handed over
        int button                 # what is written here rings it; -1: there is none

    # Have the thread look at once. Costs a system call.
    cdef void ring(self) noexcept nogil

    # Inside only.
    # Write what was handed over; False when nothing was, or the disk refuses.
    cdef bint write(self) noexcept nogil
    cdef void _seal(self, char* at, Py_ssize_t n) noexcept nogil
