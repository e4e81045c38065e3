"""Base of the quote calculators: from two inner prices to a legal, post-only ladder.

A model says where its first bid and ask should be. The base does what every model needs
and none should differ in:

1. Fair price: the micro-price, or the mid by parameter.
2. Minimum edge: the half-spread is at least maker fee + min_edge_ticks (the fee as a
   fraction of the fair price, in ticks; a rebate lowers it) and at least half a tick.
   The centre, skew included, stays where the model put it.
3. Post-only: a bid is at most one tick below the best ask, an ask at least one tick
   above the best bid; a quote is moved behind the touch, never dropped into it.
4. Levels: level j lies step_ticks * (1 + g + ... + g^(j-1)) behind the first, g being
   step_growth (1 = evenly spaced), rounded away from the touch to a legal price, each
   at least one legal price behind the one before. A bid below one tick is left out
   (combos excepted: their prices may be negative).

A book with a side missing gives a blank sheet. Inventory limits are the gate's.
"""

import math

from cpython.function cimport PyFunction_Check
from libc.math cimport INFINITY, fabs, isfinite

from engine._core.base.instrument cimport (
    KIND_FUTURE_COMBO, KIND_OPTION_COMBO, Instrument, round_passive)
from engine._core.base.types cimport ASK, BID, LEVELS_MAX, NO_PRICE, Side, price_t
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View
from engine._core.signals.touch cimport mid_of, weighted_mid_of

from engine._core.base.param import number, whole

LEVELS_LIMIT = LEVELS_MAX
QTY_LOTS_LIMIT = 10**12
FAIR_PRICES = ("micro", "mid")


cdef inline double larger(double value, double least) noexcept nogil:
    """The larger one, as `fmax` has it, without a call: `least` is a number."""
    return value if value > least else least


cdef inline void fill_side(
        Quoter quoter, QuoteSheet sheet, Side side, double first_ticks) noexcept nogil:
    """Write the levels of one side, best first, each behind the one before."""
    cdef const Instrument* row = sheet.row
    cdef bint is_combo = (row.kind == KIND_FUTURE_COMBO
                          or row.kind == KIND_OPTION_COMBO)
    cdef double away = 1.0 if side == ASK else -1.0
    cdef double offset_ticks = 0.0, step_ticks = quoter.step_ticks, target_ticks
    cdef price_t price_ticks = NO_PRICE
    cdef int i
    for i in range(quoter.levels):
        target_ticks = first_ticks + away * offset_ticks
        if i and away * (target_ticks - <double>price_ticks) < 1.0:
            target_ticks = <double>price_ticks + away
        price_ticks = round_passive(row, side, target_ticks)
        if price_ticks == NO_PRICE or (price_ticks < 1 and not is_combo):
            return
        # Where the tick changes on the way one rounding may not be enough.
        if not (sheet.add_legal(side, price_ticks, quoter.level_lots[i])
                if row.n_steps == 0
                else sheet.add(side, <double>price_ticks, quoter.level_lots[i])):
            return
        offset_ticks += step_ticks
        step_ticks *= quoter.step_growth


cdef class Quoter(Strategy):
    """Base of the calculators; not a strategy by itself.

    Units: qty_lots in lots, one number for all levels or one number each; step_ticks,
        min_edge_ticks and skew_max_ticks in ticks; levels 1..8; step_growth a ratio of
        at least 1; fair ``"micro"`` or ``"mid"``.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __cinit__(self, *args, **kwargs):
        # A Python `quote` on a subclass wins over the compiled one.
        self.python_hook = PyFunction_Check(type(self).quote)
        self.skew_max_ticks = INFINITY

    def _shape(self, *, qty_lots, levels=None, step_ticks=1.0, step_growth=1.0,
               min_edge_ticks=0.0, skew_max_ticks=math.inf, fair="micro"):
        """Read the parameters all calculators share; called by their ``__init__``."""
        sizes = list(qty_lots) if isinstance(qty_lots, (list, tuple)) else None
        if levels is None:
            levels = len(sizes) if sizes else 1
        whole("levels", levels, 1, LEVELS_LIMIT)
        if sizes is None:
            sizes = [qty_lots] * levels
        if len(sizes) != levels:
            raise ValueError(f"qty_lots must be one size or {levels} sizes, "
                             f"one for each level, not {qty_lots!r}")
        if fair not in FAIR_PRICES:
            raise ValueError(f"fair must be one of {FAIR_PRICES}, not {fair!r}")
        for i, size in enumerate(sizes):
            self.level_lots[i] = whole("qty_lots", size, 1, QTY_LOTS_LIMIT)
        self.step_ticks = number("step_ticks", step_ticks, 0, 1e9, open_low=True)
        self.step_growth = number("step_growth", step_growth, 1, 100)
        self.min_edge_ticks = number("min_edge_ticks", min_edge_ticks, 0, 1e9)
        self.skew_max_ticks = number("skew_max_ticks", skew_max_ticks, 0)
        self.fair_is_micro = fair == "micro"
        # Last, so that an object whose parameters were refused quotes nothing.
        self.levels = levels

    cdef bint run(self, View view, QuoteSheet sheet) noexcept:
        """Fill the sheet, compiled; through Python when a subclass defines `quote`."""
        if self.python_hook:
            return Strategy.run(self, view, sheet)
        self._fill(view, sheet)
        return True

    def quote(self, View view not None, QuoteSheet sheet not None):
        """Write this calculator's wish on the sheet.

        A subclass may call it from its own ``quote`` and add to what it wrote.
        """
        self._fill(view, sheet)

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        return False

    cdef void _fill(self, View view, QuoteSheet sheet) noexcept:
        cdef price_t best_bid = view.own_book.best(BID)
        cdef price_t best_ask = view.own_book.best(ASK)
        cdef double fair_ticks, centre_ticks, half_ticks
        cdef Inner inner
        if self.levels == 0 or best_bid == NO_PRICE or best_ask == NO_PRICE:
            return
        fair_ticks = (weighted_mid_of(view.own_book) if self.fair_is_micro
                      else mid_of(view.own_book))
        if not self._aim(view, fair_ticks, &inner):
            return
        centre_ticks = 0.5 * (inner.bid_ticks + inner.ask_ticks)
        half_ticks = 0.5 * (inner.ask_ticks - inner.bid_ticks)
        half_ticks = larger(half_ticks, larger((
            sheet.row.maker_fee * fabs(fair_ticks) + self.min_edge_ticks), 0.5))
        if not isfinite(centre_ticks) or not isfinite(half_ticks):
            return
        fill_side(self, sheet, BID,
                  -larger(half_ticks - centre_ticks, -<double>(best_ask - 1)))
        fill_side(self, sheet, ASK,
                  larger(centre_ticks + half_ticks, <double>(best_bid + 1)))
