# Order-flow imbalance: what the touch gained on one side over the other.
cimport cython

from engine._core.base.types cimport nanos_t, price_t, qty_t
from engine._core.signals.signal cimport Signal
from engine._core.state.book cimport Book


@cython.final
cdef class OrderFlowImbalance(Signal):
    # value: lots.
    cdef:
        readonly double tau_s             # after which a contribution counts 1/e
        readonly double depth_tau_s       # of the average depth
        readonly double depth_lots        # mean size of a side of the touch, over time
        readonly double move_ticks        # value / (2 depth_lots): the move it explains
        bint has_seen                     # a book, ever
        bint has_touch                    # the four below are of the book before
        price_t bid_ticks
        price_t ask_ticks
        qty_t bid_lots
        qty_t ask_lots
        nanos_t since_ns                  # first book seen, 0 = none
        nanos_t flow_ns                   # up to when value has decayed
        nanos_t depth_ns                  # up to when the depth is averaged
        double depth_sum                  # EWMA numerator, lots
        double depth_weight               # EWMA denominator, 0..1

    cdef void _average_depth(self, nanos_t now_ns) noexcept nogil
    cdef void _settle(self, nanos_t now_ns, double event_lots) noexcept nogil
