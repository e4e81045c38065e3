# A growing output buffer with a named limit: what the core wants to say on a line.
cimport cython

from engine._core.base.check cimport Fault

cdef enum:
    BYTEBUF_START = 65536
    BYTEBUF_MAX = 16777216     # 16 MiB: a peer that reads nothing is a fault


@cython.final
cdef class ByteBuf:
    cdef:
        char* start
        Py_ssize_t size
        Py_ssize_t journaled   # of these, what stands in a journal
        Py_ssize_t capacity

    # Make room for n more bytes and return where they go; NULL past BYTEBUF_MAX.
    # The pointer is valid until the next reserve.
    cdef inline char* reserve(self, Py_ssize_t n, Fault* fault) noexcept nogil:
        if 0 <= n <= self.capacity - self.size:
            return self.start + self.size
        return self._grow(n, fault)

    # Say how many of the reserved bytes were written: end is one past the last.
    cdef inline void commit(self, const char* end) noexcept nogil:
        self.size = end - self.start

    # All of it is gone, or will never be sent.
    cdef inline void clear(self) noexcept nogil:
        self.size = self.journaled = 0

    cdef void append(self, const char* p, Py_ssize_t n, Fault* fault) noexcept nogil
    cdef bytes take(self)

    # Inside only.
    cdef char* _grow(self, Py_ssize_t n, Fault* fault) noexcept nogil
