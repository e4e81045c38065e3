# Trades: which side takes, and how lopsided the volume is.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.signals.signal cimport Signal


@cython.final
cdef class TradeFlowImbalance(Signal):
    # value: -1..1.
    cdef:
        readonly double tau_s             # after which a trade counts 1/e
        readonly long warm_trades         # trades needed before it is ready
        readonly long n_trades            # trades seen
        readonly double bought_lots       # taken from the asks, discounted
        readonly double sold_lots         # hit into the bids, discounted
        readonly double recent_trades     # number of trades, discounted
        nanos_t flow_ns                   # up to when these have decayed

    cdef void _settle(self, nanos_t now_ns) noexcept nogil


@cython.final
cdef class Toxicity(Signal):
    # value: 0..1.
    cdef:
        readonly double bucket_lots       # volume of a bucket
        readonly double buckets           # after which a bucket counts 1/e
        readonly double n_buckets         # buckets filled
        double bought_lots                # of the bucket that is being filled
        double sold_lots
        double weighted_sum               # EWMA numerator
        double weight                     # EWMA denominator, 0..1

    cdef void _fill(self, double imbalance, double count) noexcept nogil
