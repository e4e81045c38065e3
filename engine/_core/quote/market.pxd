# One instrument as the core holds it: its state, its strategy, its wish.
cimport cython
from libc.stdint cimport int32_t, int64_t

from engine._core.base.event cimport Print, Ticker
from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.stance cimport Stance
from engine._core.base.types cimport ASK, BID, NO_PRICE, nanos_t, price_t
from engine._core.quote.agenda cimport Agenda
from engine._core.quote.gate cimport GateCounts
from engine._core.quote.sheet cimport Anchor, Permitted, QuoteLimits, QuoteSheet
from engine._core.quote.strategy cimport Strategy, View
from engine._core.signals.volatility cimport EwmaVolatility
from engine._core.state.attribution cimport Attribution
from engine._core.state.book cimport Book
from engine._core.state.exposure cimport ExposureTable
from engine._core.state.feed cimport FeedLag, hear
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position
from engine._core.state.queue cimport Queue
from engine._core.state.tally cimport Tally


cdef enum Ailment:
    AIL_NONE = 0
    AIL_OFF = 1                # quoting is not allowed
    AIL_BOOK = 2
    AIL_SIDE = 3
    AIL_CLOSED = 4
    AIL_NO_INDEX = 5
    AIL_STALLED = 6
    AIL_LAG = 7
    AIL_OLD = 8
    AIL_OLD_BOOK = 9
    AIL_OLD_MARK = 10
    AIL_OLD_INDEX = 11
    AIL_HELD = 12


@cython.final
cdef class Market:
    cdef:
        readonly int32_t index
        readonly str name
        readonly str currency          # settlement currency
        str base                       # base currency
        InstrumentTable table
        const Instrument* row
        readonly Book book
        readonly EwmaVolatility volatility
        readonly Position position
        readonly Queue queue           # where our orders stand in line
        readonly Attribution attribution
        readonly Tally tally
        int mark_place                 # among the markouts, -1 = not quoted
        Ticker ticker                  # newest; mark_price 0 = none yet
        nanos_t heard_ns               # last book or ticker frame, 0 = never
        nanos_t heard_book_ns
        nanos_t heard_mark_ns
        nanos_t index_moved_ns         # when the index price last changed
        FeedLag lag
        bint is_lagging                # the lag passed its limit and is not back yet
        nanos_t crossed_ns             # since when the book is crossed, 0 = it is not
        readonly long gaps
        list listeners                 # Signal, of any strategy, fed from here
        list watchers                  # Market, decided anew when the touch moves here
        bint is_heard                  # there are any of them

        # Set when the instrument is quoted.
        readonly bint is_quoted
        Agenda agenda                  # of the core, shared
        int turn_place                 # on it, -1 = not quoted
        readonly Strategy strategy
        View view
        QuoteSheet sheet
        QuoteLimits limits
        Permitted permitted
        Anchor anchor                  # as of the last decision
        GateCounts gate_counts
        nanos_t paused_until_ns        # no new orders or edits before: just refused
        nanos_t cancels_paused_until_ns  # no cancels before: just refused
        int cancel_refusals            # in a row
        int refusals                   # in a row, since the last accepted request
        int credit_pool                # which its requests pay from, -1 = not told yet
        int second_pool                # and this one as well, -1 = no other
        bint in_coin                   # priced in the coin itself, as options of it are
        int turnover_group             # whose book changes and volume it adds to
        price_t requote_ticks          # as configured; limits has the one in force
        bint waits                     # some of its requests wait for a credit
        int post_only_refusals         # of these, those of post-only prices, in a row
        int place                      # in the exposure table
        int budget                     # number of its budget, -1 = in none
        readonly long quotes           # decisions that wished for something
        readonly long strategy_errors
        bint is_blank                  # nothing is wished for
        readonly str why_blank         # and why, "" = something is
        str why_held                   # the venue closed it, or what it needs; "" = no
        bint is_held
        Stance own_stance              # of this market alone; in force: limits.stance
        str own_reason
        readonly str why_stance        # reason of the stance in force, "" = normal

    # Something changed: decide anew in the next turn, if anybody quotes here.
    cdef inline void stir(self) noexcept nogil:
        if self.turn_place >= 0:
            self.agenda.add(self.turn_place)

    # The same, and for those who watch: the touch is another, or what we hold.
    cdef inline void stir_all(self) noexcept:
        self.stir()
        if self.is_heard:
            self.stir_watchers()

    cdef void stir_watchers(self) noexcept
    # 3. Ask the strategy for its wish; blank when not allowed or not healthy.
    # fresh_ns: data that is not newer does not count.
    cdef int wish(self, nanos_t now_ns, bint allowed, nanos_t fresh_ns) except -1
    # 4. Put the wish through the gate.
    cdef void permit(self, OrderTable orders, ExposureTable exposure) noexcept nogil
    # Frames of the two channels, after the book has taken its own.
    cdef inline void hear_book(self, nanos_t now_ns, int64_t venue_ms) noexcept:
        self.heard_ns = self.heard_book_ns = now_ns
        hear(&self.lag, now_ns, venue_ms)
        if self.limits.lag_max_ns and (
                self.lag.beyond_ns > self.limits.lag_max_ns if not self.is_lagging
                else 2 * self.lag.beyond_ns <= self.limits.lag_max_ns):
            self.is_lagging = not self.is_lagging
            self.stir()

    # The same for those who listen here; only when is_heard.
    cdef void tell_book(self, nanos_t now_ns, bint has_moved) noexcept
    cdef void tell_print(self, const Print* trade, nanos_t now_ns) noexcept
    cdef inline void lose_book(self, nanos_t now_ns) noexcept:
        """The book was given up or emptied, by whoever called that."""
        self.volatility.hear_cut(now_ns)
        if self.is_heard:
            self.tell_book(now_ns, True)

    cdef void hear_ticker(self, nanos_t now_ns, const Ticker* ticker) noexcept
    # Mark, else mid, in base ticks; 0 when there is neither.
    cdef inline double reference_ticks(self) noexcept nogil:
        if self.ticker.mark_price > 0.0:
            return self.ticker.mark_price / self.row.tick_size
        if self.book.best(BID) == NO_PRICE or self.book.best(ASK) == NO_PRICE:
            return 0.0
        return 0.5 * <double>(self.book.best(BID) + self.book.best(ASK))

    # US dollars of one lot moved by one tick, at a price; coins other than the index's
    # quote currency count at the index price.
    cdef double dollars_per_tick(self, double at_ticks) noexcept nogil
    # Whether taking orders close and never open, and the venue has a flag that says so.
    cdef bint only_reduces(self) noexcept nogil
    # Why the instrument cannot be quoted now.
    cdef Ailment health(self, nanos_t now_ns, nanos_t fresh_ns) noexcept nogil
    cdef int _say(self, str why) except -1
    cdef str _words(self, Ailment ailment)
    # Take the stance of this market and of the account; the worse is in force.
    cdef void set_stance(
        self, Stance own, str reason, Stance account, str account_reason)
    cdef str _withdrawn(self)


cdef Market new_market(str name, str currency, str base, InstrumentTable table,
                       int32_t index, dict views, Agenda agenda)
