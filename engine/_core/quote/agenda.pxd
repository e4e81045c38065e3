# Which quoted markets are to be decided on in this turn: a bit each, lowest first.
cimport cython
from libc.stdint cimport uint64_t

from engine._core.base.bits cimport low_bit

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
    cdef inline int first(self, int place) noexcept nogil:
        cdef uint64_t word
        if place >= PLACES_MAX:
            return -1
        word = self.words[place >> 6] >> (place & 63)
        if word:
            return place + low_bit(word)
        return -1 if self.is_empty() else self._behind(place)

    # Inside only: the lowest one behind the word of a place.
    cdef int _behind(self, int place) noexcept nogil
