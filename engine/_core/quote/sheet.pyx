"""The sheet: where a strategy writes its wish. No order ids, no cancels, no states.

A blank side means: no quote there. The core clears the sheet before every call of the
strategy, so what is not written again is pulled.
"""

cimport cython
from libc.math cimport isfinite

from engine._core.base.instrument cimport Instrument, round_passive
from engine._core.base.types cimport ASK, BID, NO_PRICE, Side, price_t, qty_t


@cython.final
cdef class QuoteSheet:
    """Wished prices and sizes of one instrument.

    Units: prices in base ticks (fractions allowed, rounded away from the touch to a
    legal price), sizes in whole lots.
    """

    def __init__(self):
        raise TypeError("the engine makes sheets; a strategy is handed one")

    cdef bint add(self, Side side, double price_ticks, qty_t qty_lots) noexcept nogil:
        cdef price_t legal = (round_passive(self.row, side, price_ticks)
                              if isfinite(price_ticks) else NO_PRICE)
        if legal == NO_PRICE:
            self.refused += 1
            return False
        return self.add_legal(side, legal, qty_lots)

    cdef bint set_take(
            self, Side side, double limit_ticks, qty_t qty_lots) noexcept nogil:
        if qty_lots <= 0 or not isfinite(limit_ticks):
            self.refused += 1
            return False
        # A limit is a promise not to pay more: it rounds like a resting price.
        self.take_wish.price_ticks = round_passive(self.row, side, limit_ticks)
        if self.take_wish.price_ticks == NO_PRICE:
            self.refused += 1
            return False
        self.take_wish.qty_lots = qty_lots
        self.take_side = side
        return True

    def bid(self, double price_ticks, qty_t qty_lots):
        """Wish one more bid level; return False when it cannot be written."""
        return self.add(BID, price_ticks, qty_lots)

    def ask(self, double price_ticks, qty_t qty_lots):
        """Wish one more ask level; return False when it cannot be written."""
        return self.add(ASK, price_ticks, qty_lots)

    def buy(self, double limit_ticks, qty_t qty_lots):
        """Wish to buy at once, up to a limit price (immediate or cancel)."""
        return self.set_take(BID, limit_ticks, qty_lots)

    def sell(self, double limit_ticks, qty_t qty_lots):
        """Wish to sell at once, down to a limit price (immediate or cancel)."""
        return self.set_take(ASK, limit_ticks, qty_lots)

    @property
    def bids(self):
        """Bid levels as written: ``[(price_ticks, qty_lots), ...]``."""
        return self._side(BID)

    @property
    def asks(self):
        """Ask levels as written: ``[(price_ticks, qty_lots), ...]``."""
        return self._side(ASK)

    @property
    def take(self):
        """The taking wish: ``("buy" | "sell", limit_ticks, qty_lots)`` or None."""
        if self.take_wish.qty_lots == 0:
            return None
        return ("buy" if self.take_side == BID else "sell",
                self.take_wish.price_ticks, self.take_wish.qty_lots)

    def _side(self, Side side):
        return [(self.levels[<int>side][i].price_ticks,
                 self.levels[<int>side][i].qty_lots)
                for i in range(self.n_levels[<int>side])]

    @staticmethod
    def for_test(view):
        """Return a blank sheet for the instrument of a view."""
        from engine._core.quote.strategy import sheet_for

        return sheet_for(view)


cdef QuoteSheet new_sheet(const Instrument* row):
    """Return a blank sheet; `row` must outlive it (rows of a table never move)."""
    cdef QuoteSheet sheet = QuoteSheet.__new__(QuoteSheet)
    sheet.row = row
    sheet.refused = 0
    sheet.clear()
    return sheet
