"""Cross-instrument quotes: a future priced by what hedging its fill would bring.

    scale = (mark/index)(future) / (mark/index)(reference), times the ratio of ticks
    bid   = scale * sell(reference) - fair * (maker fee + taker fee) - edge - skew * q
    ask   = scale * buy(reference)  + fair * (maker fee + taker fee) + edge - skew * q

sell() and buy() are the average prices at which all our levels of a side could be
hedged in the reference's book as it stands, so that a bid that is filled and hedged
there keeps the edge; fair is the middle of the two. The maker fee is this instrument's,
the taker fee the reference's. q, the lots held here, moves both quotes: what was hedged
is still a pair to be closed, and each hedge avoided saves a taker fee.

The scale carries the basis. The venue smooths each mark's distance from the index, so
the scale moves slowly and a move of the reference goes through at once. Each mark is
taken over the index of its own ticker: tickers of two instruments come at different
times, and the ratio of two marks would take a move of the index between them for basis.

No quote while the reference cannot be read, has a side missing, has been silent for
stale_ms or is too thin for our sizes, nor while a mark or an index is unknown: nothing
could be hedged, or nobody knows at what.

Source for the mark of futures: docs.deribit.com, futures mark price, seen 2026-08-22:
index plus a 30 s average of the fair price's distance from it.
"""

from engine._core.base.types cimport ASK, BID, Side, clip
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View
from engine._core.state.book cimport Book, BookLevel

from engine._core.base.param import number

cdef double NS_PER_MS = 1e6


cdef double sweep_ticks(Book book, Side side, double lots) noexcept nogil:
    cdef BookLevel[SWEEP_LEVELS_MAX] levels
    cdef int n = book.top(side, SWEEP_LEVELS_MAX, levels)
    cdef double left = lots, paid = 0.0, here
    cdef int i
    if not lots > 0.0:
        return -1.0
    for i in range(n):
        here = <double>levels[i].qty_lots
        if here >= left:
            return (paid + left * <double>levels[i].price_ticks) / lots
        paid += here * <double>levels[i].price_ticks
        left -= here
    return -1.0


cdef inline double lot_usd(View view) noexcept nogil:
    """Return the dollars of a lot at the mark, or the lot itself where it is dollars.
    """
    if view.row.inverse:
        return view.row.lot_size
    return view.row.lot_size * view.mark_price


cdef class CrossQuoter(Quoter):
    """Quote one future so that a fill, hedged in another one, keeps an edge.

    Reads the hedging instrument; the hedge itself is another strategy's, for instance a
    :class:`HedgeTaker` bound to the reference. ``worst_leg_lots``, the sum of qty_lots,
    is what a side can be filled with before any of it is hedged.

    Units: edge_ticks in ticks of this instrument; skew_ticks in ticks per lot;
        stale_ms in milliseconds; the shape as in :class:`Quoter`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Cost: up to SWEEP_LEVELS_MAX levels of each side of the reference are read.
    """

    def __init__(self, *, reference, edge_ticks, skew_ticks=0.0, stale_ms=2000.0,
                 **shape):
        if not isinstance(reference, str) or not reference:
            raise ValueError(
                f"reference must be the name of an instrument, not {reference!r}")
        for name in ("fair", "obligation"):
            if name in shape:
                raise ValueError(f"{name} is the reference's matter here, not "
                                 f"{shape[name]!r}: the hedge has to bear it")
        self.reference = reference
        self.watch(reference)
        self.edge_ticks = number("edge_ticks", edge_ticks, 0, 1e9)
        self.skew_ticks = number("skew_ticks", skew_ticks, 0, 1e9)
        self.stale_ms = number("stale_ms", stale_ms, 1, 600_000)
        self._shape(**shape)
        for i in range(self.levels):
            self.worst_leg_lots += self.level_lots[i]

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        cdef View hedge = view.books.get(self.reference)
        cdef double scale, lots, sell_ticks, buy_ticks, cost_ticks, lean_ticks
        if (hedge is None or hedge is view or not hedge.own_book.has_touch()
                or not (view.mark_price > 0.0 and view.index_price > 0.0)
                or not (hedge.mark_price > 0.0 and hedge.index_price > 0.0)
                or <double>(view.now_ns - hedge.own_book.updated_ns)
                > self.stale_ms * NS_PER_MS):
            return False
        scale = (view.mark_price / view.index_price
                 / (hedge.mark_price / hedge.index_price)
                 * (hedge.row.tick_size / view.row.tick_size))
        lots = <double>self.worst_leg_lots * lot_usd(view) / lot_usd(hedge)
        sell_ticks = sweep_ticks(hedge.own_book, BID, lots)
        buy_ticks = sweep_ticks(hedge.own_book, ASK, lots)
        if sell_ticks < 0.0 or buy_ticks < 0.0:
            return False
        cost_ticks = self.edge_ticks + 0.5 * scale * (sell_ticks + buy_ticks) * (
            view.row.maker_fee + hedge.row.taker_fee)
        lean_ticks = clip(
            self.skew_ticks * <double>view.position.size_lots, self.skew_max_ticks)
        inner.bid_ticks = scale * sell_ticks - cost_ticks - lean_ticks
        inner.ask_ticks = scale * buy_ticks + cost_ticks - lean_ticks
        return True
