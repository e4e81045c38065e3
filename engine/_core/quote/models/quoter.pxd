# What the quote calculators share: the shape of the quotes around two inner prices.
from engine._core.base.types cimport LEVELS_MAX, qty_t
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View


cdef struct Inner:
    # The wished prices of the first level, before fees and post-only; fractional ticks.
    double bid_ticks
    double ask_ticks


cdef class Quoter(Strategy):
    cdef:
        readonly int levels
        qty_t[LEVELS_MAX] level_lots       # size of each level
        readonly double step_ticks         # from level 1 to level 2
        readonly double step_growth        # each further step is this much longer
        readonly double min_edge_ticks     # least half-spread beyond the maker fee
        readonly double skew_max_ticks     # inventory moves the quotes no further
        bint fair_is_micro                 # micro-price, else mid

    # The model. Fill `inner` around a fair price; False: no quote now.
    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept

    # The shape: floor the half-spread, stay behind the touch, write the levels.
    cdef void _fill(self, View view, QuoteSheet sheet) noexcept


# A skew cut to the most that is allowed; what is no number counts as the most.
cdef inline double cut_skew(double skew_ticks, double most_ticks) noexcept nogil:
    skew_ticks = skew_ticks if skew_ticks < most_ticks else most_ticks
    return skew_ticks if skew_ticks > -most_ticks else -most_ticks
