# Text eight bytes at a time: in a word the first byte is the lowest, on every machine.
# `load8` needs eight readable bytes.
from libc.stdint cimport uint32_t, uint64_t


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #if defined(__SSE2__)
    #include <emmintrin.h>
    #endif
    #define HALFSPREAD_EACH(byte) ((uint64_t)(byte) * 0x0101010101010101ULL)

    static inline uint64_t halfspread_load8(const char *p) {
        uint64_t word;
        memcpy(&word, p, 8);
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
    #endif
        return word;
    }

    static inline int halfspread_first(uint64_t mask) {
        return __builtin_ctzll(mask) >> 3;
    }

    /* A carry out of a byte only reaches bytes behind one that is no digit. */
    static inline int halfspread_digits(uint64_t word) {
        uint64_t values = word ^ HALFSPREAD_EACH('0');
        uint64_t others = ((values + HALFSPREAD_EACH(0x76)) | values)
                          & HALFSPREAD_EACH(0x80);
        return others ? __builtin_ctzll(others) >> 3 : 8;
    }

    /* Pairs, then fours, then all eight: two multiplications for the last two steps. */
    static inline uint64_t halfspread_value(uint64_t word, int digits) {
        uint64_t v = (word ^ HALFSPREAD_EACH('0')) << (64 - 8 * digits);
        v = v * 10 + (v >> 8);
        return ((v & 0x000000FF000000FFULL) * 0x000F424000000064ULL
                + ((v >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL) >> 32;
    }

    static inline void halfspread_store8(char *p, uint64_t word) {
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
    #endif
        memcpy(p, &word, 8);
    }

    /* Fours, then pairs, then digits, each all at once: 10486 / 2**20 and 103 / 2**10
       divide by 100 and by 10, exactly below 10,000 and below 100. */
    static inline uint64_t halfspread_spell(uint32_t value) {
        uint64_t v = value / 10000 | (uint64_t)(value % 10000) << 32;
        uint64_t high = (v * 10486 >> 20) & 0x0000007F0000007FULL;
        v = high | (v - 100 * high) << 16;
        high = (v * 103 >> 10) & 0x000F000F000F000FULL;
        return high | (v - 10 * high) << 8;
    }

    static inline int halfspread_last(uint64_t word) {
        return 7 - (__builtin_clzll(word) >> 3);
    }

    static inline uint64_t halfspread_found(uint64_t word, char byte) {
        uint64_t rest = word ^ HALFSPREAD_EACH((unsigned char)byte);
        return (rest - HALFSPREAD_EACH(1)) & ~rest & HALFSPREAD_EACH(0x80);
    }

    #if defined(__SSE2__)
    static inline int halfspread_plain(const char *p) {
        __m128i text = _mm_loadu_si128((const __m128i *)p);
        __m128i odd = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')),
                         _mm_cmpeq_epi8(text, _mm_set1_epi8(92))),
            _mm_cmplt_epi8(text, _mm_set1_epi8(0x20)));
        return __builtin_ctz((unsigned)_mm_movemask_epi8(odd) | 0x10000u);
    }

    static inline uint64_t halfspread_ends(const char *p) {
        const __m128i comma = _mm_set1_epi8(','), close = _mm_set1_epi8(']');
        __m128i a = _mm_loadu_si128((const __m128i *)p);
        __m128i b = _mm_loadu_si128((const __m128i *)(p + 16));
        a = _mm_or_si128(_mm_cmpeq_epi8(a, comma), _mm_cmpeq_epi8(a, close));
        b = _mm_or_si128(_mm_cmpeq_epi8(b, comma), _mm_cmpeq_epi8(b, close));
        return (unsigned)_mm_movemask_epi8(a)
               | (uint64_t)(unsigned)_mm_movemask_epi8(b) << 16;
    }

    static inline int halfspread_same(const char *a, const char *b, long n) {
        __m128i same = _mm_cmpeq_epi8(
            _mm_loadu_si128((const __m128i *)(a + n - 16)),
            _mm_loadu_si128((const __m128i *)(b + n - 16)));
        for (long i = 0; i < n - 16; i += 16)
            same = _mm_and_si128(same, _mm_cmpeq_epi8(
                _mm_loadu_si128((const __m128i *)(a + i)),
                _mm_loadu_si128((const __m128i *)(b + i))));
        return _mm_movemask_epi8(same) == 0xFFFF;
    }
    #else
    static inline int halfspread_plain(const char *p) {
        int n = 0;
        while (n < 16 && p[n] != '"' && p[n] != 92 && (signed char)p[n] >= 0x20) n++;
        return n;
    }

    /* A high bit for each byte that is 0, and for no other. */
    static inline uint64_t halfspread_zeros(uint64_t word) {
        const uint64_t low = HALFSPREAD_EACH(0x7F);
        return ~(((word & low) + low) | word | low);
    }

    static inline uint64_t halfspread_ends(const char *p) {
        uint64_t word, bits, ends = 0;
        for (int i = 0; i < 32; i += 8) {
            word = halfspread_load8(p + i);
            bits = halfspread_zeros(word ^ HALFSPREAD_EACH(','))
                   | halfspread_zeros(word ^ HALFSPREAD_EACH(']'));
            /* The eight high bits, gathered in the highest byte. */
            ends |= ((bits >> 7) * 0x0102040810204080ULL >> 56) << i;
        }
        return ends;
    }

    static inline int halfspread_same(const char *a, const char *b, long n) {
        uint64_t other = halfspread_load8(a + n - 8) ^ halfspread_load8(b + n - 8);
        for (long i = 0; i < n - 8; i += 8)
            other |= halfspread_load8(a + i) ^ halfspread_load8(b + i);
        return other == 0;
    }
    #endif
    """
    uint64_t load8 "halfspread_load8"(const char* p) noexcept nogil
    # Place of the lowest byte with its high bit set, of a mask that is not 0.
    int first_of "halfspread_first"(uint64_t mask) noexcept nogil
    # How many digits a word begins with, 0..8.
    int digits_of "halfspread_digits"(uint64_t word) noexcept nogil
    # The number its first `digits` bytes spell; 1 <= digits <= 8, all of them digits.
    uint64_t value_of "halfspread_value"(uint64_t word, int digits) noexcept nogil
    # A word of eight characters "0".
    const uint64_t EACH_ZERO "HALFSPREAD_EACH('0')"
    # The eight digits of a number below 10**8, leading zeros too: values, not text.
    uint64_t spell "halfspread_spell"(uint32_t value) noexcept nogil
    # Place of the highest byte that is not 0, of a word that is not 0.
    int last_of "halfspread_last"(uint64_t word) noexcept nogil
    # Write eight bytes.
    void store8 "halfspread_store8"(char* p, uint64_t word) noexcept nogil
    # High bits in a mask; the lowest one is where `byte` stands first, 0 = nowhere.
    uint64_t marks_of "halfspread_found"(uint64_t word, char byte) noexcept nogil
    # Which of 32 readable bytes are commas or closing brackets, a bit each.
    uint64_t ends_of "halfspread_ends"(const char* p) noexcept nogil
    # Whether n bytes, 16 or more, are the same; sixteen are read at a time.
    bint same_long "halfspread_same"(
        const char* a, const char* b, Py_ssize_t n) noexcept nogil
    # How many of sixteen readable bytes, 0..16, come before a quote, a backslash, a
    # control character or one beyond ASCII.
    int plain_of "halfspread_plain"(const char* p) noexcept nogil


# Whether n bytes are the same; eight may be read at a time, never past the n.
cdef inline bint same_text(const char* a, const char* b, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i = 0
    if n < 8:
        while i < n:
            if a[i] != b[i]:
                return False
            i += 1
        return True
    while i < n - 8:
        if load8(a + i) != load8(b + i):
            return False
        i += 8
    return load8(a + n - 8) == load8(b + n - 8)


cdef inline bint is_digit(char c) noexcept nogil:
    return c"0" <= c <= c"9"
