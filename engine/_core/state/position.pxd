# What we hold in one instrument, and what it has earned; sizes exact, money in floats.
from engine._core.base.event cimport Fill
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport Side, price_t, qty_t


cdef class Position:
    cdef:
        const Instrument* row
        readonly qty_t size_lots          # signed, long > 0
        readonly qty_t max_abs_lots       # largest |size| since start
        readonly double average_price     # quote currency; inverse: harmonic mean
        readonly double realized_pnl      # settlement currency, fees not included
        readonly double fees              # settlement currency, positive = paid
        readonly long n_fills
        qty_t[2] unbooked_lots            # by side: told filled, trade not seen
        qty_t[2] ticket_lots              # by side: open tickets that may add to it

    cdef void book_fill(self, const Fill* fill) noexcept nogil
    cdef double unrealized_pnl(self, double mark_price) noexcept nogil

    # The venue's word on the position, from a snapshot.
    cdef void set_size(self, qty_t size_lots, double average_price) noexcept nogil
    cdef void _grow(self, qty_t signed_lots, double price) noexcept nogil
