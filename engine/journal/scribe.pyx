"""From the records in memory to the file, without the interpreter.

On its own thread the scribe takes what the core hands over and waits for the bell in
between; the thread that quotes never waits for it, nor for the disk.

Much at once goes to the disk from where it lies, in whole blocks and past the system's
page cache (`O_DIRECT` of Linux, open(2)), where a copy and the pages for it are most of
what a byte costs. The rest of the last block is kept until more comes or nothing does.
A disk or file system that will not have it so, or is slow that way, gets all bytes
through the cache.
"""

cimport cython
from libc.errno cimport EINTR, errno
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from engine._core.base.recordbuf cimport RECORDBUF_BLOCK, RecordBuf

cdef extern from *:
    """
    #ifdef __linux__
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #endif
    #include <fcntl.h>
    #include <poll.h>
    #include <unistd.h>

    /* Until a byte is there, or so long; all bytes are taken then. 0: none came. */
    static int halfspread_hear(int fd, int timeout_ms) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        char bytes[64];
        if (poll(&one, 1, timeout_ms) == 0) return 0;
        while (read(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes) continue;
        return 1;
    }

    /* Past the page cache from now on, or through it; 0: it cannot be had. */
    static int halfspread_go_direct(int fd, int is_direct) {
    #ifdef O_DIRECT
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0) return 0;
        flags = is_direct ? flags | O_DIRECT : flags & ~O_DIRECT;
        return fcntl(fd, F_SETFL, flags) == 0;
    #else
        (void)fd;
        return !is_direct;
    #endif
    }

    #define halfspread_is_set(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define halfspread_set(p) __atomic_store_n((p), 1, __ATOMIC_RELEASE)
    """
    Py_ssize_t c_write "write"(int fd, const void* p, size_t n) nogil
    bint hear "halfspread_hear"(int fd, int timeout_ms) noexcept nogil
    bint go_direct "halfspread_go_direct"(int fd, bint is_direct) noexcept nogil
    bint is_set "halfspread_is_set"(bint* p) noexcept nogil
    void set_flag "halfspread_set"(bint* p) noexcept nogil

cdef enum:
    LOOK_MS = 1000             # between two looks, when nobody rings
    KEEP_MS = 100              # ... and no part of a block is kept for longer
    WRITE_MAX = 262144         # bytes; a larger write costs up to ten times as much
    DIRECT_MIN = 262144        # bytes from which the cache is passed by
    DIRECT_MAX = 8388608       # ... and beyond which the disk did not follow that way


@cython.final
cdef class Scribe:
    """Writes the records of one file.

    Args:
        records: where they come from.
        fd: the file, open for writing, at its end.
        written: bytes it holds.
        bell, button: the ends of a pipe that does not block, to wake `run` by.
    """

    def __init__(self, RecordBuf records not None, int fd, int64_t written,
                 int bell=-1, int button=-1):
        self.records = records
        self.fd = fd
        self.written = written
        self.bell, self.button = bell, button

    def drain(self):
        """Write all that was handed over, in the calling thread.

        Returns: False when the disk refused, now or before: see `error`.
        """
        with nogil:
            if self.write():
                self._settle()
        return self.error == 0

    def run(self):
        """Write until `end` is called; the body of a thread."""
        with nogil:
            self.is_direct = True
            while not is_set(&self.is_ending):
                if self.write():
                    continue
                if not hear(self.bell, KEEP_MS if self.n_kept else LOOK_MS):
                    self._settle()
            self.write()
            self._settle()
            self.is_direct = False

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
        cdef Py_ssize_t n = self.records.waiting()
        if n == 0 or self.error:
            return False
        if n > DIRECT_MAX:
            self.is_direct = False
        if self.is_direct and n >= DIRECT_MIN:
            self._write_blocks(self.records.back, n)
        elif self._settle():
            self._put(self.records.back, n)
        if self.error:
            # What was handed over stays where it is: nothing follows it.
            return False
        self.records.taken()
        return True

    cdef void _write_blocks(self, char* at, Py_ssize_t n) noexcept nogil:
        """Write the whole blocks past the cache, and keep what is behind them."""
        cdef Py_ssize_t begun = (self.written + self.n_kept) % RECORDBUF_BLOCK
        cdef Py_ssize_t first = (RECORDBUF_BLOCK - begun) % RECORDBUF_BLOCK, put, whole
        memcpy(self.kept + self.n_kept, at, first)
        self.n_kept += first
        if not self._settle():
            return
        at += first
        n -= first
        whole = n - n % RECORDBUF_BLOCK
        self.is_direct = go_direct(self.fd, True)
        while self.is_direct and whole > 0:
            put = c_write(self.fd, at, whole)
            if put < 0 and errno == EINTR:
                continue
            if put <= 0 or put % RECORDBUF_BLOCK:
                self.is_direct = False     # through the cache, which says why if at all
            if put > 0:
                at += put
                n -= put
                whole -= put
                self.written += put
                self.direct += put
        go_direct(self.fd, False)
        if self.is_direct:
            memcpy(self.kept, at, n)
            self.n_kept = n
        else:
            self._put(at, n)

    cdef bint _settle(self) noexcept nogil:
        """Write what was kept of the last block; False: the disk refuses."""
        cdef Py_ssize_t n = self.n_kept
        self.n_kept = 0
        return self._put(self.kept, n)

    cdef bint _put(self, const char* at, Py_ssize_t n) noexcept nogil:
        """Write bytes through the cache; False: the disk refuses, now or before."""
        cdef Py_ssize_t put
        while n > 0 and not self.error:
            put = c_write(self.fd, at, min(n, <Py_ssize_t>WRITE_MAX))
            if put < 0:
                if errno != EINTR:
                    self.error = errno
                continue
            at += put
            n -= put
            self.written += put
        return not self.error
