# How far an instrument's data lags behind the venue, beyond what is usual.
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t


cdef struct FeedLag:
    nanos_t[2] least_ns        # smallest difference of this window and of the last one
    nanos_t window_ns          # when this window began, 0 = nothing heard yet
    nanos_t beyond_ns          # of the newest frame: difference less the smallest


cdef void hear(FeedLag* lag, nanos_t now_ns, int64_t venue_ms) noexcept nogil
