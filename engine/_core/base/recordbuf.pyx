"""A journal's records in memory, between the thread that makes them and the disk.

The core appends, on the hot thread: a copy of the payload, sealed with the CRC of
everything before it, which is cheap where the payload was just read and dear where
another core has to fetch it again. With enough bytes, or when a shell finds that it is
time, the side that was filled changes places with the one that was written; whoever
writes (`engine.journal.scribe`) takes them away. The two share nothing but the size of
the side handed over: 0, it is the core's; else the writer's. So neither ever waits for
the other.

A byte lies in its block of memory where it lies in its block of the file, so that whole
blocks can go from here to the disk without a copy.
"""

cimport cython
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport uint32_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

cdef extern from *:
    """
    #include <stdlib.h>
    #include <sys/mman.h>

    /* In pages as large as can be had, which spare the disk's way to them most of its
       work and the processor its look-ups. Freed by free(). */
    static char *halfspread_pages(size_t alignment, size_t size) {
        void *memory = NULL;
        if (posix_memalign(&memory, alignment, size)) return NULL;
    #ifdef MADV_HUGEPAGE
        madvise(memory, size, MADV_HUGEPAGE);
    #endif
        return (char *)memory;
    }

    #define halfspread_get_size(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define halfspread_set_size(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
    """
    char* pages "halfspread_pages"(size_t alignment, size_t size) noexcept nogil
    Py_ssize_t get_size "halfspread_get_size"(Py_ssize_t* p) noexcept nogil
    void set_size "halfspread_set_size"(Py_ssize_t* p, Py_ssize_t v) noexcept nogil

cdef enum:
    LARGE_PAGE = 2097152

HAND_BYTES = RECORDBUF_HAND
HAND_NS = RECORDBUF_HAND_NS
WAIT_MAX_BYTES = RECORDBUF_WAIT_MAX
PAYLOAD_MAX_BYTES = RECORD_PAYLOAD_MAX

STOPS = ("", "full", "long", "behind", "memory")


cdef char* memory_of(Py_ssize_t capacity) noexcept nogil:
    """Memory for so many bytes that may begin anywhere in its first block."""
    return pages(LARGE_PAGE, capacity + RECORDBUF_BLOCK)


@cython.final
cdef class RecordBuf:
    """Records to be, of one file.

    Args:
        begun: bytes the file has before the first record.
        bytes_max: bytes it may have after the last.
        crc: what the chain of CRCs starts from, the header's.
    """

    def __cinit__(self, int64_t begun, int64_t bytes_max, uint32_t crc=0):
        self.front_memory = memory_of(RECORDBUF_START)
        self.back_memory = memory_of(RECORDBUF_START)
        if self.front_memory == NULL or self.back_memory == NULL:
            raise MemoryError
        # The system gives the memory now, not in the middle of a turn.
        memset(self.front_memory, 0, RECORDBUF_START)
        memset(self.back_memory, 0, RECORDBUF_START)
        self.capacity = self.back_capacity = RECORDBUF_START
        self.front = self.front_memory + begun % RECORDBUF_BLOCK
        self.handed = begun
        self.bytes_max = bytes_max
        self.crc = crc

    def __dealloc__(self):
        free(self.front_memory)
        free(self.back_memory)

    cdef bint hand_over(self) noexcept nogil:
        cdef char* memory = self.front_memory
        cdef Py_ssize_t size = self.size, capacity = self.capacity
        if size == 0 or get_size(&self.back_size) != 0:
            return False
        self.back = self.front
        self.front_memory, self.capacity = self.back_memory, self.back_capacity
        self.back_memory, self.back_capacity = memory, capacity
        self.size = 0
        self.handed += size
        self.front = self.front_memory + self.handed % RECORDBUF_BLOCK
        if self.room > 0:
            self.room = 0      # the next record looks how much there is
        set_size(&self.back_size, size)
        return True

    cdef Py_ssize_t waiting(self) noexcept nogil:
        return get_size(&self.back_size)

    cdef void taken(self) noexcept nogil:
        set_size(&self.back_size, 0)

    cdef bint _make_room(self, Py_ssize_t n) noexcept nogil:
        """Room for a record with n bytes of payload, or False for ever."""
        cdef Py_ssize_t size = n + RECORD_HEAD_BYTES, most
        cdef int64_t left = self.bytes_max - self.handed - self.size
        if self.stop != STOP_NOT:
            return False
        self.refused = n
        if n > RECORD_PAYLOAD_MAX:
            return self._shut(STOP_LONG)
        if size > left:
            return self._shut(STOP_FULL)
        if self.size + size > RECORDBUF_HAND:
            self.hand_over()
        if self.size > RECORDBUF_WAIT_MAX:
            return self._shut(STOP_BEHIND)
        if self.size + size > self.capacity and not self._grow(self.size + size):
            return self._shut(STOP_MEMORY)
        # As far as the next hand-over, or, where the disk is slow, the next attempt.
        most = RECORDBUF_HAND - self.size
        if most <= 0:
            most = min(<Py_ssize_t>RECORDBUF_AGAIN, RECORDBUF_WAIT_MAX - self.size)
            most = min(most, self.capacity - self.size)
        self.room = <Py_ssize_t>min(<int64_t>(most if most > size else size), left)
        return True

    cdef bint _grow(self, Py_ssize_t size) noexcept nogil:
        cdef Py_ssize_t capacity = self.capacity
        cdef char* grown
        while capacity < size:
            capacity *= 2
        grown = memory_of(capacity)
        if grown == NULL:
            return False
        memcpy(grown + (self.front - self.front_memory), self.front, self.size)
        self.front = grown + (self.front - self.front_memory)
        free(self.front_memory)
        self.front_memory, self.capacity = grown, capacity
        return True

    cdef bint _shut(self, Stop why) noexcept nogil:
        self.stop = why
        self.room = -1
        return False

    def append(self, int kind, int conn, nanos_t t_ns, bytes payload not None=b""):
        """Append one record.

        Returns: False when it was not, and will not be: `stopped` says why.
        """
        self.put(
            kind, conn, t_ns, PyBytes_AS_STRING(payload), PyBytes_GET_SIZE(payload))
        return self.stop == STOP_NOT

    def append_last(self, int kind, nanos_t t_ns, bytes payload not None,
                    int64_t reserve):
        """Append a record beyond the limit, whatever was refused before it.

        Args:
            reserve: bytes the file may have for it, and did not have so far.
        """
        self.stop, self.room = STOP_NOT, 0
        self.bytes_max += reserve
        self.append(kind, 0, t_ns, payload)

    def give(self):
        """Hand over what is there; False: there is nothing, or the last lies there."""
        return self.hand_over()

    def take(self):
        """Return what was handed over, and be done with it."""
        cdef bytes found = PyBytes_FromStringAndSize(self.back, self.waiting())
        self.taken()
        return found

    @property
    def held(self):
        """Bytes that are not yet written, of both sides."""
        return self.size + self.waiting()

    @property
    def total(self):
        """Bytes of the file, when all of them are written."""
        return self.handed + self.size

    @property
    def stopped(self):
        """Why nothing is taken any more, a word of STOPS; "": it is."""
        return STOPS[self.stop]

    @property
    def refused_bytes(self):
        """Payload bytes of the record that was not taken."""
        return self.refused
