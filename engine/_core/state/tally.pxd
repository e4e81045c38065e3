# What one instrument's quoting came to: orders by level, requests, time in market.
cimport cython
from libc.stdint cimport int32_t

from engine._core.base.types cimport (
    SLOTS_PER_INSTRUMENT, Side, nanos_t, price_t, qty_t)
from engine._core.state.orders cimport REQUEST_KINDS, OrderTable, RequestKind


cdef struct Placed:
    long orders                # new orders sent
    qty_t lots                 # their sizes, and by how much edits made them larger
    long fills
    qty_t filled_lots


# What was promised to be shown; size 0 = nothing.
cdef struct Obligation:
    double spread_max_bps
    qty_t size_min_lots
    double uptime_min_pct


# A side as it rests at the venue.
cdef struct Shown:
    qty_t lots
    price_t price_ticks        # where the promised size is reached; NO_PRICE: nowhere


@cython.final
cdef class Tally:
    cdef:
        Placed[SLOTS_PER_INSTRUMENT] placed    # by slot of the instrument
        long[REQUEST_KINDS] requests           # sent, by kind
        Obligation obligation
        nanos_t seen_ns            # the last look; 0 = none yet
        nanos_t watched_ns
        nanos_t[2] side_ns         # by side: something rests there
        nanos_t both_ns
        nanos_t obliged_ns         # both sides as promised

    cdef inline void sent(self, RequestKind kind) noexcept nogil:
        self.requests[<int>kind] += 1

    # A new order is sent; an edit asks for so much more than was asked for before.
    cdef inline void ordered(self, int32_t slot, qty_t lots) noexcept nogil:
        cdef Placed* level = &self.placed[slot % SLOTS_PER_INSTRUMENT]
        level.orders += 1
        level.lots += lots

    cdef inline void grown(self, int32_t slot, qty_t lots) noexcept nogil:
        if lots > 0:
            self.placed[slot % SLOTS_PER_INSTRUMENT].lots += lots

    cdef inline void filled(self, int32_t slot, qty_t lots) noexcept nogil:
        cdef Placed* level = &self.placed[slot % SLOTS_PER_INSTRUMENT]
        level.fills += 1
        level.filled_lots += lots

    # The time since the last look passed as it is now.
    cdef void look(self, OrderTable orders, int32_t instrument, nanos_t now_ns
                   ) noexcept nogil

    # Inside only.
    cdef void _shown(self, OrderTable orders, int32_t instrument, Side side,
                     Shown* out) noexcept nogil
    cdef dict levels(self, double lot)
    cdef dict presence(self, double lot)
