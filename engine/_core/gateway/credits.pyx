"""Matching-engine credits of the account, as the venue counts them.

The venue refills continuously and ends the session of a client that sends into an empty
bucket (error 10028), so the mirror is pessimistic: it starts at the cancel reserve
(what an earlier run of ours never spends), keeps one request unspent for clock
differences, and lets only cancels touch the reserve.

Source: docs.deribit.com, rate limits, seen 2026-08-22: matching-engine requests have a
rate and a burst per account; a cancel costs as much as an order.
"""

from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t


cdef class Credits:
    """Token bucket in nano-requests; no limits known means nothing may be sent."""

    def __init__(self, int reserve):
        self.reserve = reserve

    cdef void set_limits(
            self, double rate_per_s, double burst, nanos_t now_ns) noexcept nogil:
        cdef bint is_first = self.rate_per_s == 0.0
        self.refill(now_ns)
        self.rate_per_s = rate_per_s
        self.burst = burst
        # A reserve that leaves nothing to quote with would be a silent stop.
        if self.reserve > <int>burst - 2 - SAFETY:
            self.reserve = <int>burst - 2 - SAFETY
        if self.reserve < 0:
            self.reserve = 0
        if is_first:
            self.left_nano = <int64_t>(self.reserve + SAFETY) * CREDIT
            self.updated_ns = now_ns
        if self.left_nano > <int64_t>(burst * CREDIT):
            self.left_nano = <int64_t>(burst * CREDIT)

    cdef void refill(self, nanos_t now_ns) noexcept nogil:
        cdef int64_t full = <int64_t>(self.burst * CREDIT)
        cdef double gained
        if now_ns <= self.updated_ns:
            return
        gained = self.rate_per_s * <double>(now_ns - self.updated_ns)
        self.updated_ns = now_ns
        if gained >= <double>(full - self.left_nano):
            self.left_nano = full
        else:
            self.left_nano += <int64_t>gained

    cdef bint can_send(self, bint is_cancel) noexcept nogil:
        cdef int64_t need = 1 + SAFETY + (0 if is_cancel else self.reserve)
        return self.left_nano >= need * CREDIT

    cdef void take(self) noexcept nogil:
        self.left_nano -= CREDIT

    cdef nanos_t ready_ns(self) noexcept nogil:
        cdef int64_t missing = (
            <int64_t>(1 + SAFETY + self.reserve) * CREDIT - self.left_nano)
        if missing <= 0 or self.rate_per_s <= 0.0:
            return 0
        return self.updated_ns + <nanos_t>(<double>missing / self.rate_per_s) + 1

    def left(self):
        """Return the requests left as of the last refill, reserve included."""
        return self.left_nano / CREDIT
