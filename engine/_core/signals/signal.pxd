# A signal: one number about the near future, kept up to date out of a market's data.
# A strategy owns it, the engine feeds it; what it does is O(1) and allocates nothing.
from engine._core.base.event cimport Print, Ticker
from engine._core.base.types cimport nanos_t
from engine._core.state.book cimport Book


cdef class Signal:
    cdef:
        readonly double value          # see the signal for its unit; always finite
        readonly bint is_ready         # value counts: warm, and its book is usable
        readonly bint is_warm          # enough was seen; set by the signal
        readonly nanos_t heard_ns      # time of the last thing heard, 0 = never
        public double tick_size        # of the instrument heard; set when it is listed

        # Of the class; a signal sets them when it is made.
        bint hears_depth               # on_book at every frame, not at touch moves only
        bint needs_book                # not ready while the book is not usable
        readonly Signal own            # a part that hears the strategy's instrument

        # Of the engine.
        bint is_owned                  # a strategy listens to it
        bint is_cut                    # the book is not usable, or none came yet

    # What a signal overrides. None is called with a book that is not readable and
    # two-sided; `value` and `is_warm` are theirs to set.
    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil
    # The book was lost, crossed or one-sided: what comes next is no move from before.
    cdef void on_cut(self, nanos_t now_ns) noexcept nogil
    cdef void on_print(self, const Print* trade, nanos_t now_ns) noexcept nogil
    cdef void on_ticker(self, const Ticker* ticker, nanos_t now_ns) noexcept nogil
    # Time passed: before each call of the strategy that owns it.
    cdef void on_time(self, nanos_t now_ns) noexcept nogil

    # The engine's side: the hooks, with what every signal has in common.

    cdef inline void hear_book(self, Book book, nanos_t now_ns, bint has_moved
                               ) noexcept nogil:
        if not book.has_touch():
            self.hear_cut(now_ns)
        elif has_moved or self.hears_depth or self.is_cut:
            self.is_cut = False
            self.on_book(book, now_ns)
            self.heard_ns = now_ns
            self._judge()

    cdef inline void hear_cut(self, nanos_t now_ns) noexcept nogil:
        if not self.is_cut:
            self.is_cut = True
            self.on_cut(now_ns)
            self._judge()

    cdef inline void hear_print(self, const Print* trade, nanos_t now_ns
                                ) noexcept nogil:
        self.on_print(trade, now_ns)
        self.heard_ns = now_ns
        self._judge()

    cdef inline void hear_ticker(self, const Ticker* ticker, nanos_t now_ns
                                 ) noexcept nogil:
        self.on_ticker(ticker, now_ns)
        self.heard_ns = now_ns
        self._judge()

    cdef inline void hear_time(self, nanos_t now_ns) noexcept nogil:
        self.on_time(now_ns)
        self._judge()

    cdef inline void _judge(self) noexcept nogil:
        self.is_ready = (
            self.is_warm and not (self.needs_book and self.is_cut)
            and (self.own is None or self.own.is_ready))
