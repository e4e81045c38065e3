# Imbalance of the depth near the mid.
cimport cython

from engine._core.base.types cimport Side, nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.state.book cimport Book

cdef enum:
    DEPTH_LEVELS_MAX = 64      # levels a side that are looked at


@cython.final
cdef class DepthImbalance(Signal):
    # value: -1..1.
    cdef:
        readonly double reach_ticks       # at which a size counts nothing
        readonly int levels               # looked at a side
        readonly double tau_s             # of mean and variance of value
        readonly double score             # (value - mean) / deviation, 0 until ready
        readonly double bid_lots          # weighted depth of a side
        readonly double ask_lots
        bint has_seen                     # a book, ever
        nanos_t since_ns                  # first one
        nanos_t value_ns                  # since when value stands
        double mean_sum                   # EWMA numerators and denominator over time
        double square_sum
        double weight

    cdef double _depth(self, Book book, Side side, double mid_ticks) noexcept nogil
    cdef void _average(self, nanos_t now_ns) noexcept nogil
    cdef void _judge_score(self) noexcept nogil
