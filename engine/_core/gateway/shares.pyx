"""Shares of the credits: so that a budget that uses up its own does not starve another.

The mirror of the venue's allowances (`credits`) is one for all. As soon as one budget
has a share of it, every budget is bounded to its own: a leaky bucket with that share of
a pool's rate, and of the burst that orders may use. What is in no budget, or in one
without a share, has what is left, together. The shares add up to no more than the
whole, so what one does not use nobody else takes, and a pool always regains what a
share says.

A cancel is never held back, but it counts: who cancels much may order less.
"""

cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.gateway.credits cimport POOLS_MAX
from engine._core.state.exposure cimport BUDGETS_MAX
from engine._core.state.orders cimport (
    REQUEST_CANCEL, REQUEST_CANCEL_ALL, RequestKind)

cdef double ROUNDING = 1e-9
cdef double NS_PER_S = 1e9


@cython.final
cdef class Shares:
    """Leaky buckets by budget and pool; nobody is bounded before one has a share."""

    def set_parts(self, parts):
        """Take the shares by number of the budget, each above 0, 1 together at most.

        Raises:
            ValueError: no such budget, a part that is none, or more than the whole.
        """
        cdef int number
        for number, part in parts.items():
            if not 0 <= number < BUDGETS_MAX or not 0.0 < part <= 1.0:
                raise ValueError(
                    f"budget {number}: {part} is no share, above 0 and up to 1")
        if sum(parts.values()) > 1.0 + ROUNDING:
            raise ValueError("the shares are more than the whole")
        for number in range(SHARERS_MAX):
            self.parts[number] = 0.0
        for number, part in parts.items():
            self.parts[1 + number] = part
        self.parts[0] = max(0.0, 1.0 - sum(parts.values()))
        self.is_split = bool(parts)

    cdef void set_limits(self, int pool, double rate_per_s, double usable,
                         nanos_t now_ns) noexcept nogil:
        cdef int number
        cdef Share* share
        for number in range(SHARERS_MAX):
            share = &self.shares[number][pool]
            share.rate_per_s = self.parts[number] * rate_per_s
            share.burst = self.parts[number] * usable
            # Less than one request would be none for ever.
            if 0.0 < share.burst < 1.0:
                share.burst = 1.0
            if share.drained_ns == 0:
                share.drained_ns = now_ns

    cdef bint may_send(self, RequestKind kind, int budget, int first, int second,
                       nanos_t now_ns) noexcept nogil:
        if kind == REQUEST_CANCEL or kind == REQUEST_CANCEL_ALL:
            return True
        return (self._has_left(budget, first, now_ns)
                and self._has_left(budget, second, now_ns))

    cdef void sent(self, int budget, int first, int second, nanos_t now_ns
                   ) noexcept nogil:
        self._take(budget, first, now_ns)
        self._take(budget, second, now_ns)

    cdef int _sharer(self, int budget) noexcept nogil:
        return 1 + budget if budget >= 0 and self.parts[1 + budget] > 0.0 else 0

    cdef Share* _drained(self, int budget, int pool, nanos_t now_ns) noexcept nogil:
        cdef Share* share = &self.shares[self._sharer(budget)][pool]
        share.used -= share.rate_per_s * <double>(now_ns - share.drained_ns) / NS_PER_S
        share.drained_ns = now_ns
        if share.used < 0.0:
            share.used = 0.0
        return share

    cdef bint _has_left(self, int budget, int pool, nanos_t now_ns) noexcept nogil:
        cdef Share* share
        if pool < 0:
            return True
        share = self._drained(budget, pool, now_ns)
        return share.used + 1.0 <= share.burst + ROUNDING

    cdef void _take(self, int budget, int pool, nanos_t now_ns) noexcept nogil:
        if pool >= 0:
            self._drained(budget, pool, now_ns).used += 1.0

    def left(self, int budget, int pool, nanos_t now_ns):
        """Return how many requests a budget may send now from a pool.

        Who looks changes nothing: draining at more moments would round at more moments.

        Raises:
            IndexError: no such budget or pool.
        """
        cdef Share share
        if not -1 <= budget < BUDGETS_MAX or not 0 <= pool < POOLS_MAX:
            raise IndexError(f"budget {budget}, pool {pool}")
        share = self.shares[self._sharer(budget)][pool]
        return max(0.0, share.burst - max(0.0, share.used - share.rate_per_s * <double>(
            now_ns - share.drained_ns) / NS_PER_S))
