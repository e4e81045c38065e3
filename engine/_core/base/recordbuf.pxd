# A journal's records in memory: one thread appends, another takes them away.
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from engine._core.base.crc cimport crc32_joined
from engine._core.base.types cimport nanos_t
from engine._core.base.words cimport store8

# What a record is; `engine.journal.format.Kind` has the same numbers.
cdef enum:
    RECORD_CONNECTION_MADE = 1
    RECORD_RECEIVE_DATA = 2
    RECORD_RECEIVE_MORE = 3
    RECORD_CONNECTION_LOST = 4
    RECORD_HANDLE_TIMER = 5
    RECORD_COMMAND = 6
    RECORD_DATA_TO_SEND = 16
    RECORD_CONNECTION_TO_CLOSE = 17
    RECORD_ERRAND = 18

    RECORD_CRC_AT = 8          # behind size and inverted size
    RECORD_SEAL_BYTES = 12     # ... and the CRC: what is not in the CRC
    RECORD_HEAD_BYTES = 22     # the seal, then kind, connection and time
    RECORD_PAYLOAD_MAX = 67108864   # 64 MiB: four times an output buffer

    RECORDBUF_START = 4194304  # bytes of each side
    RECORDBUF_HAND = 524288    # bytes at which a side is handed over
    RECORDBUF_AGAIN = 16384    # ... and, where that failed, between two attempts
    RECORDBUF_HAND_NS = 100000000  # ... and the time, by the clock of a shell
    RECORDBUF_WAIT_MAX = 33554432  # bytes that may wait for a slow disk
    RECORDBUF_BLOCK = 4096     # a side lies in memory as in the file, by so many bytes

cdef enum Stop:
    STOP_NOT = 0
    STOP_FULL                  # the file may not become longer
    STOP_LONG                  # a payload beyond RECORD_PAYLOAD_MAX
    STOP_BEHIND                # the disk does not follow: RECORDBUF_WAIT_MAX
    STOP_MEMORY                # the system has none


cdef class RecordBuf:
    cdef:
        char* front            # being filled
        Py_ssize_t size
        Py_ssize_t room        # bytes that fit without a second look; < 0: it is shut
        uint32_t crc           # of all bytes before the next record
        Py_ssize_t capacity
        char* front_memory     # less than a block before it, at the start of one
        char* back             # handed over
        Py_ssize_t back_size   # not 0: it belongs to who takes it away
        Py_ssize_t back_capacity
        char* back_memory
        int64_t handed         # bytes before the front's first, of the whole file
        int64_t bytes_max      # of the whole file
        Stop stop
        Py_ssize_t refused     # payload bytes of the record that was not added

    # Append a record. It is dropped, and nothing is taken any more, at the first limit:
    # `stop` says at which. Costs a copy of the payload and its CRC, taken while the
    # payload is near; never waits, never writes.
    cdef inline void put(self, int kind, int conn, nanos_t t_ns, const char* payload,
                         Py_ssize_t n) noexcept nogil:
        cdef uint32_t size = <uint32_t>(n + RECORD_HEAD_BYTES - RECORD_SEAL_BYTES)
        cdef uint64_t head = (kind & 0xFF) | (conn & 0xFF) << 8 | <uint64_t>t_ns << 16
        cdef char* to
        if n + RECORD_HEAD_BYTES > self.room and not self._make_room(n):
            return
        to = self.front + self.size
        if n > 0:
            memcpy(to + RECORD_HEAD_BYTES, payload, n)
        self.crc = crc32_joined(self.crc, head, <uint64_t>t_ns >> 48, payload, n)
        store8(to, size | <uint64_t>~size << 32)
        store8(to + RECORD_CRC_AT, self.crc | head << 32)
        store8(to + RECORD_HEAD_BYTES - 8, t_ns)
        self.size += n + RECORD_HEAD_BYTES
        self.room -= n + RECORD_HEAD_BYTES

    # Give what is there to the other side, if that has written what it had before.
    cdef bint hand_over(self) noexcept nogil

    # The other side. Bytes at `back` that are to be written; 0: none, look again later.
    cdef Py_ssize_t waiting(self) noexcept nogil
    # They are written.
    cdef void taken(self) noexcept nogil

    # Inside only.
    cdef bint _make_room(self, Py_ssize_t n) noexcept nogil
    cdef bint _grow(self, Py_ssize_t size) noexcept nogil
    cdef bint _shut(self, Stop why) noexcept nogil
