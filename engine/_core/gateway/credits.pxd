# The venue's matching-engine allowance, mirrored: a token bucket that is never emptied.
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t

cdef enum:
    CREDIT = 1000000000        # one request, in nano-credits
    SAFETY = 1                 # requests never spent: clocks and rounding are not exact


cdef class Credits:
    cdef:
        int64_t left_nano              # as of updated_ns
        nanos_t updated_ns
        readonly double rate_per_s     # requests a second, 0 = not told yet
        readonly double burst          # requests
        int reserve                    # requests only cancels may spend

    cdef void set_limits(
        self, double rate_per_s, double burst, nanos_t now_ns) noexcept nogil
    cdef void refill(self, nanos_t now_ns) noexcept nogil
    cdef bint can_send(self, bint is_cancel) noexcept nogil    # after refill
    cdef void take(self) noexcept nogil
    # When can_send(False) will hold; 0 = it holds now, or no limits are known.
    cdef nanos_t ready_ns(self) noexcept nogil
