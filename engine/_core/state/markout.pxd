# What fills were worth a while later: the mid then against the price paid.
cimport cython
from libc.stdint cimport int32_t

from engine._core.base.event cimport Fill
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport Side, nanos_t, qty_t
from engine._core.state.book cimport Book

cdef enum:
    HORIZONS = 4               # at once, and 1, 10 and 60 s later
    AWAITED_MAX = 8192         # fills whose last horizon has not come


# Fills of one kind at one horizon; Welford's sums, each fill once whatever its size.
cdef struct Stat:
    long n
    long lost                  # no mid then, or given up because too many waited
    double mean_ticks
    double square_ticks
    double mean_money          # settlement currency
    double square_money


cdef struct Marked:
    const Instrument* row
    Stat[2][HORIZONS] stats    # takers, makers


cdef struct Awaited:
    int32_t place
    int kind                   # 0 taker, 1 maker
    Side side
    qty_t lots
    double price_ticks
    nanos_t at_ns


@cython.final
cdef class Markouts:
    cdef:
        Marked* rows
        int size
        list books                     # Book by place
        Awaited[AWAITED_MAX] ring
        long n_awaited                 # fills ever taken in
        long[HORIZONS] next_up         # of them, the first that waits for a horizon
        nanos_t due_ns                 # the first horizon that comes; huge = none

    # Take an instrument in; return its place.
    cdef int add(self, const Instrument* row, Book book) except -1
    # A fill was booked.
    cdef void fill(self, int place, const Fill* fill, nanos_t now_ns) noexcept
    # Call before any book changes: what came due is marked at the mid it had until now.
    cdef inline void before(self, nanos_t now_ns) noexcept:
        if now_ns >= self.due_ns:
            self._settle(now_ns)

    # Inside only.
    cdef void _settle(self, nanos_t now_ns) noexcept
    cdef void _mark(self, const Awaited* one, int horizon) noexcept
    cdef void _give_up(self) noexcept nogil
    cdef void _find_due(self) noexcept nogil
    cdef dict describe(self, int place)
