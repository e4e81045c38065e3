"""Base of the taking calculators: from a gap in the position to one IOC wish.

A model says how many lots are missing and how large the gap may be. The base does what
every model needs and none should differ in:

1. No-trade band: nothing while the gap is within the band. Beyond it the take goes back
   to the edge of the band (what a cost in proportion to the size asks for) or to its
   middle (what a cost for each trade asks for), by parameter.
2. Never twice: the gap counts what orders report as filled, also where the trade is not
   booked yet, and the gateway has one take out at a time. What a partial fill leaves is
   the gap of the next turn.
3. Limit price: the touch of the other side and reach_ticks past it, so that the worst
   price is known before the take goes out. No take in a book wider than
   spread_max_ticks, and none in a book with a side missing.
4. Size: whole lots, at most take_max_lots. Fewer than take_min_lots wait for more: at
   the edge of a band each move asks for a lot or two, and a request costs the same for
   two as for twenty. Position limits are the gate's.

Source for the band: G. M. Constantinides, Capital market equilibrium with transaction
costs, J. Political Economy 94(4), 1986: with proportional costs the optimal trade goes
to the nearest edge of the no-trade region and not to its middle.
"""

import math

from libc.math cimport INFINITY, ceil, fabs, floor, fmax, fmin, isfinite

from engine._core.base.types cimport ASK, BID, NO_PRICE, price_t, qty_t
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View

from engine._core.base.param import number, whole
from engine._core.quote.models.shape import QTY_LOTS_LIMIT

BAND_STOPS = ("edge", "middle")

cdef double ROUNDING_LOTS = 1e-6   # a gap this little past the band is arithmetic


cdef class Taker(Strategy):
    """Base of the taking calculators; not a strategy by itself.

    Units: take_max_lots and take_min_lots in lots; reach_ticks and spread_max_ticks in
        ticks; stop ``"edge"`` or ``"middle"``.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __cinit__(self, *args, **kwargs):
        self.spread_max_ticks = INFINITY

    def _shape(self, *, take_max_lots, take_min_lots=1, reach_ticks=0.0,
               spread_max_ticks=math.inf, stop="edge"):
        """Read the parameters all takers share; called by their ``__init__``."""
        if stop not in BAND_STOPS:
            raise ValueError(f"stop must be one of {BAND_STOPS}, not {stop!r}")
        self.to_edge = stop == "edge"
        self.reach_ticks = number("reach_ticks", reach_ticks, 0, 1e9)
        self.spread_max_ticks = number("spread_max_ticks", spread_max_ticks, 1)
        most = whole("take_max_lots", take_max_lots, 1, QTY_LOTS_LIMIT)
        self.take_min_lots = whole("take_min_lots", take_min_lots, 1, most)
        # Last, so that an object whose parameters were refused takes nothing.
        self.take_max_lots = most

    cdef bint run(self, View view, QuoteSheet sheet) noexcept:
        return self._fill(view, sheet)

    def quote(self, View view not None, QuoteSheet sheet not None):
        """Write this calculator's wish on the sheet.

        A subclass may call it from its own ``quote`` and add to what it wrote.

        Raises:
            ValueError: the model cannot say what is missing; the text is in ``error``.
        """
        if not self._fill(view, sheet):
            raise ValueError(self.error)

    cdef Gap _gap(self, View view, double* gap_lots, double* band_lots) noexcept:
        return GAP_NONE

    cdef bint _fill(self, View view, QuoteSheet sheet) noexcept:
        cdef price_t best_bid = view.own_book.best(BID)
        cdef price_t best_ask = view.own_book.best(ASK)
        cdef double gap_lots = 0.0, band_lots = 0.0, lots
        cdef Gap found
        if (self.take_max_lots == 0 or best_bid == NO_PRICE or best_ask == NO_PRICE
                or best_ask <= best_bid
                or <double>(best_ask - best_bid) > self.spread_max_ticks):
            return True
        found = self._gap(view, &gap_lots, &band_lots)
        if (found != GAP_KNOWN or not isfinite(gap_lots)
                or not fabs(gap_lots) > band_lots + ROUNDING_LOTS):
            return found != GAP_ERROR
        # To the edge: rounded so that it ends inside. To the middle: the nearest lot.
        lots = (ceil(fabs(gap_lots) - band_lots - ROUNDING_LOTS) if self.to_edge
                else floor(fabs(gap_lots) + 0.5))
        # Never past the middle: with a band below a lot that would go to and fro.
        if lots > floor(fabs(gap_lots) + 0.5):
            lots = floor(fabs(gap_lots) + 0.5)
        if lots < <double>self.take_min_lots:
            return True
        if lots > <double>self.take_max_lots:
            lots = <double>self.take_max_lots
        if gap_lots > 0.0:
            sheet.set_take(BID, <double>best_ask + self.reach_ticks, <qty_t>lots)
        else:
            # Down to the lowest price there is, where the reach would go below it.
            sheet.set_take(ASK, fmax(<double>best_bid - self.reach_ticks,
                                     fmin(1.0, <double>best_bid)), <qty_t>lots)
        return True
