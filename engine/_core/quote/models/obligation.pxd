# What a market-maker agreement asks of the first level, and how much of it was kept.
cimport cython

from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport nanos_t, price_t, qty_t
from engine._core.quote.strategy cimport View

cdef enum Duty:
    DUTY_NONE = 0          # nothing was quoted yet
    DUTY_MET = 1           # by the wish as it was
    DUTY_TIGHTENED = 2     # made tighter or larger, and still beyond the minimum edge
    DUTY_PAID = 3          # made tighter than the minimum edge
    DUTY_AWAY = 4          # left unmet: the time that is allowed for it is there
    DUTY_UNABLE = 5        # limits do not let it


# The first level of both sides: what is wished, and what is made of it.
cdef struct First:
    double bid_ticks
    double ask_ticks
    qty_t[2] lots          # by side


@cython.final
cdef class Obligation:
    cdef:
        readonly double spread_max_ticks      # of the first levels, 0 = see bps
        readonly double spread_max_bps        # 1e-4 of fair, 0 = see ticks
        readonly qty_t qty_min_lots           # of the first level of each side
        readonly double uptime_min_pct            # of the time, 0..100
        readonly double period_s              # counted anew after so long
        Duty duty                             # of the last wish
        readonly double elapsed_s             # in this period
        readonly double met_s
        readonly double paid_s                # of these, inside the minimum edge
        nanos_t counted_ns                    # up to when, 0 = never
        bint may_leave                        # uses up the time it may be away

    # Before each wish: count the time since the last one under its duty.
    cdef void begin(self, nanos_t now_ns) noexcept nogil
    # Make the first level fit the terms, or say why not. Around centre_ticks; the half-
    # spread costs money below edge_ticks; stop_lots as the quoter has it, 0 = none.
    cdef void fit(self, View view, const Instrument* row, double centre_ticks,
                  double edge_ticks, double fair_ticks, qty_t stop_lots, First* first
                  ) noexcept

    # Inside only.
    cdef price_t _widest(self, double fair_ticks) noexcept nogil
    cdef bint _may_be_away(self) noexcept nogil
