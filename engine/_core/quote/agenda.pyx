"""The agenda of a turn: which markets something happened to.

A turn looks at these only, so that it costs the same with one market or with thousands;
they come in the order in which they were bound, whatever happened first.
"""

cimport cython
from libc.stdint cimport uint64_t

from engine._core.base.bits cimport low_bit


@cython.final
cdef class Agenda:
    """A set of places 0 .. PLACES_MAX - 1."""

    cdef int _behind(self, int place) noexcept nogil:
        cdef int group = place >> 12
        # First those of its own group.
        cdef uint64_t word = self.groups[group] >> (place >> 6 & 63) >> 1
        if word:
            place = (place >> 6) + 1 + low_bit(word)
        elif group == 0 and self.groups[1]:
            place = 64 + low_bit(self.groups[1])
        else:
            return -1
        return place << 6 | low_bit(self.words[place])

    # The same for Python: tests.

    def insert(self, int place):
        """Add a place.

        Raises:
            ValueError: no such place.
        """
        if not 0 <= place < PLACES_MAX:
            raise ValueError(f"place {place} is not within 0..{PLACES_MAX - 1}")
        self.add(place)

    def discard(self, int place):
        """Take a place out, if it is there.

        Raises:
            ValueError: no such place.
        """
        if not 0 <= place < PLACES_MAX:
            raise ValueError(f"place {place} is not within 0..{PLACES_MAX - 1}")
        self.remove(place)

    def places(self):
        """Return what is on the agenda, lowest first."""
        cdef int place = self.first(0)
        found = []
        while place >= 0:
            found.append(place)
            place = self.first(place + 1)
        return found

    def __bool__(self):
        return not self.is_empty()
