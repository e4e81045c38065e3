# Where the money of one instrument came from: makers' spread, inventory, takes, fees.
cimport cython

from engine._core.base.atto cimport Ratio, atto_t
from engine._core.base.event cimport Fill
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport FEE_CURRENCY_MAX, nanos_t, qty_t
from engine._core.state.book cimport Book

# Money in atto of the settlement currency, so that it adds up exactly.
cdef struct Earned:
    atto_t spread              # makers' fills against the mid at the fill
    atto_t hedging             # takers' fills against it
    atto_t inventory           # what is held times the moves of the mid
    atto_t fees                # paid; below 0: earned


@cython.final
cdef class Attribution:
    cdef:
        const Instrument* row
        Book seen
        object keeper              # whose number the next is
        const double* last_mid_ticks  # of that book while it had two sides, 0 = none
        Earned earned              # inventory as of the last fill
        atto_t worth               # of what is held, at the mid of then
        atto_t fee_units           # fees taken out of the holding: spot, in base coins
        qty_t size_lots
        bint has_base              # worth is at a mid: moves from there on count
        Ratio mid                  # of the last event; num 0 = never known
        char[FEE_CURRENCY_MAX] currency  # of settlement
        int currency_size
        char[FEE_CURRENCY_MAX] base  # of spot, which may pay fees
        int base_size              # 0 = it cannot
        readonly long n_makers
        readonly long n_takers
        readonly long n_midless    # of these, without a readable book: an older mid
        readonly long n_moved      # sizes taken over without a fill
        readonly long n_elsewhere  # fees in a third currency, left out
        # Inventory over time. 0 = not begun.
        nanos_t began_ns
        nanos_t seen_ns
        double lot_ns              # sum of lots times time
        double lot2_ns

    # A fill, booked once.
    cdef void book(self, const Fill* fill, nanos_t now_ns) noexcept nogil
    # The position is something else, and no fill says why.
    cdef void take_size(self, qty_t size_lots, nanos_t now_ns) noexcept nogil
    # Time passes: begin to count, and find a mid to count a taken size from.
    cdef void look(self, nanos_t now_ns) noexcept nogil
    # Everything as of the mid of now, without changing anything.
    cdef Earned total(self) noexcept nogil
    cdef atto_t held_worth(self) noexcept nogil

    cdef inline bint has_any(self) noexcept nogil:
        return self.n_makers + self.n_takers + self.n_moved > 0

    # Inside only.
    cdef Ratio _mid_of_now(self) noexcept nogil
    cdef atto_t _worth_at(self, Ratio mid) noexcept nogil
    cdef void _carry(self) noexcept nogil
    cdef void _hold(self, nanos_t now_ns) noexcept nogil
    cdef void _fee(self, const Fill* fill) noexcept nogil

    # For snapshots: exact integers, and what was held over time.
    cdef dict exact(self)
    cdef dict held(self, nanos_t now_ns)


# Empty: money 0, nothing held.
cdef Attribution new_attribution(
    const Instrument* row, str currency, str base, Book seen,
    object keeper, const double* last_mid_ticks)
