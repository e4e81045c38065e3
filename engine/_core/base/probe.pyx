"""Clocks for the stage histograms.

The core owns no clock: time comes in with every call, and so into the journal. Latency
by stage cannot come in that way, so these functions exist; they are called only when a
shell asked for measurements, and their values end in histograms, never in a decision.

Where the system's clock costs 40 to 70 ns a reading, the processor's own counter costs
a third of that. It is used where the processor says that it runs at one speed whatever
happens (invariant TSC, x86-64); elsewhere the system's clock does its work.

Source: Intel 64 and IA-32 manual, volume 3, 18.17 time-stamp counter, CPUID 80000007H.
"""

from posix.time cimport (  # tidy-ok: measures, never decides
    CLOCK_MONOTONIC, clock_gettime, timespec)

from libc.stdint cimport uint64_t

from engine._core.base.types cimport nanos_t

cdef nanos_t COMPARE_NS = 5_000_000     # the clocks are compared over so long at least
cdef double FRACTION = 4294967296.0     # of a nanosecond: the scale is in 2**-32

rate.scale = 0
rate.first_ticks = counter()
cdef nanos_t first_ns = probe_ns()


cdef nanos_t probe_ns() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <nanos_t>now.tv_sec * 1000000000 + now.tv_nsec


cdef void set_stage_clock() noexcept nogil:
    """Compare the counter with the clock since the start; once, for COMPARE_NS."""
    cdef nanos_t passed_ns = probe_ns() - first_ns
    cdef uint64_t ticks
    if rate.scale != 0 or not counts_evenly():
        return
    while passed_ns < COMPARE_NS:
        passed_ns = probe_ns() - first_ns
    ticks = counter() - rate.first_ticks
    rate.scale = <uint64_t>(FRACTION * <double>passed_ns / <double>ticks)


def monotonic_ns():
    """Return the monotonic clock in nanoseconds."""
    return probe_ns()


def stage_clock_ns():
    """Return the clock of the stages, compared first, in nanoseconds."""
    set_stage_clock()
    return stage_ns()
