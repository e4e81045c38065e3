# The micro-price: the mid, moved by what imbalance and spread have meant before.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal
from engine._core.state.book cimport Book

cdef enum:
    BUCKETS_MAX = 63           # of the imbalance
    SPREADS_MAX = 16           # spreads told apart, in ticks


# Which of an odd number of equally wide buckets the share qb / (qb + qa) is in, so that
# with the sides exchanged it is the opposite one, exactly.
cdef inline int bucket_of(double bid_lots, double ask_lots, int buckets
                          ) noexcept nogil:
    cdef double most = bid_lots if bid_lots > ask_lots else ask_lots
    cdef int bucket = <int>(buckets * (most / (bid_lots + ask_lots)))
    if bucket >= buckets:
        bucket = buckets - 1
    return bucket if bid_lots >= ask_lots else buckets - 1 - bucket


@cython.final
cdef class MicroPrice(Signal):
    # value: ticks.
    cdef:
        readonly int buckets
        readonly int spreads
        readonly double adjust_ticks      # value - mid
        double[SPREADS_MAX * BUCKETS_MAX] table  # adjustment, by spread, then bucket
