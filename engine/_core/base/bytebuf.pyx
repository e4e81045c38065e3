"""Output buffer of one connection: frames go in, the shell takes them all at once."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

from engine._core.base.check cimport FAULT_BUFFER, Fault, check


@cython.final
cdef class ByteBuf:
    """Append-only bytes, emptied by :meth:`take`; grows by doubling to BYTEBUF_MAX."""

    def __cinit__(self):
        self.start = <char*>malloc(BYTEBUF_START)
        if self.start == NULL:
            raise MemoryError
        self.capacity = BYTEBUF_START

    def __dealloc__(self):
        free(self.start)

    cdef char* _grow(self, Py_ssize_t n, Fault* fault) noexcept nogil:
        cdef Py_ssize_t capacity = self.capacity
        cdef char* grown
        if not check(fault, 0 <= n <= BYTEBUF_MAX - self.size, FAULT_BUFFER):
            return NULL
        while capacity < self.size + n:
            capacity *= 2
        grown = <char*>realloc(self.start, capacity)
        if not check(fault, grown != NULL, FAULT_BUFFER):
            return NULL
        self.start = grown
        self.capacity = capacity
        return self.start + self.size

    cdef void append(self, const char* p, Py_ssize_t n, Fault* fault) noexcept nogil:
        cdef char* room = self.reserve(n, fault)
        if room != NULL:
            memcpy(room, p, n)
            self.size += n

    cdef bytes take(self):
        cdef bytes out
        if self.size == 0:
            return b""
        out = PyBytes_FromStringAndSize(self.start, self.size)
        self.clear()
        return out
