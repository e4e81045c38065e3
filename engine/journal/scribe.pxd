# Who writes records to the file, on a thread of its own.
from libc.stdint cimport int64_t

from engine._core.base.recordbuf cimport RECORDBUF_BLOCK, RecordBuf


cdef class Scribe:
    cdef:
        RecordBuf records
        int fd
        readonly int64_t written   # bytes of the file, what stood there before included
        readonly int error         # errno of the first write that failed; 0: none has
        readonly int64_t direct    # ... of these, what went past the page cache
        bint is_ending
        bint is_direct             # much at once goes past the page cache
        Py_ssize_t n_kept          # bytes of the last block that are not written yet
        char[RECORDBUF_BLOCK] kept
        int bell                   # readable: something was handed over
        int button                 # what is written here rings it; -1: there is none

    # Have the thread look at once. Costs a system call.
    cdef void ring(self) noexcept nogil

    # Inside only.
    # Write what was handed over; False when nothing was, or the disk refuses.
    cdef bint write(self) noexcept nogil
    cdef void _write_blocks(self, char* at, Py_ssize_t n) noexcept nogil
    cdef bint _settle(self) noexcept nogil
    cdef bint _put(self, const char* at, Py_ssize_t n) noexcept nogil
