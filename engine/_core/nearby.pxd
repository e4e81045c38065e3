# What the next tick reads, brought near while there is time.
from engine._core.core cimport Core

cdef enum:
    NEAR_MARKETS_MAX = 4       # the first so many of a core: more would not fit


# Bring near what a turn of the core reads and writes: its own, and NEAR_MARKETS_MAX of
# the quoted markets. Cost: some 0.1 us a market, when it is near already.
cdef void bring_core_near(Core core) noexcept
