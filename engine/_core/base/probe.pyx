"""Monotonic clock for the stage histograms.

The core owns no clock: time comes in with every call, and so into the journal. Latency
by stage cannot come in that way, so this one function exists; it is called only when a
shell asked for measurements, and its values end in histograms, never in a decision.
"""

from posix.time cimport (  # tidy-ok: measures, never decides
    CLOCK_MONOTONIC, clock_gettime, timespec)

from engine._core.base.types cimport nanos_t


cdef nanos_t probe_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <nanos_t>now.tv_sec * 1000000000 + now.tv_nsec


def monotonic_ns():
    """Return the monotonic clock in nanoseconds."""
    return probe_ns()
