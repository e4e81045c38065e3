# Three spot pairs of three currencies, taken round in a circle.
from engine._core.quote.models.package cimport Leg, PackageTaker


cdef class TriangleTaker(PackageTaker):
    cdef double _weight(self, int leg, const Leg* legs) noexcept nogil
    cdef double _edge_bps(
        self, int way, bint is_closing, const Leg* legs) noexcept nogil
