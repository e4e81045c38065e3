# Sets of small numbers as the bits of a word.
from libc.stdint cimport uint64_t


cdef extern from *:
    """
    #include <stdint.h>
    static inline int halfspread_low_bit(uint64_t w) { return __builtin_ctzll(w); }
    static inline int halfspread_high_bit(uint64_t w) {
        return 63 - __builtin_clzll(w);
    }
    """
    # The lowest and the highest bit of a word that is not 0.
    int low_bit "halfspread_low_bit"(uint64_t word) noexcept nogil
    int high_bit "halfspread_high_bit"(uint64_t word) noexcept nogil
