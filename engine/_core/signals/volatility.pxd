# How fast the mid moves.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.state.book cimport Book

cdef enum:
    SCALES_MAX = 256           # fast samples in a slow return


cdef class SampledMid(Signal):
    # The mid on a clock of its own; a subclass says what to do with a sample.
    cdef:
        readonly nanos_t sample_ns        # least time between two samples
        readonly double tau_s             # time constant of the average
        readonly long warm_samples        # returns needed before it is ready
        readonly long n_samples           # returns seen
        bint has_sample
        bint was_cut                      # since the last sample
        nanos_t sampled_ns                # when the last sample was taken
        double sampled_mid_ticks
        double mid_ticks                  # newest, 0 = none; attribution reads it

    cdef inline void take(self, double mid_ticks, nanos_t now_ns) noexcept nogil
    # dt_s > 0 since the sample before, which mid_ticks is compared with.
    cdef void on_sample(self, double dt_s, double move_ticks) noexcept nogil
    # The next sample is the first one.
    cdef void on_restart(self) noexcept nogil
    cdef inline void _sample(self, nanos_t now_ns) noexcept nogil
    cdef int _set_clock(self, object sample_s, object tau_s, object warm_samples
                        ) except -1


@cython.final
cdef class EwmaVolatility(SampledMid):
    # value: ticks per square root of a second.
    cdef:
        readonly double variance          # ticks^2 per second
        readonly bint learns              # from candles of the past
        double weighted_sum               # EWMA numerator, ticks^2 per second
        double weight                     # EWMA denominator, 0..1


@cython.final
cdef class TwoScaleVolatility(SampledMid):
    # value: ticks per square root of a second.
    cdef:
        readonly double variance          # ticks^2 per second, 0 at least
        readonly double noise_ticks       # deviation of one mid from the price
        readonly int scales               # fast samples in a slow return
        int n_kept                        # samples in the ring
        int newest                        # place of the last one
        double[SCALES_MAX] mids_ticks     # the last `scales` samples
        double[SCALES_MAX] at_s           # seconds from a start of its own
        double clock_s
        double fast_sum                   # discounted: squared fast returns,
        double fast_s                     # their spans,
        double slow_sum                   # squared slow returns / scales,
        double slow_s                     # and their spans / scales
        double weight                     # and number

    cdef void _keep(self) noexcept nogil
    cdef void _estimate(self) noexcept nogil
