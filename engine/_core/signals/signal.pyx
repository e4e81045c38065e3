"""Signals: numbers about the near future that a strategy owns and the engine feeds.

A strategy makes one in its ``__init__`` and says whose data it hears
(``self.listen(OrderFlowImbalance(tau_s=2.0))``); from then on the core calls the
signal's hooks as frames come in, and ``value`` and ``is_ready`` are up to date whenever
the strategy is called. Nobody has to poll, and what is not owned costs nothing.

The hooks of the base class do nothing. What all signals have in common is here: a book
that is gapped, crossed, one-sided or not there yet is never shown to a signal; it is
told once that its book was cut, is not ready until the book is back, and forgets what
it would have compared the next book with.
"""

from libc.string cimport memset

from engine._core.base.event cimport Print, Ticker
from engine._core.base.types cimport ASK, BID, nanos_t, price_t, qty_t
from engine._core.state.book cimport Book


cdef class Signal:
    """Base of all signals; a compiled class overrides the hooks it needs.

    Units: heard_ns in nanoseconds on the core's clock; tick_size in quote currency, 1
        until the engine lists the instrument, so that prices are ticks till then.
    Empty: value is 0 until is_ready.
    """

    def __cinit__(self, *args, **kwargs):
        self.is_cut = self.needs_book = True
        self.tick_size = 1.0

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        pass

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        pass

    cdef void on_print(self, const Print* trade, nanos_t now_ns) noexcept nogil:
        pass

    cdef void on_ticker(self, const Ticker* ticker, nanos_t now_ns) noexcept nogil:
        pass

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        pass

    # A restart is to a signal as a cut of the book: what it knew stands until the next
    # one. Those that take long to be ready say what that is.

    def dump(self, nanos_t now_ns):
        """Return what is to outlive a restart, as JSON can hold it.

        Empty: {}, nothing; a later run starts cold.
        """
        return {}

    def load(self, found, nanos_t now_ns, nanos_t away_ns):
        """Go on from what an earlier run dumped, so long ago; before anything is heard.

        Raises:
            ValueError: it was made with other parameters, is too old, or is not what
                was dumped; names what. Nothing is taken then.
            KeyError: part of it is missing.
        """
        raise ValueError("it does not outlive a restart")

    # Nor need a first start wait for what the venue still knows: those that take long
    # to be ready say how much of the past they want, and learn it before they hear.

    @property
    def past_s(self):
        """How much of the past it would learn now, seconds. Empty: 0, none."""
        return 0.0

    @property
    def past_step_s(self):
        """How long a candle may be to be of use to it, seconds."""
        return 0.0

    def learn(self, candles, nanos_t now_ns):
        """Take prices of the past as if they had been heard; before anything is.

        candles: ``[(age_ns, low, high, close), ...]``, oldest first, each as old as
            its end; prices in ticks. Until the first of them nothing is known.

        Raises:
            ValueError: it learns nothing, has heard something already, or they are
                none; names what. Nothing is taken then.
        """
        raise ValueError("it learns nothing of the past")

    # The engine's side for Python: tests, tools, calibration.

    def observe_book(self, Book book not None, nanos_t now_ns, bint has_moved=True):
        """Show the book after a frame; has_moved: its touch did."""
        self.hear_book(book, now_ns, has_moved)

    def observe_trade(self, str taker_side not None, price_t price_ticks,
                      qty_t qty_lots, nanos_t now_ns, *, venue_ms=None):
        """Show a trade of anybody; taker_side is "buy" or "sell".

        venue_ms: its time at the venue, ms since epoch; None: now_ns, rounded down.

        Raises:
            ValueError: no such side.
        """
        cdef Print trade
        if taker_side not in ("buy", "sell"):
            raise ValueError(f'taker_side must be "buy" or "sell", not {taker_side!r}')
        memset(&trade, 0, sizeof(trade))
        trade.side = ASK if taker_side == "buy" else BID
        trade.price_ticks, trade.qty_lots = price_ticks, qty_lots
        trade.venue_ms = now_ns // 1000000 if venue_ms is None else venue_ms
        self.hear_print(&trade, now_ns)

    def observe_ticker(self, nanos_t now_ns, *, double mark_price=0.0,
                       double index_price=0.0, double underlying_price=0.0,
                       double current_funding=0.0, double funding_8h=0.0):
        """Show a ticker; prices in quote currency, 0 = not told, funding per 8 h."""
        cdef Ticker ticker
        memset(&ticker, 0, sizeof(ticker))
        ticker.is_open = True
        ticker.mark_price, ticker.index_price = mark_price, index_price
        ticker.underlying_price = underlying_price
        ticker.current_funding, ticker.funding_8h = current_funding, funding_8h
        self.hear_ticker(&ticker, now_ns)

    def observe_time(self, nanos_t now_ns):
        """Let time pass, as the engine does before it calls the strategy."""
        self.hear_time(now_ns)
