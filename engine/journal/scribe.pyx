"""From the records in memory to the file: seals, then writes, without the interpreter.

A record is sealed with the CRC of everything before it (`format`), which is why one
writer does it, in order. On its own thread it takes what the core hands over and naps
in between; the thread that quotes never waits for it, nor for the disk.
"""

cimport cython
from libc.errno cimport EINTR, errno
from libc.stdint cimport int64_t, uint32_t, uint64_t

from engine._core.base.recordbuf cimport (
    RECORD_SEAL_BYTES, RecordBuf, put_le32, read_le32)
from engine._core.base.words cimport load8

cdef extern from *:
    """
    #include <time.h>
    #include <unistd.h>

    static inline void halfspread_nap(long ns) {
        struct timespec wait = {0, ns};
        nanosleep(&wait, NULL);
    }

    #define halfspread_is_set(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
    #define halfspread_set(p) __atomic_store_n((p), 1, __ATOMIC_RELEASE)
    """
    Py_ssize_t c_write "write"(int fd, const void* p, size_t n) nogil
    void nap "halfspread_nap"(long ns) noexcept nogil
    bint is_set "halfspread_is_set"(bint* p) noexcept nogil
    void set_flag "halfspread_set"(bint* p) noexcept nogil

cdef enum:
    NAP_NS = 10000000          # between two looks
    POLYNOMIAL = 0xEDB88320    # of CRC-32, lowest power first

# By place: what a byte does to the CRC so many bytes later.
cdef uint32_t[8][256] tables


cdef void make_tables() noexcept nogil:
    cdef uint32_t value
    cdef int byte, _bit, place
    for byte in range(256):
        value = byte
        for _bit in range(8):
            value = (value >> 1) ^ (<uint32_t>POLYNOMIAL if value & 1 else 0)
        tables[0][byte] = value
    for place in range(1, 8):
        for byte in range(256):
            value = tables[place - 1][byte]
            tables[place][byte] = (value >> 8) ^ tables[0][value & 0xFF]


make_tables()


cdef uint32_t crc32(uint32_t crc, const char* p, Py_ssize_t n) noexcept nogil:
    """Source: the CRC of ISO 3309, eight bytes at a time (Kounavis and Berry, 2005)."""
    cdef uint64_t word
    crc = ~crc
    while n >= 8:
        word = load8(p) ^ crc
        crc = (tables[7][word & 0xFF] ^ tables[6][(word >> 8) & 0xFF]
               ^ tables[5][(word >> 16) & 0xFF] ^ tables[4][(word >> 24) & 0xFF]
               ^ tables[3][(word >> 32) & 0xFF] ^ tables[2][(word >> 40) & 0xFF]
               ^ tables[1][(word >> 48) & 0xFF] ^ tables[0][word >> 56])
        p += 8
        n -= 8
    while n > 0:
        crc = (crc >> 8) ^ tables[0][(crc ^ <unsigned char>p[0]) & 0xFF]
        p += 1
        n -= 1
    return ~crc


def crc_of(bytes data not None, uint32_t crc=0):
    """Return the CRC-32 of bytes behind others; `zlib.crc32` returns the same."""
    return crc32(crc, data, len(data))


@cython.final
cdef class Scribe:
    """Writes the records of one file.

    Args:
        records: where they come from.
        fd: the file, open for writing, at its end.
        crc: of what the file holds.
        written: bytes it holds.
    """

    def __init__(self, RecordBuf records not None, int fd, uint32_t crc,
                 int64_t written):
        self.records = records
        self.fd = fd
        self.crc = crc
        self.written = written

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
                    nap(NAP_NS)
            self.write()

    def end(self):
        """Let `run` return, once it has written what was handed over."""
        set_flag(&self.is_ending)

    cdef bint write(self) noexcept nogil:
        cdef Py_ssize_t n = self.records.waiting(), put
        cdef char* at = self.records.back
        if n == 0 or self.error:
            return False
        self._seal(at, n)
        while n > 0:
            put = c_write(self.fd, at, n)
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
