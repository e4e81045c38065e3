"""UTF-8, told apart from what is none.

What the venue sends is ASCII almost always: that is seen sixteen bytes at a time, and
only a text with a byte beyond is read character by character.

Source: RFC 3629, section 4 (the table of well-formed sequences).
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* Whether a byte of n is beyond ASCII. All of them are looked at: to stop early
       would cost the common case a branch a step. The last step may look at some bytes
       a second time, none looks past the end. */
    typedef uint64_t hs_pair __attribute__((vector_size(16)));
    static inline hs_pair hs_load16(const char *p) {
        hs_pair pair;
        memcpy(&pair, p, 16);
        return pair;
    }
    static inline int hs_beyond_ascii(const char *p, Py_ssize_t n) {
        hs_pair seen = {0, 0}, also = {0, 0};
        uint64_t first = 0, last = 0;
        const char *end = p + n;
        if (n >= 16) {
            for (; end - p > 64; p += 64) {
                seen |= hs_load16(p) | hs_load16(p + 16);
                also |= hs_load16(p + 32) | hs_load16(p + 48);
            }
            for (; end - p > 16; p += 16)
                seen |= hs_load16(p);
            seen |= also | hs_load16(end - 16);
            first = seen[0] | seen[1];
        } else if (n >= 8) {
            memcpy(&first, p, 8);
            memcpy(&last, end - 8, 8);
        } else {
            for (; p < end; p++)
                first |= (uint64_t)(unsigned char)*p;
            first <<= 56;
        }
        return ((first | last) & 0x8080808080808080ULL) != 0;
    }
    """
    bint beyond_ascii "hs_beyond_ascii"(const char* p, Py_ssize_t n) noexcept nogil


cdef const char* skip_utf8(const char* p, const char* end) noexcept nogil:
    cdef unsigned char first, second
    cdef int more, i
    if p >= end:
        return NULL
    first = <unsigned char>p[0]
    if first < 0xC2 or first > 0xF4:
        return NULL
    more = 1 if first < 0xE0 else 2 if first < 0xF0 else 3
    if end - p <= more:
        return NULL
    second = <unsigned char>p[1]
    # Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
    if (first == 0xE0 and second < 0xA0 or first == 0xED and second > 0x9F
            or first == 0xF0 and second < 0x90 or first == 0xF4 and second > 0x8F):
        return NULL
    for i in range(1, more + 1):
        if (<unsigned char>p[i] & 0xC0) != 0x80:
            return NULL
    return p + more + 1


cdef bint is_utf8(const char* p, Py_ssize_t n) noexcept nogil:
    cdef const char* end = p + n
    if not beyond_ascii(p, n):
        return True
    while p != NULL and p < end:
        p = p + 1 if <signed char>p[0] >= 0 else skip_utf8(p, end)
    return p != NULL


def is_text(bytes raw not None):
    """Return whether the bytes are UTF-8."""
    return bool(is_utf8(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw)))
