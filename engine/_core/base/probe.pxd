# Clocks for measuring only: nothing the core decides may depend on what they return.
from engine._core.base.types cimport nanos_t

cdef nanos_t probe_ns() noexcept nogil

# A cheaper one, for differences: its zero is anywhere. The processor's counter where it
# has one that runs evenly, once `set_stage_clock` has compared it; else probe_ns.
cdef nanos_t stage_ns() noexcept nogil
cdef void set_stage_clock() noexcept nogil
