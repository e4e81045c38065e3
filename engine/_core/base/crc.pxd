# The CRC-32 of zlib, without the interpreter.
from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    CRC_HEAD_BYTES = 10

# Of more bytes behind those that gave `crc`, 0 to begin with: a head of CRC_HEAD_BYTES,
# the lowest of two words first, and n behind it.
cdef uint32_t crc32_joined(uint32_t crc, uint64_t head, uint64_t head_2,
                           const char* p, Py_ssize_t n) noexcept nogil
