# How fast the mid moves.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.state.book cimport Book


@cython.final
cdef class EwmaVolatility(Signal):
    # value: ticks per square root of a second.
    cdef:
        readonly double variance          # ticks^2 per second
        readonly nanos_t sample_ns        # least time between two samples
        readonly double tau_s             # time constant of the average
        readonly long warm_samples        # returns needed before it is ready
        readonly long n_samples           # returns seen
        bint has_sample
        bint was_cut                      # since the last sample
        nanos_t sampled_ns                # when the last sample was taken
        double sampled_mid_ticks
        double mid_ticks                  # newest, 0 = none; attribution reads it
        double weighted_sum               # EWMA numerator, ticks^2 per second
        double weight                     # EWMA denominator, 0..1

    cdef void _sample(self, nanos_t now_ns) noexcept nogil
