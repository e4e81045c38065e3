"""From the records in memory to the file: seals, then writes, without the interpreter.

A record is sealed with the CRC of everything before it (`format`), which is why one
writer does it, in order. On its own thread it takes what the core hands over and waits
for the bell in between; the thread that quotes never waits for it, nor for the disk.
"""

cimport cython
from libc.errno cimport EINTR, errno
from libc.stdint cimport int64_t, uint32_t

from engine._core.base.recordbuf cimport (
    RECORD_SEAL_BYTES, RecordBuf, put_le32, read_le32)
from engine.journal.crc cimport crc32

cdef extern from *:
    """
    #include <poll.h>
    #include <unistd.h>

    /* Until a byte is there, or so long; all bytes are taken then. */
    static void halfspread_hear(int fd, int timeout_ms) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        char bytes[64];
        if (poll(&one, 1, timeout_ms) == 1) {
            while (read(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes) continue;
        }
    }

    #define halfspread_is_set(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define halfspread_set(p) __atomic_store_n((p), 1, __ATOMIC_RELEASE)
    """
    Py_ssize_t c_write "write"(int fd, const void* p, size_t n) nogil
    void hear "halfspread_hear"(int fd, int timeout_ms) noexcept nogil
    bint is_set "halfspread_is_set"(bint* p) noexcept nogil
    void set_flag "halfspread_set"(bint* p) noexcept nogil

cdef enum:
    LOOK_MS = 200              # between two looks, when nobody rings
    WRITE_MAX = 262144         # bytes; a larger write costs up to ten times as much


@cython.final
cdef class Scribe:
    """Writes the records of one file.

    Args:
        records: where they come from.
        fd: the file, open for writing, at its end.
        crc: of what the file holds.
        written: bytes it holds.
        bell, button: the ends of a pipe that does not block, to wake `run` by.
    """

    def __init__(self, RecordBuf records not None, int fd, uint32_t crc,
                 int64_t written, int bell=-1, int button=-1):
        self.records = records
        self.fd = fd
        self.crc = crc
        self.written = written
        self.bell, self.button = bell, button

    def drain(self):
        """Write what was handed over, in the calling thread.

        Returns: False when the disk refused, now or before: see `error`.
        """
        with nogil:
            self.write()
        return self.error == 0

    def run(self):
        """Write until `end` is called; the body of a thread."""
        with nogil:
            while not is_set(&self.is_ending):
                if not self.write():
                    hear(self.bell, LOOK_MS)
            self.write()

    def end(self):
        """Let `run` return, once it has written what was handed over."""
        set_flag(&self.is_ending)
        self.ring()
        self.button = -1

    def wake(self):
        """Tell `run` that something was handed over."""
        self.ring()

    cdef void ring(self) noexcept nogil:
        # A full pipe rings already; an error leaves it to LOOK_MS.
        if self.button >= 0 and c_write(self.button, b"!", 1) < 0:
            pass

    cdef bint write(self) noexcept nogil:
        cdef Py_ssize_t n = self.records.waiting(), put
        cdef char* at = self.records.back
        if n == 0 or self.error:
            return False
        self._seal(at, n)
        while n > 0:
            put = c_write(self.fd, at, min(n, <Py_ssize_t>WRITE_MAX))
            if put < 0:
                if errno == EINTR:
                    continue
                # What was handed over stays where it is: nothing follows it.
                self.error = errno
                return False
            at += put
            n -= put
            self.written += put
        self.records.taken()
        return True

    cdef void _seal(self, char* at, Py_ssize_t n) noexcept nogil:
        cdef char* end = at + n
        cdef Py_ssize_t size
        while at < end:
            size = read_le32(at)
            self.crc = crc32(self.crc, at + RECORD_SEAL_BYTES, size)
            put_le32(at + 8, self.crc)
            at += RECORD_SEAL_BYTES + size
