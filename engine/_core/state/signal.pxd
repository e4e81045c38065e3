# What the book says about the near future, in O(1) per update. Floats live here.
from engine._core.base.types cimport nanos_t
from engine._core.state.book cimport Book


cdef class Signals:
    cdef:
        readonly double mid_ticks         # (best bid + best ask) / 2
        readonly double micro_ticks       # size-weighted mid: (qb*Pa + qa*Pb) / (qa+qb)
        readonly double imbalance         # (qb-qa) / (qb+qa) at the touch, -1..1
        readonly double variance          # EWMA of mid returns, ticks^2 per second
        readonly double sigma_ticks       # sqrt(variance), ticks per sqrt(second)
        readonly bint is_warm             # enough samples for sigma_ticks

    # Call with a readable, two-sided book; samples the mid on a fixed clock.
    cdef void update(self, Book book, nanos_t now_ns) noexcept nogil

    # Inside only. The sampling clock and what it has seen.
    cdef:
        readonly nanos_t sample_ns        # least time between two samples
        readonly double tau_s             # time constant of the average
        readonly long warm_samples        # returns needed before sigma_ticks counts
        readonly long n_samples           # returns seen
        bint has_sample
        nanos_t sampled_ns                # when the last sample was taken
        double sampled_mid_ticks
        double weighted_sum               # EWMA numerator, ticks^2 per second
        double weight                     # EWMA denominator, 0..1

    cdef void _sample(self, nanos_t now_ns) noexcept nogil
