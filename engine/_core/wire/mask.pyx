"""XOR masking, eight bytes at a time.

Source: RFC 6455, section 5.3: byte i is XORed with byte i modulo 4 of the masking key.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport uint64_t
from libc.string cimport memcpy


cdef void mask_bytes(
        char* out, const char* text, Py_ssize_t n, const char* key) noexcept nogil:
    cdef uint64_t twice, word
    cdef Py_ssize_t i = 0
    # memcpy keeps the order of the bytes on any machine and asks for no alignment.
    memcpy(&twice, key, MASK_KEY_SIZE)
    memcpy(<char*>&twice + MASK_KEY_SIZE, key, MASK_KEY_SIZE)
    while n - i >= 8:
        memcpy(&word, text + i, 8)
        word ^= twice
        memcpy(out + i, &word, 8)
        i += 8
    while i < n:
        out[i] = text[i] ^ key[i & (MASK_KEY_SIZE - 1)]
        i += 1


def mask(bytes text not None, bytes key not None):
    """Return the text masked with a four-byte key; the same call takes it off again.

    Raises:
        ValueError: the key has not four bytes.
    """
    cdef Py_ssize_t n = PyBytes_GET_SIZE(text)
    if PyBytes_GET_SIZE(key) != MASK_KEY_SIZE:
        raise ValueError(f"a masking key has {MASK_KEY_SIZE} bytes, not {len(key)}")
    cdef bytes out = PyBytes_FromStringAndSize(NULL, n)
    mask_bytes(
        PyBytes_AS_STRING(out), PyBytes_AS_STRING(text), n, PyBytes_AS_STRING(key))
    return out
