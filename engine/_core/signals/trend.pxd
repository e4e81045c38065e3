# Where the price may go by where it came from: two averages, the place in a range.
cimport cython
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.signals.volatility cimport EwmaVolatility
from engine._core.state.book cimport Book

cdef enum:
    BUCKETS_MAX = 64           # parts of a breakout window; one by one they leave it


# An extreme of one part of the window.
cdef struct Extreme:
    int64_t bucket
    double ticks


# The extremes that may still be the window's: values fall, buckets rise.
cdef struct Falling:
    Extreme[BUCKETS_MAX + 1] rows
    int first
    int n


@cython.final
cdef class EwmaCross(Signal):
    # value: standard deviations of what a price without drift would show.
    cdef:
        readonly double fast_s
        readonly double slow_s
        readonly EwmaVolatility volatility  # of the mid; a part of this signal
        readonly double fast_ticks          # the two averages
        readonly double slow_ticks
        double spread_per_sigma             # of a price without drift, sqrt(seconds)
        double mid_ticks                    # stands since folded_ns
        nanos_t folded_ns
        bint has_mid
        nanos_t since_ns                    # of the first mid

    cdef void _take(self, double mid_ticks, nanos_t now_ns) noexcept nogil
    cdef void _fold(self, nanos_t now_ns) noexcept nogil
    cdef void _judge_value(self, nanos_t now_ns) noexcept nogil


@cython.final
cdef class Breakout(Signal):
    # value: -1 at the low of the window, 1 at its high, smoothed.
    cdef:
        readonly double window_s
        readonly double smooth_s
        readonly double high_ticks          # of the window
        readonly double low_ticks
        nanos_t bucket_ns
        double mid_ticks                    # stands since folded_ns
        double place                        # of the mid in the range, not smoothed
        nanos_t folded_ns
        bint has_mid
        nanos_t since_ns
        Falling highs
        Falling lows                        # of the negated mid

    cdef void _take(self, double mid_ticks, nanos_t now_ns) noexcept nogil
    cdef void _fold(self, nanos_t now_ns) noexcept nogil
    cdef void _place(self, nanos_t now_ns) noexcept nogil
