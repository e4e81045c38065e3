# Exponential forgetting on irregular times, shared by all signals.
from libc.math cimport exp

from engine._core.base.types cimport nanos_t

cdef enum:
    NS_PER_S = 1000000000


cdef inline double seconds(nanos_t span_ns) noexcept nogil:
    return <double>span_ns / <double>NS_PER_S


# What is left of a weight of 1 after a span: exp(-span / tau). A span below 0 is none.
cdef inline double decay(nanos_t span_ns, double tau_s) noexcept nogil:
    return exp(-seconds(span_ns) / tau_s) if span_ns > 0 else 1.0
