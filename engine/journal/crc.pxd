# The CRC-32 of zlib, without the interpreter.
from libc.stdint cimport uint32_t

# Of n more bytes behind those that gave `crc`; 0 to begin with.
cdef uint32_t crc32(uint32_t crc, const char* p, Py_ssize_t n) noexcept nogil
