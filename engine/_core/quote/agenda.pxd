# Which quoted markets are to be decided on in this turn: a bit each, lowest first.
cimport cython
from libc.stdint cimport uint64_t

cdef enum:
    AGENDA_WORDS = 128         # 64 markets a word
    PLACES_MAX = 8192          # INSTRUMENTS_MAX


@cython.final
cdef class Agenda:
    cdef:
        uint64_t[AGENDA_WORDS] words
        uint64_t[2] groups             # which words are not 0

    # 0 <= place < PLACES_MAX, not checked.
    cdef inline void add(self, int place) noexcept nogil:
        self.words[place >> 6] |= <uint64_t>1 << (place & 63)
        self.groups[place >> 12] |= <uint64_t>1 << (place >> 6 & 63)

    cdef inline void remove(self, int place) noexcept nogil:
        self.words[place >> 6] &= ~(<uint64_t>1 << (place & 63))
        if self.words[place >> 6] == 0:
            self.groups[place >> 12] &= ~(<uint64_t>1 << (place >> 6 & 63))

    cdef inline bint is_empty(self) noexcept nogil:
        return (self.groups[0] | self.groups[1]) == 0

    # The lowest place at or above another (0 .. PLACES_MAX), -1 = none. Constant cost.
    cdef int first(self, int place) noexcept nogil
