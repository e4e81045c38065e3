"""Matching-engine credits of the account, as the venue counts them, or worse.

The venue refills continuously and ends the session of a client that sends into an empty
bucket (error 10028). An account has several: for trading, in total or per currency,
perpetuals apart or not, for spot, for cancels of everything. A request may pay from two
at once. The mirror of each is pessimistic in all that cannot be known, so that no
order of events empties the venue's:

- A request is counted by the venue when it arrives, some time between sending and
  answer. While it is in flight it takes up its credit, and the credit is regained from
  the answer on, as if the venue had counted it at that last moment. (Counting later
  never leaves more in a leaky bucket, so each true moment is covered, however many
  requests are held up on the way and arrive at once.)
- A request without an answer counts as in flight for LATE_NS: an orders connection that
  was lost needs no rule of its own.
- A pool begins empty: an earlier run, or anybody else of the account, may have used it.
- Limits that change leave what the venue may have left: not more than before, not more
  than the new burst less what was used.
- Refill is CLOCK_SLACK slower than told, because two clocks are never equally fast, and
  SAFETY requests stay unspent.

Cancels may spend the reserve of their pool, orders and edits may not.

Source: docs.deribit.com, rate limits, seen 2026-08-22: matching-engine requests have a
rate and a burst; a cancel costs as much as an order.
"""

cimport cython
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t

cdef double CLOCK_SLACK = 0.001
cdef nanos_t LATE_NS = 10_000_000_000
cdef double RATE_MAX = 1e9     # requests a second; also of a burst
cdef nanos_t WAKE_SLACK_NS = 1_000          # never wake a rounding error too early
# A pool not looked at for this long is full: no burst takes longer to regain.
cdef double AGES_NS = 1e18


@cython.final
cdef class Credits:
    """Token buckets in nano-requests; no limits known means nothing may be sent."""

    def __init__(self, int reserve):
        self.reserve = reserve
        self.names = []

    cdef int find(self, str name) except -2:
        return self.names.index(name) if name in self.names else NO_POOL

    cdef int set_limits(
            self, str name, double rate_per_s, double burst, nanos_t now_ns) except -1:
        cdef int number = self.find(name)
        cdef Pool* pool
        cdef int64_t left, used
        if not 0 < rate_per_s <= RATE_MAX or not 1 <= burst <= RATE_MAX:
            raise ValueError(f"pool {name}: rate {rate_per_s}/s, burst {burst}: "
                             "allowed are a rate above 0 and a burst from 1, up to 1e9")
        if number == NO_POOL:
            if self.n_pools >= POOLS_MAX:
                raise ValueError(f"pool {name}: there are {POOLS_MAX} already")
            number = self.n_pools
            self.n_pools += 1
            self.names.append(name)
            pool = &self.pools[number]
            pool.flying = pool.flying_old = pool.burst_nano = pool.counted_nano = 0
            pool.drained_ns = pool.turned_ns = pool.turned_before_ns = now_ns
            pool.typical = 0.0
        pool = &self.pools[number]
        left = self.left_nano(number, now_ns)
        used = pool.burst_nano - left
        pool.rate_per_s, pool.burst = rate_per_s, burst
        pool.burst_nano = <int64_t>(burst * CREDIT)
        # The venue may go on from what was left or from what was used, but nobody's
        # bucket holds less than nothing.
        left = min(left, max(0, pool.burst_nano - used))
        pool.counted_nano = max(0, pool.burst_nano - left - (
            pool.flying + pool.flying_old) * CREDIT)
        # A reserve that leaves nothing to quote with would be a silent stop.
        pool.reserve = max(0, min(self.reserve, <int>burst - 2 - SAFETY))
        return number

    cdef void _refill(self, Pool* pool, nanos_t now_ns) noexcept nogil:
        if now_ns - pool.turned_ns >= LATE_NS:
            self._turn(pool, now_ns)
        self._drain(pool, now_ns)

    cdef void _drain(self, Pool* pool, nanos_t now_ns) noexcept nogil:
        cdef double drained
        if now_ns <= pool.drained_ns:
            return
        drained = (pool.rate_per_s * (1.0 - CLOCK_SLACK)
                   * <double>(now_ns - pool.drained_ns))
        pool.drained_ns = now_ns
        pool.counted_nano -= <int64_t>(drained if drained < AGES_NS else AGES_NS)
        if pool.counted_nano < 0:
            pool.counted_nano = 0

    cdef void _turn(self, Pool* pool, nanos_t now_ns) noexcept nogil:
        """Give up waiting for answers that are late, and age the others.

        Each turn counts from when it was due, whenever somebody asks.
        """
        cdef nanos_t due_ns = pool.turned_ns + LATE_NS
        self._drain(pool, due_ns)
        pool.counted_nano += pool.flying_old * CREDIT
        pool.flying_old = pool.flying
        pool.flying = 0
        pool.turned_before_ns = pool.turned_ns
        pool.turned_ns = due_ns
        if now_ns - due_ns < LATE_NS:
            return
        self._drain(pool, due_ns + LATE_NS)
        pool.counted_nano += pool.flying_old * CREDIT
        pool.flying_old = 0
        pool.turned_before_ns = pool.turned_ns = now_ns

    cdef bint can_send(
            self, int first, int second, bint is_cancel, nanos_t now_ns
            ) noexcept nogil:
        return (self.left_nano(first, now_ns) >= self.need_nano(first, is_cancel)
                and (second < 0 or self.left_nano(second, now_ns)
                     >= self.need_nano(second, is_cancel)))

    cdef void answered(
            self, int first, int second, nanos_t sent_ns, nanos_t now_ns
            ) noexcept nogil:
        self._land(first, sent_ns, now_ns)
        self._land(second, sent_ns, now_ns)

    cdef void _land(self, int number, nanos_t sent_ns, nanos_t now_ns) noexcept nogil:
        """Count one request of a pool that was in flight."""
        cdef Pool* pool
        if number < 0:
            return
        pool = &self.pools[number]
        self._refill(pool, now_ns)
        if sent_ns >= pool.turned_ns and pool.flying > 0:
            pool.flying -= 1
        elif (pool.turned_before_ns <= sent_ns < pool.turned_ns
                and pool.flying_old > 0):
            pool.flying_old -= 1
        else:
            return             # given up for late: counted by now
        pool.counted_nano += CREDIT

    cdef nanos_t ready_ns(
            self, int pool, int64_t need_nano, nanos_t now_ns) noexcept nogil:
        cdef int64_t missing = need_nano - self.left_nano(pool, now_ns)
        cdef Pool* found
        if pool < 0 or missing <= 0:
            return 0
        found = &self.pools[pool]
        if missing > found.counted_nano:
            # What flies has to be answered, or given up, before it drains.
            return found.turned_ns + LATE_NS
        return now_ns + WAKE_SLACK_NS + <nanos_t>(
            <double>missing / (found.rate_per_s * (1.0 - CLOCK_SLACK)))

    def describe(self, nanos_t now_ns):
        """Return each pool's ``left``, ``burst`` and ``rate``, by name.

        Units: requests, the reserve included, and requests a second. Who looks changes
        nothing: draining at more moments would round at more moments, and a replay, at
        which nobody looks, would send something else.
        """
        cdef Pool found
        described = {}
        for i, name in enumerate(self.names):
            found = self.pools[i]
            self._refill(&found, now_ns)
            described[name] = {"left": left_in(&found) / CREDIT,
                               "burst": found.burst, "rate": found.rate_per_s}
        return described
