# Options against each other and against the future of their expiry.
from engine._core.quote.models.package cimport Leg, PackageTaker


cdef class ParityTaker(PackageTaker):
    cdef:
        readonly double strike
        readonly double delivery_fee   # of an option that pays, of the underlying

    cdef double _weight(self, int leg, const Leg* legs) noexcept nogil
    cdef double _edge_bps(
        self, int way, bint is_closing, const Leg* legs) noexcept nogil


cdef class BoxTaker(PackageTaker):
    cdef:
        readonly double low_strike
        readonly double high_strike
        readonly double usd_rate       # what the dollars could earn elsewhere, a year
        readonly double delivery_fee

    cdef double _edge_bps(
        self, int way, bint is_closing, const Leg* legs) noexcept nogil
