"""Client frames: what a turn wants to say, as bytes for one write; pongs and closes.

Every frame has its own masking key, derived from a seed the caller draws, so that the
same turn with the same seed gives the same bytes.

Source: RFC 6455, sections 5.2, 5.3, 5.5 and 7.4, with the close codes that `websockets`
17.4 takes beside the RFC's; inbound limit of the venue (32 kB, then -32600 "request
entity too large"): docs.deribit.com, errors, seen 2026-08-22; splitmix64: Steele, Lea,
Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcpy, strlen

from engine._core.wire.mask cimport MASK_KEY_SIZE, mask_bytes

cdef uint64_t next_random(uint64_t* state) noexcept nogil:
    cdef uint64_t z
    state[0] += 0x9E3779B97F4A7C15ULL
    z = state[0]
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL
    return z ^ (z >> 31)


cdef Py_ssize_t header_size(uint64_t n) noexcept nogil:
    if n < LENGTH_16:
        return 2 + MASK_KEY_SIZE
    return (4 if n <= 0xFFFF else 10) + MASK_KEY_SIZE


cdef char* put_length(char* p, uint64_t n, int size) noexcept nogil:
    """Write a length in network order."""
    cdef int i
    for i in range(size):
        p[size - 1 - i] = <char>(n & 0xFF)
        n >>= 8
    return p + size


cdef char* put_frame(
        char* out, Opcode opcode, const char* payload, Py_ssize_t n, const char* key,
) noexcept nogil:
    out[0] = <char>(FIN | opcode)
    if n < LENGTH_16:
        out[1] = <char>(MASKED | n)
        out += 2
    elif n <= 0xFFFF:
        out[1] = <char>(MASKED | LENGTH_16)
        out = put_length(out + 2, n, 2)
    else:
        out[1] = <char>(MASKED | LENGTH_64)
        out = put_length(out + 2, n, 8)
    memcpy(out, key, MASK_KEY_SIZE)
    out += MASK_KEY_SIZE
    mask_bytes(out, payload, n, key)
    return out + n


cdef bint is_close_code(int code) noexcept nogil:
    # 1004 to 1006 and 1015 mean something only on this side of the wire; 1012 to 1014
    # were registered later; 1016 to 2999 nobody has spoken for.
    return (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999)


cdef char* put_close(
        char* out, int code, const char* reason, const char* key) noexcept nogil:
    cdef char[CONTROL_SIZE_MAX] body
    cdef Py_ssize_t n = 0
    if is_close_code(code):
        put_length(body, <uint64_t>code, 2)
        n = min(<Py_ssize_t>strlen(reason), CONTROL_SIZE_MAX - 2)
        memcpy(body + 2, reason, n)
        n += 2
    return put_frame(out, OP_CLOSE, body, n, key)


cdef Py_ssize_t text_size(const char* p, const char* end) except -1:
    cdef const char* stop = <const char*>memchr(p, c"\n", end - p)
    if stop == NULL:
        raise ValueError(f"{end - p} bytes without a newline at the end of a turn")
    if stop == p:
        raise ValueError("a text of 0 bytes in a turn: an empty one says nothing")
    if stop - p > TEXT_BYTES_MAX:
        raise ValueError(f"a text of {stop - p} bytes: the venue takes 32 kB "
                         f"({TEXT_BYTES_MAX} bytes)")
    return stop - p


cdef Py_ssize_t turn_size(const char* p, const char* end) except -1:
    """Return the bytes a turn takes in frames; ValueError: it cannot be sent."""
    cdef Py_ssize_t size = 0, n
    while p < end:
        n = text_size(p, end)
        size += header_size(n) + n
        p += n + 1
    return size


def encode_turn(bytes data not None, uint64_t mask_seed):
    """Return one buffer of masked text frames, ready for one write.

    Args:
        data: texts, each ended by a newline, as ``Core.data_to_send`` gives them.
        mask_seed: 64 bits nobody can guess; a new one for every turn.

    Raises:
        ValueError: a text is empty, not ended, or larger than the venue takes (32 kB).
        OverflowError: the seed does not fit 64 bits.

    Cost: one allocation.
    """
    cdef const char* p = PyBytes_AS_STRING(data)
    cdef const char* end = p + PyBytes_GET_SIZE(data)
    cdef const char* stop
    cdef uint64_t key
    cdef bytes out = PyBytes_FromStringAndSize(NULL, turn_size(p, end))
    cdef char* to = PyBytes_AS_STRING(out)
    while p < end:
        stop = <const char*>memchr(p, c"\n", end - p)
        key = next_random(&mask_seed)
        to = put_frame(to, OP_TEXT, p, stop - p, <const char*>&key)
        p = stop + 1
    return out


def encode_frame(int opcode, bytes payload not None, bytes key not None):
    """Return one masked frame, the last of its message, with a given four-byte key.

    Args:
        opcode: as RFC 6455 numbers them; 1 is text, 9 ping, 10 pong.
        payload: of any size, in a control frame (opcode 8 and up) up to 125 bytes.
        key: four bytes nobody can guess.

    Raises:
        ValueError: no such opcode, a control frame too long, a key of another size.
    """
    cdef Py_ssize_t n = PyBytes_GET_SIZE(payload)
    if opcode not in (0, 1, 2, 8, 9, 10):
        raise ValueError(f"opcode {opcode}: there are 0, 1, 2, 8, 9 and 10")
    if opcode & CONTROL and n > CONTROL_SIZE_MAX:
        raise ValueError(
            f"{n} bytes in a control frame: at most {CONTROL_SIZE_MAX} are allowed")
    check_key(key)
    cdef bytes out = PyBytes_FromStringAndSize(NULL, header_size(n) + n)
    put_frame(
        PyBytes_AS_STRING(out), <Opcode>opcode, PyBytes_AS_STRING(payload), n,
        PyBytes_AS_STRING(key))
    return out


def encode_close(int code, bytes reason not None, bytes key not None):
    """Return one masked close frame; see ``put_close`` for what is left out.

    Raises:
        ValueError: the key has not four bytes.
    """
    cdef char[CONTROL_FRAME_MAX] out
    cdef char* end
    check_key(key)
    end = put_close(out, code, PyBytes_AS_STRING(reason), PyBytes_AS_STRING(key))
    return PyBytes_FromStringAndSize(out, end - out)


cdef int check_key(bytes key) except -1:
    if PyBytes_GET_SIZE(key) != MASK_KEY_SIZE:
        raise ValueError(f"a masking key has {MASK_KEY_SIZE} bytes, not {len(key)}")
    return 0
