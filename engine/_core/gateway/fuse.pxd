# The last look before the wire: invariants, not policy. It fires only on our own bug.
from libc.stdint cimport int32_t, int64_t

from engine._core.base.check cimport Fault
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport qty_t
from engine._core.gateway.differ cimport Action
from engine._core.quote.sheet cimport Anchor, QuoteLimits
from engine._core.state.exposure cimport ExposureTable
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position


# Whether a request may be written. Call after the order table knows of it;
# credits_nano is what is left to pay with, worst_before_lots what the slot counted
# before. False: the fault is set.
cdef bint holds(
    const Action* action, int32_t instrument, const Instrument* row,
    const QuoteLimits* limits, const Anchor* anchor, OrderTable orders,
    Position position, int64_t credits_nano, qty_t worst_before_lots, Fault* fault
    ) noexcept nogil

# The same for the limits over instruments; place is that of the exposure table.
cdef bint holds_together(
    const Action* action, int place, ExposureTable table, OrderTable orders,
    qty_t worst_before_lots, Fault* fault) noexcept nogil
