# WebSocket frames, sans-IO: the client's sending half (RFC 6455, section 5.2).
from libc.stdint cimport uint64_t

cdef enum:
    HEADER_MAX = 14            # bytes: 2, up to 8 of extended length, 4 of masking key
    TEXT_BYTES_MAX = 32000     # the venue refuses more than "32 kB", read small


# Bytes of the header of a masked frame with n bytes of payload.
cdef Py_ssize_t header_size(uint64_t n) noexcept nogil

# Write one masked text frame to `out`, which has header_size(n) + n bytes of room;
# returns the end.
cdef char* put_text(
    char* out, const char* text, Py_ssize_t n, const char* key) noexcept nogil

# Next number of the sequence that starts at `state`.
cdef uint64_t next_random(uint64_t* state) noexcept nogil
