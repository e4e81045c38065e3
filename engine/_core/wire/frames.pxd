# WebSocket frames, sans-IO: the client's sending half (RFC 6455, section 5.2).
from libc.stdint cimport uint64_t

cdef enum:
    HEADER_MAX = 14            # bytes: 2, up to 8 of extended length, 4 of masking key
    FIN = 0x80                 # first byte: the last fragment
    RESERVED = 0x70            # first byte: must be 0, no extension was agreed
    OPCODE = 0x0F              # first byte: the rest
    CONTROL = 0x08             # set in the opcodes of control frames
    MASKED = 0x80              # second byte: a masking key follows the length
    LENGTH = 0x7F              # second byte: up to 125, or one of
    LENGTH_16 = 126            # ... the length follows in two bytes
    LENGTH_64 = 127            # ... in eight
    CONTROL_SIZE_MAX = 125     # bytes of payload in a control frame
    CONTROL_FRAME_MAX = 131    # bytes of a whole masked control frame
    TEXT_BYTES_MAX = 32000     # the venue refuses more than "32 kB", read small

# Any other opcode fails the connection.
cdef enum Opcode:
    OP_CONTINUATION = 0
    OP_TEXT = 1
    OP_BINARY = 2
    OP_CLOSE = 8
    OP_PING = 9
    OP_PONG = 10


# Bytes of the header of a masked frame with n bytes of payload.
cdef Py_ssize_t header_size(uint64_t n) noexcept nogil

# Write one masked frame to `out`, which has header_size(n) + n bytes of room; returns
# the end. A control frame has at most CONTROL_SIZE_MAX bytes: the caller sees to it.
cdef char* put_frame(
    char* out, Opcode opcode, const char* payload, Py_ssize_t n, const char* key,
) noexcept nogil

# Write one masked close frame to `out`, which has CONTROL_FRAME_MAX bytes of room;
# returns the end. Code 1005 (none), or any other that may not be sent, is left out with
# the reason; a reason is cut after CONTROL_SIZE_MAX - 2 bytes, so it should be ASCII.
cdef char* put_close(
    char* out, int code, const char* reason, const char* key) noexcept nogil

# Whether a close frame may carry this code (RFC 6455, section 7.4).
cdef bint is_close_code(int code) noexcept nogil

# Next number of the sequence that starts at `state`.
cdef uint64_t next_random(uint64_t* state) noexcept nogil

# Bytes of the first text of a turn, whose texts end with a newline each; p < end.
# ValueError: it is empty, not ended, or larger than the venue takes.
cdef Py_ssize_t text_size(const char* p, const char* end) except -1
