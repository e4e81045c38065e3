"""The frames of one connection, found in the buffer they were read into.

A frame is refused as soon as its header is there, not when its payload has come: what
cannot become right is not waited for. A message in fragments is joined in place, each
fragment moved down to the one before, past the headers and control frames in between.

What is taken although it need not be: lengths in more bytes than they need (the RFC
forbids to send them, not to read them). What is refused although some would allow it: a
close in the middle of a fragmented message, whose code is kept in ``close_code``.

Source: RFC 6455, sections 5 and 7.4.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memmove

from engine._core.base.utf8 cimport is_utf8
from engine._core.wire.frames cimport (
    CONTROL, CONTROL_SIZE_MAX, FIN, LENGTH, LENGTH_16, MASKED,
    OP_BINARY, OP_CLOSE, OP_CONTINUATION, OP_PING, OP_PONG, OP_TEXT, OPCODE, RESERVED,
    is_close_code)

cdef enum:
    # Close codes (RFC 6455, section 7.4.1).
    CODE_PROTOCOL = 1002
    CODE_NONE = 1005
    CODE_DATA = 1007
    CODE_TOO_BIG = 1009
    # One bit for each opcode there is.
    OPCODES = (1 << OP_CONTINUATION | 1 << OP_TEXT | 1 << OP_BINARY
               | 1 << OP_CLOSE | 1 << OP_PING | 1 << OP_PONG)
    HEADER_MIN = 2

FOUND_NAMES = ("nothing", "message", "ping", "pong", "close", "broken")


cdef inline Py_ssize_t header_end(
        const uint8_t* p, Py_ssize_t left, uint64_t* length) noexcept nogil:
    """Read the length behind two bytes that are there; 0: not all of it is there."""
    cdef int size = p[1] & LENGTH, i
    if size < LENGTH_16:
        length[0] = size
        return HEADER_MIN
    size = 2 if size == LENGTH_16 else 8
    if left < HEADER_MIN + size:
        return 0
    length[0] = 0
    for i in range(HEADER_MIN, HEADER_MIN + size):
        length[0] = length[0] << 8 | p[i]
    return HEADER_MIN + size


cdef inline const char* misfit(
        int first, uint64_t length, bint is_joining) noexcept nogil:
    """Say what is wrong with a frame whose whole header is known; NULL: nothing."""
    if first & RESERVED:
        return b"reserved bits set"
    if first & CONTROL:
        if length > CONTROL_SIZE_MAX:
            return b"control frame too long"
        if not first & FIN:
            return b"fragmented control frame"
        return NULL
    if is_joining == ((first & OPCODE) == OP_CONTINUATION):
        return NULL
    if is_joining:
        return b"new message inside a fragmented one"
    return b"continuation of nothing"


cdef class Reader:
    """Reads one connection of a client; the C interface is in the ``.pxd``."""

    def __cinit__(self, Py_ssize_t size_max=MESSAGE_SIZE_MAX):
        if not 1 <= size_max <= MESSAGE_SIZE_MAX:
            raise ValueError(
                f"messages of up to {size_max} bytes: 1 to {MESSAGE_SIZE_MAX}")
        self.size_max = size_max
        # A message of the largest size that waits for its last byte still leaves room.
        self.capacity_max = size_max + 2 * ROOM_MIN
        self.capacity = min(BUFFER_START, self.capacity_max)
        self.start = <uint8_t*>calloc(self.capacity + PADDING, 1)
        if self.start == NULL:
            raise MemoryError
        self.why = b""

    def __dealloc__(self):
        free(self.start)

    # -- in

    cdef char* room(self, Py_ssize_t* n) except NULL:
        cdef Py_ssize_t kept
        if self.end != NOTHING:
            self.head = self.tail = 0
        kept = self.tail - self.head + self.joined
        if kept <= MOVE_MAX or self.capacity - self.tail < ROOM_MIN:
            self._to_front()
        if self.capacity - self.tail < ROOM_MIN and self.capacity < self.capacity_max:
            self._grow()
        if self.tail >= self.capacity:
            raise BufferError("frames were read and not taken")
        n[0] = self.capacity - self.tail
        return <char*>self.start + self.tail

    cdef void _to_front(self) noexcept nogil:
        """Move the message being joined, and behind it what is unread, to the start."""
        cdef Py_ssize_t left = self.tail - self.head
        cdef Py_ssize_t joined = self.joined
        if joined > 0 and self.message > 0:
            memmove(self.start, self.start + self.message, joined)
        self.message = 0
        if left > 0 and self.head > joined:
            memmove(self.start + joined, self.start + self.head, left)
        self.head = joined
        self.tail = joined + left

    cdef int _grow(self) except -1:
        cdef Py_ssize_t capacity = min(2 * self.capacity, self.capacity_max)
        cdef uint8_t* grown = <uint8_t*>realloc(self.start, capacity + PADDING)
        if grown == NULL:
            raise MemoryError
        self.start = grown
        self.capacity = capacity
        return 0

    cdef void grew(self, Py_ssize_t n) noexcept nogil:
        if n > 0:
            self.tail += min(n, self.capacity - self.tail)

    # -- out

    cdef Found next(self, const char** payload, Py_ssize_t* n) noexcept nogil:
        # Nearly always: a whole text in one frame, nothing begun before it. The padding
        # lets a header be read that is not there; then the payload is not there either.
        cdef const uint8_t* p = self.start + self.head
        cdef Py_ssize_t header = HEADER_MIN, length = p[1]
        if (p[0] == FIN | OP_TEXT and length <= LENGTH_16
                and not self.is_joining and self.end == NOTHING):
            if length == LENGTH_16:
                header = HEADER_MIN + 2
                length = p[2] << 8 | p[3]
            if self.head + header + length <= self.tail and length <= self.size_max:
                self.head += header + length
                self.is_text = True
                payload[0] = <const char*>p + header
                n[0] = length
                if is_utf8(payload[0], length):
                    return MESSAGE
                return self._break(CODE_DATA, b"text is not UTF-8")
        return self._next(payload, n)

    cdef Found _next(self, const char** payload, Py_ssize_t* n) noexcept nogil:
        """Find the next thing, whatever it is."""
        cdef const uint8_t* p
        cdef const char* wrong
        cdef Py_ssize_t left, header
        cdef uint64_t length = 0
        cdef int first
        while True:
            p = self.start + self.head
            left = self.tail - self.head
            if self.end != NOTHING or left < HEADER_MIN:
                return BROKEN if self.end == BROKEN else NOTHING
            first = p[0]
            if not OPCODES >> (first & OPCODE) & 1:
                return self._break(CODE_PROTOCOL, b"unknown opcode")
            if p[1] & MASKED:
                return self._break(CODE_PROTOCOL, b"masked frame")
            header = header_end(p, left, &length)
            if header == 0:
                return NOTHING
            # What is too long for anything is that first of all, whatever it claims to
            # be; a control frame of right size is no part of the message it interrupts.
            if length > <uint64_t>(self.size_max - self.joined) and not (
                    first & CONTROL and length <= CONTROL_SIZE_MAX):
                return self._break(CODE_TOO_BIG, b"message too long")
            wrong = misfit(first, length, self.is_joining)
            if wrong != NULL:
                return self._break(CODE_PROTOCOL, wrong)
            if <uint64_t>(left - header) < length:
                return NOTHING
            p += header
            self.head += header + <Py_ssize_t>length
            if first & CONTROL:
                return self._control(
                    first & OPCODE, p, <Py_ssize_t>length, payload, n)
            if not self.is_joining:
                self.is_text = first & OPCODE == OP_TEXT
                payload[0] = <const char*>p
                n[0] = <Py_ssize_t>length
                if not first & FIN:
                    self.is_joining = True
                    self.message = p - self.start
                    self.joined = <Py_ssize_t>length
            else:
                payload[0] = self._join(p, <Py_ssize_t>length)
                n[0] = self.joined
                if first & FIN:
                    self.is_joining = False
                    self.joined = 0
            if first & FIN:
                if self.is_text and not is_utf8(payload[0], n[0]):
                    return self._break(CODE_DATA, b"text is not UTF-8")
                return MESSAGE

    cdef const char* _join(self, const uint8_t* body, Py_ssize_t n) noexcept nogil:
        """Move a fragment behind those before it; return where the message begins."""
        memmove(self.start + self.message + self.joined, body, n)
        self.joined += n
        return <const char*>self.start + self.message

    cdef Found _control(
            self, int opcode, const uint8_t* body, Py_ssize_t n,
            const char** payload, Py_ssize_t* size) noexcept nogil:
        payload[0] = <const char*>body
        size[0] = n
        if opcode == OP_PING:
            return PING
        if opcode == OP_PONG:
            return PONG
        if n == 1:
            return self._break(CODE_PROTOCOL, b"close code of one byte")
        self.code = CODE_NONE
        if n >= 2:
            payload[0] += 2
            size[0] -= 2
            if not is_utf8(payload[0], size[0]):
                return self._break(CODE_DATA, b"close reason is not UTF-8")
            self.code = body[0] << 8 | body[1]
            if not is_close_code(self.code):
                return self._break(CODE_PROTOCOL, b"invalid close code")
        self.close_code = self.code
        if self.is_joining:
            return self._break(CODE_PROTOCOL, b"close inside a fragmented message")
        self.end = CLOSE
        return CLOSE

    cdef Found _break(self, int code, const char* why) noexcept nogil:
        self.end = BROKEN
        self.code = code
        self.why = why
        self.is_joining = False
        self.joined = 0
        return BROKEN

    # -- for tests, and for whoever has bytes in Python

    def feed(self, bytes data not None):
        """Put bytes in the buffer.

        Raises:
            BufferError: more than it may hold; :meth:`take` until None in between.
        """
        cdef const char* p = PyBytes_AS_STRING(data)
        cdef Py_ssize_t left = PyBytes_GET_SIZE(data), n = 0
        cdef char* to
        while left > 0:
            to = self.room(&n)
            n = min(n, left)
            memcpy(to, p, n)
            self.grew(n)
            p += n
            left -= n

    def take(self):
        """Return the next thing found and its payload; None: nothing (more).

        A thing is named as in ``FOUND_NAMES``; "broken" comes again and again.
        """
        cdef const char* payload = NULL
        cdef Py_ssize_t n = 0
        cdef Found found = self.next(&payload, &n)
        if found == NOTHING:
            return None
        if found == BROKEN:
            return FOUND_NAMES[found], b""
        return FOUND_NAMES[found], PyBytes_FromStringAndSize(payload, n)

    @property
    def reason(self):
        """Why it broke, in words; empty while it has not."""
        return self.why.decode("ascii")

    @property
    def buffer_size(self):
        """Bytes the buffer holds now, padding not counted."""
        return self.capacity
