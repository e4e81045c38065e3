# Clocks for measuring only: nothing the core decides may depend on what they return.
from libc.stdint cimport uint64_t

from engine._core.base.types cimport nanos_t

cdef extern from *:
    """
    #include <stdint.h>
    #if defined(__x86_64__) && defined(__GNUC__)
    #include <cpuid.h>
    #include <x86intrin.h>
    static inline int halfspread_counts(void) {
        unsigned int a, b, c, d;
        return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
    }
    static inline uint64_t halfspread_counter(void) { return __rdtsc(); }
    static inline int64_t halfspread_scaled(uint64_t ticks, uint64_t scale) {
        return (int64_t)((unsigned __int128)ticks * scale >> 32);
    }
    #else
    static inline int halfspread_counts(void) { return 0; }
    static inline uint64_t halfspread_counter(void) { return 0; }
    static inline int64_t halfspread_scaled(uint64_t ticks, uint64_t scale) {
        (void)scale;
        return (int64_t)ticks;
    }
    #endif
    """
    bint counts_evenly "halfspread_counts"() noexcept nogil
    uint64_t counter "halfspread_counter"() noexcept nogil
    nanos_t scaled "halfspread_scaled"(uint64_t ticks, uint64_t scale) noexcept nogil


# How the processor's counter is read.
cdef struct Rate:
    uint64_t scale             # nanoseconds a tick, in 2**-32; 0 = do not use it
    uint64_t first_ticks

cdef Rate rate

cdef nanos_t probe_ns() noexcept nogil

# Compare the counter with the clock since the start; once.
cdef void set_stage_clock() noexcept nogil


# A cheaper one, for differences: its zero is anywhere. The processor's counter where it
# has one that runs evenly, once `set_stage_clock` has compared it; else probe_ns.
cdef inline nanos_t stage_ns() noexcept nogil:
    if rate.scale == 0:
        return probe_ns()
    return scaled(counter() - rate.first_ticks, rate.scale)
