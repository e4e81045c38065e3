# How far an instrument's data lags behind the venue, beyond what is usual.
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t


cdef struct FeedLag:
    nanos_t[2] least_ns        # smallest difference of this window and of the last one
    nanos_t window_ns          # when this window began, 0 = nothing heard yet
    nanos_t beyond_ns          # of the newest frame: difference less the smallest


cdef enum:
    WINDOW_S = 300


cdef inline void hear(FeedLag* lag, nanos_t now_ns, int64_t venue_ms) noexcept nogil:
    cdef nanos_t apart = now_ns - venue_ms * 1000000
    if lag.window_ns == 0:
        lag.least_ns[0] = lag.least_ns[1] = apart
        lag.window_ns = now_ns
    elif now_ns - lag.window_ns >= WINDOW_S * <nanos_t>1000000000:
        lag.least_ns[1] = lag.least_ns[0]
        lag.least_ns[0] = apart
        lag.window_ns = now_ns
    elif apart < lag.least_ns[0]:
        lag.least_ns[0] = apart
    lag.beyond_ns = apart - (
        lag.least_ns[0] if lag.least_ns[0] < lag.least_ns[1] else lag.least_ns[1])
