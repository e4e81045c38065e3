# A fair price out of another instrument's.
cimport cython

from engine._core.base.types cimport nanos_t
from engine._core.signals.basis cimport Standing
from engine._core.signals.signal cimport Signal


@cython.final
cdef class OwnPrice(Signal):
    # value: mid of the strategy's instrument, ticks.
    pass


@cython.final
cdef class Reference(Standing):
    # value: fair price in ticks of the instrument that is quoted.
    cdef:
        readonly double weight_of_gap     # 0: stay with the own mid, 1: go all the way
        readonly double gap_ticks         # how far the reference says the mid has to go
        double price                      # newest mid there, quote currency

    cdef void _compare(self, nanos_t now_ns) noexcept nogil
