"""What a strategy sees and how it is called.

A strategy is called after every turn in which something it could care about happened
(the touch moved, a fill, an order ended, a timer), and only while its book is readable
and two-sided, the session is healthy and the data is fresh. It reads the
:class:`View`, writes its wish on the sheet, and keeps no orders.
"""

from libc.math cimport NAN
from libc.stdlib cimport free, malloc

from engine._core.base.check cimport FAULT_NONE, Fault
from engine._core.base.event cimport BookChange, LevelChange
from engine._core.base.instrument cimport InstrumentTable
from engine._core.base.types cimport ASK, BID, nanos_t
from engine._core.quote.sheet cimport QuoteSheet, new_sheet
from engine._core.signals.signal cimport Signal
from engine._core.signals.touch cimport (
    imbalance_of, mid_of, weighted_mid_of)
from engine._core.signals.volatility cimport EwmaVolatility
from engine._core.state.book cimport Book, BookLevel
from engine._core.state.position cimport Position

from engine._core.signals.past import wishes_of
from engine._core.signals.restart import dump_rows, load_rows

cdef enum:
    VIEW_LEVELS_MAX = 100      # levels a side `View.levels` hands out at most
    SIGNALS_MAX = 64           # signals of a strategy
    WATCHED_MAX = 64           # instruments it watches


cdef class View:
    """Everything a strategy may read; valid only during the call that hands it out.

    Units: prices in base ticks unless the name says ``price`` (then quote currency),
    sizes in lots, times in nanoseconds.
    """

    def __init__(self):
        raise TypeError("the engine makes views; a strategy is handed one")

    @property
    def best_bid_ticks(self):
        """Best bid, base ticks."""
        return self.own_book.best(BID)

    @property
    def best_ask_ticks(self):
        """Best ask, base ticks."""
        return self.own_book.best(ASK)

    @property
    def best_bid_lots(self):
        """Size at the best bid, lots."""
        return self.own_book.best_qty(BID)

    @property
    def best_ask_lots(self):
        """Size at the best ask, lots."""
        return self.own_book.best_qty(ASK)

    @property
    def mid_ticks(self):
        """Half-way between best bid and best ask, base ticks."""
        return mid_of(self.own_book)

    @property
    def micro_ticks(self):
        """Size-weighted mid, base ticks."""
        return weighted_mid_of(self.own_book)

    @property
    def imbalance(self):
        """(bid size - ask size) / (bid size + ask size) at the touch, -1..1."""
        return imbalance_of(self.own_book)

    @property
    def sigma_ticks(self):
        """Volatility of the mid, base ticks per square root of a second."""
        return self.volatility.value

    @property
    def sigma_is_warm(self):
        """Whether enough samples have been seen for sigma_ticks."""
        return self.volatility.is_warm

    @property
    def inventory_lots(self):
        """Position, lots; long is positive."""
        return self.position.size_lots

    @property
    def pending_lots(self):
        """Lots that may still move the position, both sides: 0 = nothing is under way.

        Orders open, in flight or unknown count in full, and so do tickets.
        """
        return self.pending()

    cdef qty_t pending(self) noexcept nogil:
        cdef qty_t lots = self.position.ticket_lots[0] + self.position.ticket_lots[1]
        if self.orders is None:
            return lots
        return (lots + self.orders.worst_side(self.index, BID)
                + self.orders.worst_side(self.index, ASK))

    @property
    def tick_size(self):
        """Base tick, quote currency."""
        return self.row.tick_size

    @property
    def lot_size(self):
        """One lot in the venue's amount units: USD for inverse, else base coin."""
        return self.row.lot_size

    @property
    def maker_fee(self):
        """Maker fee as a fraction of notional, negative = rebate."""
        return self.row.maker_fee

    @property
    def taker_fee(self):
        """Taker fee as a fraction of notional."""
        return self.row.taker_fee

    def levels(self, str side not None, int n=10):
        """Return up to `n` (at most 100) levels: ``[(price_ticks, qty_lots), ...]``.

        Raises:
            ValueError: side is not "bid" or "ask".
        """
        cdef BookLevel[VIEW_LEVELS_MAX] found
        cdef int count
        if side not in ("bid", "ask"):
            raise ValueError(f'side must be "bid" or "ask", not {side!r}')
        count = self.own_book.top(
            BID if side == "bid" else ASK, max(0, min(n, VIEW_LEVELS_MAX)), found)
        return [(found[i].price_ticks, found[i].qty_lots) for i in range(count)]

    def other(self, str name not None):
        """Return the view of another instrument, None while its book is unreadable."""
        cdef View view = self.books.get(name)
        if view is None or not view.own_book.has_touch():
            return None
        return view

    @staticmethod
    def for_test(row, bids, asks, inventory_lots=0, inventory_limit_lots=1000,
                 sigma_ticks=None, mark_price=0.0, now_ns=0, average_price=0.0,
                 others=(), index_price=0.0, pending_lots=0, underlying_price=0.0,
                 current_funding=0.0, funding_8h=0.0, delta=NAN):
        """Return a view of a made-up book, for tests of strategies.

        Args:
            row: an instrument as the venue describes it.
            bids: levels as ``[(price_ticks, qty_lots), ...]``.
            asks: levels as ``[(price_ticks, qty_lots), ...]``.
            inventory_lots: position, long positive.
            inventory_limit_lots: position limit.
            sigma_ticks: volatility in ticks per sqrt(second); None = not warm.
            mark_price: mark price in quote currency, 0 = none.
            now_ns: time of the call.
            average_price: entry price of the position, quote currency.
            others: views of other instruments; all of them find each other.
            index_price: as the ticker tells it, quote currency, 0 = none.
            pending_lots: what of other orders may still trade.
            underlying_price: forward of an option's expiry, 0 = none.
            delta: Black's, of an option, coins a coin; NAN = none.
            current_funding: of a perpetual, for 8 hours, now.
            funding_8h: of a perpetual, over the last 8 hours.
        """
        cdef View each
        cdef InstrumentTable table = InstrumentTable()
        cdef int index = table.add(row)
        cdef View view = new_view(
            row["instrument_name"], table, index, Book(), EwmaVolatility(), Position(),
            {each.name: each for each in others})
        view.books[view.name] = view
        for each in others:
            each.books = view.books
        fill_book(view.own_book, bids, asks, now_ns)
        view.volatility.is_warm = sigma_ticks is not None
        view.volatility.value = sigma_ticks or 0.0
        view.volatility.variance = (sigma_ticks or 0.0) ** 2
        view.position.size_lots = inventory_lots
        view.position.average_price = average_price
        view.inventory_limit_lots = inventory_limit_lots
        view.mark_price = mark_price
        view.position.ticket_lots[0] = pending_lots
        view.now_ns = now_ns
        view.index_price, view.underlying_price = index_price, underlying_price
        view.current_funding, view.funding_8h = current_funding, funding_8h
        view.delta = delta
        return view


cdef View new_view(str name, InstrumentTable table, int index, Book book,
                   EwmaVolatility volatility, Position position, dict books):
    """Return a view over the state of one instrument; it shares, it does not copy."""
    cdef View view = View.__new__(View)
    view.name = name
    view.table = table
    view.row = &table.rows[index]
    view.index = index
    view.own_book = book
    view.volatility = volatility
    view.delta = NAN
    view.position = position
    position.row = view.row
    view.books = books
    return view


cdef int fill_book(Book book, bids, asks, nanos_t now_ns) except -1:
    """Apply a made-up snapshot to a book."""
    cdef Fault fault
    cdef BookChange change
    cdef int i = 0
    cdef LevelChange* levels = <LevelChange*>malloc(
        (len(bids) + len(asks) + 1) * sizeof(LevelChange))
    if levels == NULL:
        raise MemoryError
    try:
        for side, rows in ((BID, bids), (ASK, asks)):
            for price_ticks, qty_lots in rows:
                levels[i].price_ticks = price_ticks
                levels[i].qty_lots = qty_lots
                levels[i].side = side
                i += 1
        fault.code = FAULT_NONE
        change.instrument = 0
        change.is_snapshot = True
        change.change_id = 1
        change.prev_change_id = -1
        change.venue_ms = now_ns // 1000000
        change.n_levels = i
        change.levels = levels
        book.apply(&change, now_ns, &fault)
    finally:
        free(levels)
    return 0


def sheet_for(View view not None):
    """Return a blank sheet for the instrument of a view."""
    cdef QuoteSheet sheet = new_sheet(view.row)
    sheet.keep = view.table
    return sheet


cdef class Strategy:
    """Base of every strategy: define ``quote(view, sheet)``, or subclass a calculator.

    ``quote`` in Python costs a call into the interpreter each turn; the calculators of
    ``engine`` run compiled, and so do their subclasses that leave ``quote`` alone.
    """

    def __cinit__(self, *args, **kwargs):
        self.error = ""
        self.signals, self.sources, self.watched = [], [], []
        self.needed, self.covered = [], []

    def listen(self, Signal signal not None, str instrument not None=""):
        """Own a signal: the engine feeds it from now on. Call it in ``__init__``.

        Args:
            signal: up to date, `value` and `is_ready`, whenever `quote` is called.
            instrument: whose data it hears, "" = the one that is quoted. One that
                nobody quotes is listed and subscribed all the same.

        Returns:
            The signal.

        Raises:
            ValueError: it has a listener already; there are too many; or it compares
                another instrument with the quoted one, and none is named.
            RuntimeError: the strategy quotes already; nobody would feed the signal.
        """
        cdef Signal part = signal.own
        self._demand_early("listen")
        if signal.is_owned:
            raise ValueError(f"{type(signal).__name__} has a listener already")
        if len(self.signals) + 1 + (part is not None) > SIGNALS_MAX:
            raise ValueError(f"a strategy listens to {SIGNALS_MAX} signals at most")
        if part is not None and not instrument:
            raise ValueError(f"{type(signal).__name__} hears another instrument beside "
                             "the quoted one: name it")
        if part is not None:
            part.is_owned = True
            self.signals.append(part)
            self.sources.append("")
        signal.is_owned = self.has_signals = True
        self.signals.append(signal)
        self.sources.append(instrument)
        return signal

    def watch(self, str instrument not None, bint needed=True):
        """Be called, too, when another instrument's touch or our position there moves.

        Watching the instrument that is quoted changes nothing.

        Args:
            instrument: its name.
            needed: nothing is quoted here while the venue has that one closed; False
                where the strategy knows what to do then.

        Raises:
            ValueError: there are too many.
            RuntimeError: the strategy quotes already; nobody would call it.
        """
        self._demand_early("watch")
        if instrument not in self.watched:
            if len(self.watched) >= WATCHED_MAX:
                raise ValueError(
                    f"a strategy watches {WATCHED_MAX} instruments at most")
            self.watched.append(instrument)
        if needed and instrument not in self.needed:
            self.needed.append(instrument)

    def cover(self, str instrument not None):
        """Hedge here what is filled in another instrument, and watch it.

        While this one cannot be traded, nothing is quoted there.

        Raises: as `watch`.
        """
        self.watch(instrument, needed=False)
        if instrument not in self.covered:
            self.covered.append(instrument)

    cdef int _demand_early(self, str verb) except -1:
        if self.is_bound:
            raise RuntimeError(f"{verb}: call it in __init__, not once it quotes")
        return 0

    @property
    def reads(self):
        """Other instruments it listens to or watches, in the order named."""
        return tuple(dict.fromkeys(
            name for name in self.sources + self.watched if name))

    @property
    def needs(self):
        """Those of `reads` without which nothing is quoted, in the order named."""
        return tuple(dict.fromkeys(
            name for name in self.sources + self.needed if name))

    def dump_signals(self, str own not None, nanos_t now_ns):
        """Return what its signals know, with `own` quoted; see signals.restart."""
        return dump_rows(self.signals, self.sources, own, now_ns)

    def load_signals(self, str own not None, rows, nanos_t now_ns, nanos_t away_ns):
        """Let its signals go on from what an earlier run dumped; see signals.restart.

        Returns:
            ``[(class, why), ...]`` of those that start cold all the same.
        """
        return load_rows(self.signals, self.sources, own, rows, now_ns, away_ns)

    def past_wishes(self, str own not None):
        """Return what its signals would learn, with `own` quoted; see signals.past."""
        return wishes_of(self.signals, self.sources, own)

    def learn(self, Py_ssize_t place, candles, nanos_t now_ns):
        """Let the signal of a wish learn candles of the past; see `Signal.learn`.

        Raises:
            ValueError: they are none; names what. IndexError: there is no such place.
        """
        self.signals[place].learn(candles, now_ns)

    cdef bint run(self, View view, QuoteSheet sheet) noexcept:
        try:
            self.quote(view, sheet)
            return True
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            return False

    def quote(self, View view, QuoteSheet sheet):
        """Write the wish for this instrument; called by the engine each turn.

        Raises:
            TypeError: always here; a strategy defines its own.
        """
        raise TypeError(f"{type(self).__name__} must define quote(view, sheet)")
