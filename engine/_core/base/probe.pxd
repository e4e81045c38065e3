# A clock for measuring only: nothing the core decides may depend on what it returns.
from engine._core.base.types cimport nanos_t

cdef nanos_t probe_ns() noexcept nogil
