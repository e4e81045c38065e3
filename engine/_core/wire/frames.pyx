"""Client text frames: what a turn wants to say, as bytes for one write.

Every frame has its own masking key, derived from a seed the caller draws, so that the
same turn with the same seed gives the same bytes.

Source: RFC 6455, sections 5.2 and 5.3; inbound limit of the venue (32 kB, then -32600
"request entity too large"): docs.deribit.com, errors, seen 2026-08-22; splitmix64:
Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcpy

from engine._core.wire.mask cimport MASK_KEY_SIZE, mask_bytes

cdef enum:
    FIN_TEXT = 0x81            # last fragment, opcode 1
    MASKED = 0x80
    LENGTH_16 = 126            # the length follows in two bytes
    LENGTH_64 = 127            # ... in eight


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


cdef char* put_text(
        char* out, const char* text, Py_ssize_t n, const char* key) noexcept nogil:
    out[0] = <char>FIN_TEXT
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
    mask_bytes(out, text, n, key)
    return out + n


cdef Py_ssize_t turn_size(const char* p, const char* end) except -1:
    """Return the bytes a turn takes in frames; ValueError: it cannot be sent."""
    cdef Py_ssize_t size = 0, n
    cdef const char* stop
    while p < end:
        stop = <const char*>memchr(p, c"\n", end - p)
        if stop == NULL:
            raise ValueError(f"{end - p} bytes without a newline at the end of a turn")
        n = stop - p
        if n == 0:
            raise ValueError("an empty text in a turn")
        if n > TEXT_BYTES_MAX:
            raise ValueError(
                f"a text of {n} bytes: the venue takes 32 kB ({TEXT_BYTES_MAX} bytes)")
        size += header_size(n) + n
        p = stop + 1
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
        to = put_text(to, p, stop - p, <const char*>&key)
        p = stop + 1
    return out


def encode_text(bytes text not None, bytes key not None):
    """Return one masked text frame of any size, with a given four-byte key.

    Raises:
        ValueError: the key has not four bytes.
    """
    cdef Py_ssize_t n = PyBytes_GET_SIZE(text)
    if PyBytes_GET_SIZE(key) != MASK_KEY_SIZE:
        raise ValueError(f"a masking key has {MASK_KEY_SIZE} bytes, not {len(key)}")
    cdef bytes out = PyBytes_FromStringAndSize(NULL, header_size(n) + n)
    put_text(
        PyBytes_AS_STRING(out), PyBytes_AS_STRING(text), n, PyBytes_AS_STRING(key))
    return out
