"""One instrument inside the core: what is known, who quotes it, what is wished for."""

from types import FunctionType

cimport cython
from libc.math cimport NAN
from libc.stdint cimport int32_t
from libc.string cimport memset

from engine._core.base.event cimport Print, Ticker
from engine._core.base.instrument cimport (
    KIND_FUTURE, KIND_OPTION, KIND_OPTION_COMBO, InstrumentTable)
from engine._core.base.stance cimport (
    STANCE_FLATTEN, STANCE_PULL, STANCE_REDUCE, STANCE_WIDEN, Stance)
from engine._core.base.types cimport (
    ASK, BID, NO_PRICE, SLOTS_PER_INSTRUMENT, nanos_t, qty_t)
from engine._core.quote.agenda cimport Agenda
from engine._core.quote.gate cimport blank, shape
from engine._core.quote.sheet cimport Anchor, new_sheet
from engine._core.quote.strategy cimport Strategy, new_view
from engine._core.quote.unwind cimport wish_unwind
from engine._core.signals.signal cimport Signal
from engine._core.signals.touch cimport weighted_mid_of
from engine._core.signals.volatility cimport EwmaVolatility
from engine._core.state.attribution cimport new_attribution
from engine._core.state.book cimport (
    WINDOW_TICKS_DEFAULT, WINDOW_TICKS_OPTION, Book)
from engine._core.state.exposure cimport ExposureTable
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position
from engine._core.state.queue cimport Queue
from engine._core.state.tally cimport Tally

from engine._core.base.stance import STANCES

LIMIT_KEYS = ("position_max_lots", "order_max_lots", "collar_bps", "stale_ns",
              "requote_ticks", "requote_qty_pct")
OPTIONAL_LIMITS = {
    "widen_ticks": 0.0, "widen_factor": 2.0, "unwind_bps": 10.0,
    "collar_index_bps": 0.0, "collar_fair_bps": 0.0, "stale_book_ns": 0,
    "stale_mark_ns": 0, "stale_index_ns": 0, "lag_widen_ns": 0, "lag_max_ns": 0,
    "order_max_usd": 0.0, "post_only_rejects_max": 0, "queue_ticks": 0,
    "obligation_spread_bps": 0.0, "obligation_size_lots": 0,
    "obligation_uptime_pct": 0.0}
"""What has a default; 0 or more, and 0 is no limit."""


DOLLARS = ("USD", "USDC", "USDT", "USDE")
"""Currencies worth about a dollar: requests are compared in these."""


AILMENTS = {
    AIL_OFF: "quoting is off",
    AIL_BOOK: "book is not readable",
    AIL_SIDE: "book has an empty side",
    AIL_CLOSED: "instrument is not open",
    AIL_NO_INDEX: "the index, which a collar hangs on, is not known",
    AIL_STALLED: "the engine stood still: waiting for fresh data",
    AIL_OLD: "market data is stale",
    AIL_OLD_BOOK: "the book is stale",
    AIL_OLD_MARK: "the mark is stale",
    AIL_OLD_INDEX: "the index is stale",
}
"""Why an instrument is not quoted, in words; the lag of a feed has a number as well."""


cdef inline bint is_old(nanos_t age_ns, nanos_t limit_ns) noexcept nogil:
    return limit_ns > 0 and age_ns > limit_ns


@cython.final
cdef class Market:
    """State and wish of one instrument; made by the core, one per known instrument."""

    def bind(self, Strategy strategy not None, limits):
        """Let a strategy quote this instrument.

        Args:
            strategy: writes the wish.
            limits: every key of LIMIT_KEYS, any of OPTIONAL_LIMITS. Units: lots, bps,
                ns, ticks, percent.

        Raises:
            ValueError: a limit is missing, unknown, or negative.
        """
        given = [key for key in limits if key not in OPTIONAL_LIMITS]
        if sorted(given) != sorted(LIMIT_KEYS):
            raise ValueError(
                f"limits must be exactly {', '.join(LIMIT_KEYS)}, not "
                f"{', '.join(sorted(given))}")
        for key, value in limits.items():
            may_be_zero = key.startswith("requote") or key in OPTIONAL_LIMITS
            if value < 0 or (value == 0 and not may_be_zero):
                raise ValueError(f"limit {key} = {value}: must be positive")
        optional = {**OPTIONAL_LIMITS, **limits}
        self.limits.widen_ticks = optional["widen_ticks"]
        self.limits.widen_factor = optional["widen_factor"]
        self.limits.unwind_bps = optional["unwind_bps"]
        self.limits.collar_index_bps = optional["collar_index_bps"]
        self.limits.collar_fair_bps = optional["collar_fair_bps"]
        self.limits.stale_book_ns = optional["stale_book_ns"]
        self.limits.stale_mark_ns = optional["stale_mark_ns"]
        self.limits.stale_index_ns = optional["stale_index_ns"]
        self.limits.lag_widen_ns = optional["lag_widen_ns"]
        self.limits.lag_max_ns = optional["lag_max_ns"]
        self.limits.order_max_usd = optional["order_max_usd"]
        self.limits.post_only_rejects_max = optional["post_only_rejects_max"]
        self.limits.queue_ticks = optional["queue_ticks"]
        if optional["obligation_size_lots"]:
            self.tally.set_obligation(
                optional["obligation_spread_bps"], optional["obligation_size_lots"],
                optional["obligation_uptime_pct"])
        self.limits.position_max_lots = limits["position_max_lots"]
        self.limits.order_max_lots = limits["order_max_lots"]
        self.limits.collar_bps = limits["collar_bps"]
        self.limits.stale_ns = limits["stale_ns"]
        self.limits.requote_ticks = self.requote_ticks = limits["requote_ticks"]
        self.limits.requote_qty_pct = limits["requote_qty_pct"]
        # A Python subclass of a calculator may bring a `quote` of its own; it wins.
        strategy.python_hook = isinstance(type(strategy).quote, FunctionType)
        self.strategy = strategy
        self.view.inventory_limit_lots = self.limits.position_max_lots
        self.is_quoted = True

    cdef void hear_ticker(self, nanos_t now_ns, const Ticker* ticker) noexcept:
        if (self.ticker.mark_price != ticker.mark_price
                or self.ticker.is_open != ticker.is_open
                or (self.ticker.index_price > 0.0) != (ticker.index_price > 0.0)):
            self.stir()
        if self.ticker.index_price != ticker.index_price:
            self.index_moved_ns = now_ns
        self.ticker = ticker[0]
        self.heard_ns = self.heard_mark_ns = now_ns
        self.view.mark_price = ticker.mark_price
        self.view.index_price = ticker.index_price
        self.view.underlying_price = ticker.underlying_price
        self.view.delta = ticker.delta
        self.view.current_funding = ticker.current_funding
        self.view.funding_8h = ticker.funding_8h
        if self.is_heard:
            for listener in self.listeners:
                (<Signal>listener).hear_ticker(ticker, now_ns)

    cdef void tell_book(self, nanos_t now_ns, bint has_moved) noexcept:
        for listener in self.listeners:
            (<Signal>listener).hear_book(self.book, now_ns, has_moved)
        if has_moved:
            self.stir_watchers()

    cdef void stir_watchers(self) noexcept:
        for watcher in self.watchers:
            (<Market>watcher).stir()

    cdef void tell_print(self, const Print* trade, nanos_t now_ns) noexcept:
        for listener in self.listeners:
            (<Signal>listener).hear_print(trade, now_ns)

    cdef Ailment health(self, nanos_t now_ns, nanos_t fresh_ns) noexcept nogil:
        if self.is_held:
            return AIL_HELD
        if not self.book.is_readable():
            return AIL_BOOK
        if self.book.best(BID) == NO_PRICE or self.book.best(ASK) == NO_PRICE:
            return AIL_SIDE
        if not self.ticker.is_open:
            return AIL_CLOSED
        if self.limits.collar_index_bps > 0.0 and not self.ticker.index_price > 0.0:
            return AIL_NO_INDEX
        if fresh_ns and self.heard_ns <= fresh_ns:
            return AIL_STALLED
        if self.is_lagging:
            return AIL_LAG
        if now_ns - self.heard_ns > self.limits.stale_ns:
            return AIL_OLD
        if is_old(now_ns - self.heard_book_ns, self.limits.stale_book_ns):
            return AIL_OLD_BOOK
        if is_old(now_ns - self.heard_mark_ns, self.limits.stale_mark_ns):
            return AIL_OLD_MARK
        if is_old(now_ns - self.index_moved_ns, self.limits.stale_index_ns):
            return AIL_OLD_INDEX
        return AIL_NONE

    cdef str _words(self, Ailment ailment):
        if ailment == AIL_HELD:
            return self.why_held
        if ailment == AIL_LAG:
            return f"the feed lags by {self.lag.beyond_ns // 1000000} ms"
        return AILMENTS[<int>ailment]

    cdef int _say(self, str why) except -1:
        self.is_blank = why != ""
        self.why_blank = why
        return 0

    cdef int wish(self, nanos_t now_ns, bint allowed, nanos_t fresh_ns) except -1:
        cdef Ailment ailment = self.health(now_ns, fresh_ns) if allowed else AIL_OFF
        cdef bint worked
        self.sheet.clear()
        if ailment != AIL_NONE:
            return self._say(self._words(ailment))
        if self.limits.stance >= STANCE_PULL:
            return self._say(self._withdrawn())
        self.view.now_ns = now_ns
        if self.strategy.has_signals:
            self.strategy.pass_time(now_ns)
        if self.strategy.python_hook:
            worked = Strategy.run(self.strategy, self.view, self.sheet)
        else:
            worked = self.strategy.run(self.view, self.sheet)
        self.quotes += 1
        if not worked:
            self.sheet.clear()
            self.strategy_errors += 1
            self._say(f"strategy failed: {self.strategy.error}")
        elif self.sheet.is_blank():
            self._say("strategy wished for nothing")
        elif self.is_blank:
            self._say("")
        return 0

    cdef str _withdrawn(self):
        """Under PULL and beyond: write the unwinding wish, or say why there is none."""
        if self.limits.stance != STANCE_FLATTEN:
            return f"{STANCES[<int>self.limits.stance]}: {self.why_stance}"
        if wish_unwind(self.sheet, &self.limits, self.book, self.position):
            return ""
        return f"flat: {self.why_stance}"

    cdef void set_stance(self, Stance own, str reason, Stance account,
                         str account_reason):
        self.own_stance = own
        self.own_reason = reason
        self.limits.stance = own if own >= account else account
        self.why_stance = reason if own >= account else account_reason
        self.stir()

    cdef void permit(self, OrderTable orders, ExposureTable exposure) noexcept nogil:
        cdef Anchor* anchor = &self.anchor
        cdef qty_t[2] together
        anchor.mark_ticks = self.reference_ticks()
        anchor.index_ticks = self.ticker.index_price / self.row.tick_size
        anchor.usd_per_lot = exposure.rows[self.place].usd_per_lot
        if self.is_blank:
            blank(&self.permitted)
            return
        # Something is wished for: the book has two sides.
        if self.limits.collar_fair_bps > 0.0:
            anchor.fair_ticks = weighted_mid_of(self.book)
        exposure.room(orders, self.place, together)
        self.limits.widens = self.limits.stance == STANCE_WIDEN or (
            self.limits.lag_widen_ns > 0
            and self.lag.beyond_ns > self.limits.lag_widen_ns)
        if self.limits.order_max_usd > 0.0:
            self.limits.order_cap_lots = 0 if anchor.usd_per_lot == 0.0 else <qty_t>(
                self.limits.order_max_usd / anchor.usd_per_lot + 1e-9)
        shape(self.sheet, self.index, self.row, &self.limits, self.book, &self.ticker,
              anchor, together, orders, self.position, &self.permitted,
              &self.gate_counts)

    cdef double dollars_per_tick(self, double at_ticks) noexcept nogil:
        if self.row.inverse:
            return self.row.lot_size / at_ticks if at_ticks > 0.0 else 0.0
        if self.in_coin and self.ticker.index_price > 0.0:
            return self.row.lot_size * self.row.tick_size * self.ticker.index_price
        return self.row.lot_size * self.row.tick_size

    cdef bint only_reduces(self) noexcept nogil:
        return self.limits.stance >= STANCE_REDUCE and (
            self.row.kind == KIND_FUTURE or self.row.kind == KIND_OPTION)


cdef Market new_market(str name, str currency, str base, InstrumentTable table,
                       int32_t index, dict views, Agenda agenda):
    """Return an empty market for a row of the table."""
    cdef bint is_option
    cdef Market market = Market.__new__(Market)
    market.index = index
    market.name = name
    market.currency = currency
    market.base = base
    market.table = table
    market.row = &table.rows[index]
    market.agenda = agenda
    market.turn_place = -1
    is_option = market.row.kind in (KIND_OPTION, KIND_OPTION_COMBO)
    market.book = Book(
        window_ticks=WINDOW_TICKS_OPTION if is_option else WINDOW_TICKS_DEFAULT)
    market.volatility = EwmaVolatility()
    market.listeners, market.watchers = [], []
    market.position = Position()
    market.attribution = new_attribution(
        market.row, currency, base, market.book, market.volatility,
        &market.volatility.mid_ticks)
    market.tally = Tally()
    market.mark_place = market.budget = -1
    market.queue = Queue(first_slot=index * SLOTS_PER_INSTRUMENT)
    market.view = new_view(name, table, index, market.book, market.volatility,
                           market.position, views)
    views[name] = market.view
    market.sheet = new_sheet(market.row)
    memset(&market.ticker, 0, sizeof(market.ticker))
    market.ticker.instrument = index
    market.ticker.is_open = True
    market.ticker.delta = NAN
    market.ticker.min_price_ticks = market.ticker.max_price_ticks = NO_PRICE
    market.credit_pool = market.second_pool = -1
    market.in_coin = currency not in DOLLARS and is_option
    blank(&market.permitted)
    market.is_blank, market.why_blank = True, "not quoted"
    market.own_reason = market.why_stance = market.why_held = ""
    return market
