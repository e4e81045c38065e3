# Sets of small numbers as the bits of a word.
from libc.stdint cimport uint64_t


cdef extern from *:
    """
    #include <stdint.h>
    static inline int halfspread_low_bit(uint64_t w) { return __builtin_ctzll(w); }
    """
    # The lowest bit of a word that is not 0.
    int low_bit "halfspread_low_bit"(uint64_t word) noexcept nogil
