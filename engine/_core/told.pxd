# What is told to the session, as plain values.
from engine._core.base.event cimport Fill, OrderUpdate
from engine._core.base.types cimport nanos_t


# A booked fill as a mapping; see SessionHooks.on_fill for its keys.
cdef dict told_fill(const Fill* fill, str name, nanos_t now_ns)

# An open order in no slot; keys as in SessionHooks.on_stray.
cdef dict told_order(const OrderUpdate* order, str name, nanos_t now_ns)
