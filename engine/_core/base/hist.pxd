# Log-linear histogram of nanoseconds: constant relative error, no allocation.
from libc.stdint cimport int64_t, uint64_t

cdef enum:
    SUB_BUCKETS = 32           # per power of two: relative error <= 1/32
    BUCKETS = 1280             # 0 .. 2^44 ns (4.9 hours); larger counts as the last


cdef class Histogram:
    cdef:
        uint64_t[BUCKETS] counts
        readonly uint64_t count
        readonly int64_t total_ns
        readonly int64_t max_ns

    cdef void add(self, int64_t value_ns) noexcept nogil   # negative counts as 0

    # Inside only.
    cdef int64_t _quantile(self, double q) noexcept nogil
