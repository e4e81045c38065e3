# Log-linear histogram of nanoseconds: constant relative error, no allocation.
cimport cython
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

from engine._core.base.bits cimport high_bit

cdef enum:
    SUB_BITS = 5
    SUB_BUCKETS = 32           # per power of two: relative error <= 1/32
    BUCKETS = 1280             # 0 .. 2^44 ns (4.9 hours); larger counts as the last


cdef inline int bucket_of(int64_t value_ns) noexcept nogil:
    """Return the bucket of a value >= 0; the last one for everything too large."""
    cdef int shift = high_bit(<uint64_t>value_ns | SUB_BUCKETS) - SUB_BITS
    cdef int bucket = shift * SUB_BUCKETS + <int>(value_ns >> shift)
    return bucket if bucket < BUCKETS else BUCKETS - 1


@cython.final
cdef class Histogram:
    cdef:
        uint64_t[BUCKETS] counts
        readonly uint64_t count
        readonly int64_t total_ns
        readonly int64_t max_ns

    # Count one value; negative counts as 0. Cost: constant, no allocation.
    cdef inline void add(self, int64_t value_ns) noexcept nogil:
        if value_ns < 0:
            value_ns = 0
        self.counts[bucket_of(value_ns)] += 1
        self.count += 1
        if value_ns > self.max_ns:
            self.max_ns = value_ns
        # Saturates: one absurd value must not turn the sum negative.
        if self.total_ns > INT64_MAX - value_ns:
            self.total_ns = INT64_MAX
        else:
            self.total_ns += value_ns

    # Inside only.
    cdef int64_t _quantile(self, double q) noexcept nogil
