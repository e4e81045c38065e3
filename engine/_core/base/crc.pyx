"""CRC-32 as zlib computes it, to seal the records of a journal.

Two ways to one number: by tables, eight bytes at a time, everywhere; by carry-less
multiplication, sixty-four bytes at a time, on processors that say they can (x86-64). A
record's head and payload are folded as one, though they stand in two places: what was
just written could not be read back as wide words without waiting for it.

Source: polynomial and bit order of ISO 3309 (the CRC of zlib, RFC 1952 section 8).
Folding: V. Gopal et al., Fast CRC computation for generic polynomials using PCLMULQDQ
instruction, Intel white paper 323102, 2009, with its constants for this polynomial.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport uint32_t, uint64_t

from engine._core.base.words cimport load8, store8

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    #if defined(__x86_64__) && defined(__GNUC__)
    #include <immintrin.h>

    static int halfspread_can_fold(void) {
        return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    }

    #define HALFSPREAD_FOLDS __attribute__((target("pclmul,sse4.1")))
    #define HALFSPREAD_LOAD(p) _mm_loadu_si128((const __m128i *)(p))

    /* `x` moved on by the distance that k stands for, joined with what stands there. */
    static inline HALFSPREAD_FOLDS __m128i halfspread_fold(
            __m128i x, __m128i k, __m128i next) {
        __m128i low = _mm_clmulepi64_si128(x, k, 0x00);
        __m128i high = _mm_clmulepi64_si128(x, k, 0x11);
        return _mm_xor_si128(_mm_xor_si128(low, high), next);
    }

    /* Read from + m: bytes move on by so many places; from + 16 + m: back. In their
       place comes 0. */
    static const unsigned char halfspread_places[48] __attribute__((aligned(16))) = {
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

    /* Of `first` and n bytes behind it, n at least 16; the last 16 are read twice.
       `crc`, and what is returned, without the inversion at both ends. */
    static HALFSPREAD_FOLDS uint32_t halfspread_crc_fold(
            uint32_t crc, __m128i first, const char *p, long n) {
        const __m128i by_64 = _mm_set_epi64x(0x1c6e41596LL, 0x154442bd4LL);
        const __m128i by_16 = _mm_set_epi64x(0x0ccaa009eLL, 0x1751997d0LL);
        const __m128i by_8 = _mm_set_epi64x(0, 0x163cd6124LL);
        const __m128i barrett = _mm_set_epi64x(0x1f7011641LL, 0x1db710641LL);
        const __m128i low32 = _mm_setr_epi32(-1, 0, -1, 0);
        __m128i a = _mm_xor_si128(first, _mm_cvtsi32_si128((int)crc)), t;
        if (n >= 112) {
            __m128i b = HALFSPREAD_LOAD(p), c = HALFSPREAD_LOAD(p + 16);
            __m128i d = HALFSPREAD_LOAD(p + 32);
            for (p += 48, n -= 48; n >= 64; p += 64, n -= 64) {
                a = halfspread_fold(a, by_64, HALFSPREAD_LOAD(p));
                b = halfspread_fold(b, by_64, HALFSPREAD_LOAD(p + 16));
                c = halfspread_fold(c, by_64, HALFSPREAD_LOAD(p + 32));
                d = halfspread_fold(d, by_64, HALFSPREAD_LOAD(p + 48));
            }
            a = halfspread_fold(a, by_16, b);
            a = halfspread_fold(a, by_16, c);
            a = halfspread_fold(a, by_16, d);
        }
        for (; n >= 16; p += 16, n -= 16)
            a = halfspread_fold(a, by_16, HALFSPREAD_LOAD(p));
        if (n) {
            const __m128i *places = (const __m128i *)halfspread_places;
            __m128i on = _mm_loadu_si128((const __m128i *)((const char *)places + n));
            __m128i back = _mm_loadu_si128(
                (const __m128i *)((const char *)places + 16 + n));
            t = _mm_blendv_epi8(
                _mm_shuffle_epi8(a, back), HALFSPREAD_LOAD(p + n - 16), back);
            a = halfspread_fold(_mm_shuffle_epi8(a, on), by_16, t);
        }
        /* 128 bits to 64, to 32, then what is left of the division. */
        t = _mm_clmulepi64_si128(a, by_16, 0x10);
        a = _mm_xor_si128(_mm_srli_si128(a, 8), t);
        t = _mm_srli_si128(a, 4);
        a = _mm_clmulepi64_si128(_mm_and_si128(a, low32), by_8, 0x00);
        a = _mm_xor_si128(a, t);
        t = _mm_clmulepi64_si128(_mm_and_si128(a, low32), barrett, 0x10);
        t = _mm_clmulepi64_si128(_mm_and_si128(t, low32), barrett, 0x00);
        return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, t), 1);
    }

    /* Ten bytes in front of n, at least 22, that stand elsewhere. */
    static HALFSPREAD_FOLDS uint32_t halfspread_fold_record(
            uint32_t crc, uint64_t head, uint64_t head_2, const char *p, long n) {
        uint64_t six;
        memcpy(&six, p, 8);
        __m128i first = _mm_set_epi64x(
            (long long)(head_2 | six << 16), (long long)head);
        return ~halfspread_crc_fold(~crc, first, p + 6, n - 6);
    }
    #else
    static int halfspread_can_fold(void) { return 0; }
    static uint32_t halfspread_fold_record(
            uint32_t crc, uint64_t head, uint64_t head_2, const char *p, long n) {
        (void)head; (void)head_2; (void)p; (void)n;
        return crc;
    }
    #endif
    """
    bint can_fold "halfspread_can_fold"() nogil
    uint32_t fold_record "halfspread_fold_record"(
        uint32_t crc, uint64_t head, uint64_t head_2, const char* p, long n
        ) noexcept nogil

cdef enum:
    POLYNOMIAL = 0xEDB88320    # lowest power first
    FOLD_MIN = 64              # bytes below which folding is not begun

cdef bint folds = can_fold()
# By place: what a byte does to the CRC so many bytes later.
cdef uint32_t[8][256] tables


cdef void make_tables() noexcept nogil:
    cdef uint32_t value
    cdef int byte, _bit, place
    for byte in range(256):
        value = byte
        for _bit in range(8):
            value = (value >> 1) ^ (<uint32_t>POLYNOMIAL if value & 1 else 0)
        tables[0][byte] = value
    for place in range(1, 8):
        for byte in range(256):
            value = tables[place - 1][byte]
            tables[place][byte] = (value >> 8) ^ tables[0][value & 0xFF]


make_tables()


cdef uint32_t crc32_joined(uint32_t crc, uint64_t head, uint64_t head_2,
                           const char* p, Py_ssize_t n) noexcept nogil:
    cdef char[16] bytes_of_it
    if folds and n >= FOLD_MIN:
        return fold_record(crc, head, head_2, p, n)
    store8(bytes_of_it, head)
    store8(bytes_of_it + 8, head_2)
    return by_tables(by_tables(crc, bytes_of_it, CRC_HEAD_BYTES), p, n)


cdef uint32_t by_tables(uint32_t crc, const char* p, Py_ssize_t n) noexcept nogil:
    cdef uint64_t word
    crc = ~crc
    while n >= 8:
        word = load8(p) ^ crc
        crc = (tables[7][word & 0xFF] ^ tables[6][(word >> 8) & 0xFF]
               ^ tables[5][(word >> 16) & 0xFF] ^ tables[4][(word >> 24) & 0xFF]
               ^ tables[3][(word >> 32) & 0xFF] ^ tables[2][(word >> 40) & 0xFF]
               ^ tables[1][(word >> 48) & 0xFF] ^ tables[0][word >> 56])
        p += 8
        n -= 8
    while n > 0:
        crc = (crc >> 8) ^ tables[0][(crc ^ <unsigned char>p[0]) & 0xFF]
        p += 1
        n -= 1
    return ~crc


def crc_joined(bytes head not None, bytes data not None, uint32_t crc=0):
    """Return the CRC-32 of ten bytes and of others, which may stand elsewhere."""
    head = head.ljust(16, b"\0")
    return crc32_joined(
        crc, load8(PyBytes_AS_STRING(head)), load8(PyBytes_AS_STRING(head) + 8), data,
        len(data))


def crc_by_tables(bytes data not None, uint32_t crc=0):
    """Return it as a processor does that cannot fold."""
    return by_tables(crc, data, len(data))
