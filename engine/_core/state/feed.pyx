"""Feed lag: a frame's arrival less its time stamp, beyond what is usual.

The two clocks need not agree: their distance, and the usual way from the venue, are in
every difference alike and fall out. The baseline is the smallest difference of the last
one to two windows, so it follows a clock that is set, and a lag that never ends is the
usual way after two windows.
"""

from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t

cdef nanos_t WINDOW_NS = 300_000_000_000


cdef void hear(FeedLag* lag, nanos_t now_ns, int64_t venue_ms) noexcept nogil:
    cdef nanos_t apart = now_ns - venue_ms * 1000000
    if lag.window_ns == 0:
        lag.least_ns[0] = lag.least_ns[1] = apart
        lag.window_ns = now_ns
    elif now_ns - lag.window_ns >= WINDOW_NS:
        lag.least_ns[1] = lag.least_ns[0]
        lag.least_ns[0] = apart
        lag.window_ns = now_ns
    elif apart < lag.least_ns[0]:
        lag.least_ns[0] = apart
    lag.beyond_ns = apart - (
        lag.least_ns[0] if lag.least_ns[0] < lag.least_ns[1] else lag.least_ns[1])


def beyond(frames):
    """Return the lag beyond the usual after each ``(now_ns, venue_ms)``, for tests."""
    cdef FeedLag lag
    lag.window_ns = 0
    found = []
    for now_ns, venue_ms in frames:
        hear(&lag, now_ns, venue_ms)
        found.append(lag.beyond_ns)
    return found
