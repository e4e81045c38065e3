"""Latencies without samples: counts in buckets whose width grows with the value.

Values below 32 ns have a bucket each; from there every power of two is cut into 32
equal buckets, so a quantile read from the counts is at most 1/32 above the true one.
Adding is a shift and three increments; reading walks the 1,280 counts and belongs to
the scrape.
"""

cimport cython
from libc.math cimport ceil
from libc.stdint cimport INT64_MAX, int64_t, uint64_t

cdef inline int64_t upper_edge_ns(int bucket) noexcept nogil:
    """Return the largest value of a bucket."""
    cdef int shift
    if bucket == BUCKETS - 1:
        return INT64_MAX
    if bucket < SUB_BUCKETS:
        return bucket
    shift = bucket // SUB_BUCKETS - 1
    return ((<int64_t>(SUB_BUCKETS + bucket % SUB_BUCKETS) + 1) << shift) - 1


@cython.final
cdef class Histogram:
    """Counts of nanosecond values; quantiles are at most 1/32 too large."""

    cdef int64_t _quantile(self, double q) noexcept nogil:
        cdef uint64_t seen = 0, rank
        cdef int64_t edge_ns
        cdef int i
        if self.count == 0:
            return 0
        rank = <uint64_t>ceil(q * <double>self.count)
        if rank < 1:
            rank = 1
        for i in range(BUCKETS):
            seen += self.counts[i]
            if seen >= rank:
                edge_ns = upper_edge_ns(i)
                return edge_ns if edge_ns < self.max_ns else self.max_ns
        return self.max_ns

    def observe(self, int64_t ns):
        """Count one value; negative counts as 0. Units: nanoseconds."""
        self.add(ns)

    def quantile(self, double q):
        """Return the value that a share ``q`` of the values does not exceed.

        Units: nanoseconds.
        Returns: the upper edge of the bucket it falls in, never above ``max_ns``.
        Empty: 0.
        Raises: ValueError when q is not within 0..1.
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"q must be within 0..1, not {q}")
        return self._quantile(q)

    def summary(self):
        """Return count, p50, p99, p999 and max. Units: nanoseconds."""
        return {
            "count": self.count,
            "p50": self._quantile(0.50),
            "p99": self._quantile(0.99),
            "p999": self._quantile(0.999),
            "max": self.max_ns,
        }

    def cumulative(self, bounds_ns):
        """Return, for each bound, how many values are known to be at or below it.

        A bucket counts when all of it is at or below the bound; for an exact count use
        bounds that are bucket edges (a power of two less one, for example).

        Units: nanoseconds, in any order.
        Cost: one walk over the counts, then one step a bound.
        """
        cdef uint64_t[BUCKETS + 1] below
        cdef int64_t bound_ns
        cdef int i
        below[0] = 0
        for i in range(BUCKETS):
            below[i + 1] = below[i] + self.counts[i]
        result = []
        for bound in bounds_ns:
            bound_ns = bound
            if bound_ns < 0:
                result.append(0)
            elif bound_ns >= self.max_ns:
                result.append(self.count)
            else:
                i = bucket_of(bound_ns)
                result.append(below[i + (upper_edge_ns(i) <= bound_ns)])
        return result
