# What the quote calculators share: the shape of the quotes around two inner prices.
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport LEVELS_MAX, qty_t
from engine._core.quote.models.obligation cimport Obligation
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View
from engine._core.signals.signal cimport Signal


cdef struct Inner:
    # The wished prices of the first level, before fees and post-only; fractional ticks.
    double bid_ticks
    double ask_ticks


cdef class Quoter(Strategy):
    cdef:
        readonly int levels
        qty_t[LEVELS_MAX] level_lots       # size of each level
        double[LEVELS_MAX] offset_ticks    # of each level behind the first
        readonly double step_ticks         # from level 1 to level 2
        readonly double step_growth        # each further step is this much longer
        readonly double min_edge_ticks     # least half-spread beyond the costs
        readonly double skew_max_ticks     # inventory moves the quotes no further
        readonly double cold_sigma_ticks   # used until sigma is warm; 0 = blank
        bint fair_is_micro                 # micro-price, else mid

        # What costs something only when it is asked for.
        bint is_plain                      # none of these is
        readonly Signal fair_signal        # None = the book's own
        readonly Signal volatility         # None = the engine's own
        readonly Signal toxicity           # None = none
        readonly Signal adverse            # measured markout against us; None = none
        readonly double adverse_ticks      # the same until it is ready, or without it
        readonly double hedge_cost_bps     # of a taken hedge, fee and half its spread
        readonly double hedge_share        # how much of what is filled is hedged so
        readonly double widen_per_sigma    # sqrt(second): half-spread by volatility
        readonly double widen_per_toxicity
        readonly double size_skew          # eta: adding sizes fall with inventory
        readonly qty_t stop_lots           # nothing that may lead past it; 0 = no stop
        double equal_value_k               # 1/tick: levels of equal value; 0 = steps
        readonly Obligation obligation     # None = none

    # The model. Fill `inner` around a fair price; False: no quote now.
    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept

    # The shape: floor the half-spread, stay behind the touch, write the levels.
    cdef void _fill(self, View view, QuoteSheet sheet) noexcept
    # The same with everything that can be asked for.
    cdef void _fill_asked(self, View view, QuoteSheet sheet, double fair_ticks) noexcept
    cdef double _cost(self, const Instrument* row, double fair_ticks) noexcept
    cdef double _widened(self, View view, double half_ticks) noexcept
    cdef void _spread_out(self, double edge_ticks, double* offset_ticks) noexcept

    # Volatility, ticks per sqrt(second); below 0: there is none yet.
    cdef inline double _sigma(self, View view) noexcept:
        if self.volatility is not None:
            if self.volatility.is_ready:
                return self.volatility.value
        elif view.volatility.is_warm:
            return view.volatility.value
        return self.cold_sigma_ticks if self.cold_sigma_ticks > 0.0 else -1.0
