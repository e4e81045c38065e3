# Basis and funding: what a contract costs above its index, and what holding it costs.
cimport cython

from engine._core.base.event cimport Ticker
from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.state.book cimport Book


cdef class Standing(Signal):
    # A number that stands from one word about it to the next, averaged over that time.
    cdef:
        readonly double tau_s
        readonly double newest            # not averaged
        double average
        bint is_standing                  # there is one
        bint has_seen                     # there was one, ever
        nanos_t since_ns                  # first one
        nanos_t stood_ns                  # up to when it is averaged
        double weighted_sum
        double weight

    cdef void _take(self, double newest, nanos_t now_ns) noexcept nogil
    cdef void _pause(self, nanos_t now_ns) noexcept nogil
    cdef void _average(self, nanos_t now_ns) noexcept nogil


@cython.final
cdef class Basis(Standing):
    # value: logarithm of the ratio of mid and index, averaged.
    cdef:
        double index_price
        double mid_ticks

    cdef void _compare(self, nanos_t now_ns) noexcept nogil


@cython.final
cdef class FundingExpectation(Standing):
    # value: fraction for 8 hours, averaged; longs pay when it is above 0.
    cdef:
        readonly double damper
        readonly double cap
