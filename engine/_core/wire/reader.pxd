# WebSocket frames, sans-IO: the client's receiving half (RFC 6455). Bytes go into the
# reader's own buffer, messages are found where they lie; no Python object is made.
#
#     to = reader.room(&n)           once a read; may move what was not yet taken
#     reader.grew(recv(to, n))
#     while True:                    payloads stay where they are until the next room()
#         found = reader.next(&payload, &size)
cimport cython
from libc.stdint cimport uint8_t, uint64_t

cdef enum:
    MESSAGE_SIZE_MAX = 16777216    # bytes, 16 MiB, fragments joined; longer: code 1009
    PADDING = 64                   # readable bytes after the last one of the buffer
    BUFFER_START = 262144          # bytes of a new buffer; it doubles up to the largest
    ROOM_MIN = 65536               # bytes offered at least, as long as the buffer grows
    MOVE_MAX = 4096                # so many bytes are moved to the front every time


cdef enum Found:
    NOTHING = 0                # read more; after a CLOSE: for good
    MESSAGE = 1                # whole, of `is_text` or binary; a text is UTF-8
    PING = 2                   # to be answered with the same payload
    PONG = 3
    CLOSE = 4                  # `code` is the venue's, 1005 when it gave none, and the
                               # payload its reason; to be answered with `code`
    BROKEN = 5                 # for good: close with `code`, `why` says it in words


@cython.final
cdef class Reader:
    cdef:
        uint8_t* start
        Py_ssize_t capacity        # bytes at `start`, padding not counted
        Py_ssize_t capacity_max
        Py_ssize_t head            # where the next frame begins
        Py_ssize_t tail            # one past the last byte read
        Py_ssize_t size_max        # bytes of a message
        Py_ssize_t message         # where the message being joined begins
        Py_ssize_t joined          # its bytes so far; 0 while nothing is joined
        bint is_joining            # between the first and the last fragment
        Found end                  # NOTHING: open; CLOSE or BROKEN: over
        readonly bint is_text      # of the last MESSAGE
        readonly int code          # of CLOSE or BROKEN, before that 0
        readonly int close_code    # the venue's, also in a close that was BROKEN; or 0
        const char* why            # of BROKEN, in ASCII

    # Where to read into, and how many bytes fit, at least one. What was found before is
    # gone. BufferError: the caller did not go on until NOTHING. MemoryError.
    cdef char* room(self, Py_ssize_t* n) except NULL

    # So many bytes were read there.
    cdef void grew(self, Py_ssize_t n) noexcept nogil

    # The next thing in the buffer. The n bytes at payload are valid until the next
    # room(), and PADDING more can be read: whoever must know whether another message
    # follows takes that one first. BROKEN and NOTHING have no payload.
    cdef Found next(self, const char** payload, Py_ssize_t* n) noexcept nogil

    cdef Found _next(self, const char** payload, Py_ssize_t* n) noexcept nogil
    cdef int _grow(self) except -1
    cdef void _to_front(self) noexcept nogil
    cdef const char* _join(self, const uint8_t* body, Py_ssize_t n) noexcept nogil
    cdef Found _control(
        self, int opcode, const uint8_t* body, Py_ssize_t n,
        const char** payload, Py_ssize_t* size) noexcept nogil
    cdef Found _break(self, int code, const char* why) noexcept nogil
