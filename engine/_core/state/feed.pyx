"""Feed lag: a frame's arrival less its time stamp, beyond what is usual.

The two clocks need not agree: their distance, and the usual way from the venue, are in
every difference alike and fall out. The baseline is the smallest difference of the last
one to two windows, so it follows a clock that is set, and a lag that never ends is the
usual way after two windows.
"""

from libc.string cimport memset


def beyond(frames):
    """Return the lag beyond the usual after each ``(now_ns, venue_ms)``, for tests."""
    cdef FeedLag lag
    memset(&lag, 0, sizeof(lag))
    found = []
    for now_ns, venue_ms in frames:
        hear(&lag, now_ns, venue_ms)
        found.append(lag.beyond_ns)
    return found
