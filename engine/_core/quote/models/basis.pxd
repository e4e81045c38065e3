# A future against another (or the perpetual) of the same coin: basis and carry.
from engine._core.quote.models.package cimport Leg, PackageTaker
from engine._core.signals.basis cimport Basis


cdef class BasisTaker(PackageTaker):
    cdef:
        readonly double fair_rate      # ln(F/S) a year that is thought fair
        readonly double fair_bps       # and a constant on top
        readonly double fair_tau_s     # averages the basis itself, 0 = the two above
        readonly Basis future_basis
        readonly Basis perpetual_basis

    cdef double _edge_bps(
        self, int way, bint is_closing, const Leg* legs) noexcept nogil


cdef class CarryTaker(PackageTaker):
    cdef:
        readonly double hurdle_rate    # a year, beyond all costs
        readonly double funding_8h     # mean rate the perpetual is thought to pay
        readonly double funding_half_life_s  # in which the rate of now goes there
        readonly double delivery_fee   # fraction of the value, of the future

    cdef double _edge_bps(
        self, int way, bint is_closing, const Leg* legs) noexcept nogil
