"""The desk: what the core holds, and what the session may ask of it.

Everything here is state and bookkeeping: instruments, markets, orders, credits, output
buffers, notes. The corridor that turns payloads into requests is :mod:`core`, which
builds on this class.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

import orjson

from libc.stdint cimport int32_t, int64_t, uint32_t

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.event cimport STATUS_OPEN
from engine._core.base.hist cimport Histogram
from engine._core.base.instrument cimport InstrumentTable
from engine._core.base.stance cimport STANCE_NORMAL, Stance, stance_of
from engine._core.base.types cimport (
    ASK, BID, CONNECTIONS_MAX, LEVELS_MAX, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side,
    nanos_t, qty_t)
from engine._core.decode.message cimport (
    MESSAGE_PRIVATE, Decoder, MessageKind)
from engine._core.gateway.credits cimport NO_POOL, SAFETY, Credits
from engine._core.gateway.differ cimport Differ
from engine._core.gateway.scheduler cimport Scheduler
from engine._core.gateway.shares cimport Shares
from engine._core.gateway.turnover cimport Turnover
from engine._core.quote.agenda cimport Agenda
from engine._core.quote.gate cimport headroom
from engine._core.quote.market cimport Market, new_market
from engine._core.quote.strategy cimport Strategy
from engine._core.signals.signal cimport Signal
from engine._core.state.markout cimport Markouts
from engine._core.state.orders cimport ORDER_DONE, ORDER_UNKNOWN, OrderTable


KILL_POOL = "cancel_all"
"""Name of the pool that pays for cancel_all."""


def coin_of(row):
    """Return the coin an instrument is about, by its row; else by its name."""
    name = row["instrument_name"].partition("-")[0].partition("_")[0]
    return str(row.get("base_currency") or name)


cdef class Desk:
    """State of the core; see Core for the arguments."""

    def __init__(self, uint32_t run_id, *, int connections=1,
                 nanos_t ack_timeout_ns=3_000_000_000, int cancel_reserve=4,
                 nanos_t valid_for_ns=0, changes_per_coin=(), double changes_free=0):
        if not 1 <= connections <= CONNECTIONS_MAX:
            raise ValueError(f"connections must be 1..{CONNECTIONS_MAX}")
        self.table = InstrumentTable()
        self.orders = OrderTable(run_id)
        self.credits = Credits(cancel_reserve)
        self.decoder = Decoder(self.table)
        self.differ = Differ()
        self.scheduler = Scheduler()
        self.turnover = Turnover(changes_per_coin, changes_free)
        self.buffers = [ByteBuf() for _ in range(connections)]
        self.out = self.buffers[0]
        self.markets, self.quoted, self.views = [], [], {}
        self.agenda = Agenda()
        self.waiting = {}
        self.session = None
        self.mode = MODE_HOLD
        self.mode_reason = "not connected"
        self.stance, self.stance_reason = STANCE_NORMAL, ""
        self.exposure, self.caps = ExposureTable(), Caps()
        self.markouts = Markouts()
        self.shares, self.budget_of = Shares(), {}
        self.halted = ""
        self.ack_timeout_ns = ack_timeout_ns
        self.valid_for_ns = valid_for_ns
        self.n_connections = connections
        self.rejects, self.noted_kinds = {}, set()
        self.pending_notes, self.closing, self.pending_errands = [], [], []
        self.hist_decode, self.hist_state = Histogram(), Histogram()
        self.hist_quote, self.hist_gateway = Histogram(), Histogram()
        self.hist_turn, self.hist_ack = Histogram(), Histogram()
        self.hist_feed = Histogram()

    @property
    def run_id(self):
        """Number of this run, part of every label."""
        return self.orders.run_id

    def attach(self, session):
        """Give the core its session; see SessionHooks in verbs.py."""
        self.session = session
        self.has_told = True

    def send(self, int conn, bytes frame not None):
        """Append one frame to a connection's output; dropped while it is closed."""
        cdef ByteBuf out = self.buffers[conn]
        if not self.is_connected[conn]:
            return
        out.append(PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame), &self.fault)
        out.append(b"\n", 1, &self.fault)

    def close(self, int conn, str reason not None):
        """Ask the shell to close a connection, once a verb."""
        if all(conn != known for known, _ in self.closing[self.n_closing:]):
            self.closing.append((conn, reason))

    def errand(self, str name not None):
        """Ask the shell to do something beside the connections, on a road of its own.

        Names are the shell's; one this verb has asked for is not added again.
        """
        if name not in self.pending_errands[self.n_errands:]:
            self.pending_errands.append(name)

    def note(self, str level not None, str kind not None, str text not None):
        """Leave a line for the log."""
        if len(self.pending_notes) >= NOTES_MAX:
            self.dropped_notes += 1
            return
        self.pending_notes.append((self.now_ns, level, kind, text))

    def add_instrument(self, row):
        """Add or refresh an instrument from the venue's row; return its index.

        Raises:
            ValueError: a field is missing or cannot be represented; names it.
        """
        cdef int32_t index = self.table.add(row)
        while len(self.markets) <= index:
            self.markets.append(None)
        if self.markets[index] is None:
            currency = row.get("settlement_currency") or row.get("quote_currency") or ""
            self.markets[index] = new_market(
                row["instrument_name"], currency, row.get("base_currency") or currency,
                self.table, index, self.views, self.agenda)
            (<Market>self.markets[index]).turnover_group = self.turnover.find(
                &self.table.rows[index], coin_of(row))
            (<Market>self.markets[index]).view.orders = self.orders
            for strategy, quoted in self.waiting.pop(row["instrument_name"], ()):
                self._attend(quoted, strategy)
        return index

    def bind(self, int32_t index, Strategy strategy not None, limits):
        """Let a strategy quote an instrument; see Market.bind.

        Raises:
            IndexError: no such instrument.
            ValueError: a limit is missing, unknown or negative; or the strategy listens
                to the instrument it quotes, and quotes another one already.
        """
        cdef Market market = self.market(index), other
        cdef str budget = self.budget_of.get(market.name, "")
        if "" in strategy.sources:
            for other in self.quoted:
                if other.strategy is strategy and other is not market:
                    raise ValueError(f"a strategy whose signals hear {other.name} "
                                     f"cannot quote {market.name}, too")
        if market.strategy is not None and market.strategy is not strategy:
            self._let_go(market)
        market.bind(strategy, limits)
        self._attend(market, strategy)
        strategy.is_bound = True
        market.budget = self.exposure.budgets.get(budget, -1)
        market.place = self.exposure.add(
            index, market.row, market.currency, market.base, market.position, budget)
        market.set_stance(market.own_stance, market.own_reason, self.stance,
                          self.stance_reason)
        if market not in self.quoted:
            market.turn_place = <int>len(self.quoted)
            self.quoted.append(market)
            self.scheduler.reserve(len(self.quoted))
            market.mark_place = self.markouts.add(market.row, market.book)
        market.stir()

    cdef int _attend(self, Market market, Strategy strategy) except -1:
        """Feed the signals of a strategy, and have it called, from all it reads."""
        cdef Market heard
        cdef Signal signal
        for signal, name in zip(strategy.signals, strategy.sources):
            heard = market if not name else self._named(name, market, strategy)
            if heard is not None and signal not in heard.listeners:
                signal.tick_size = heard.row.tick_size
                heard.listeners.append(signal)
                heard.is_heard = True
        for name in strategy.watched:
            heard = self._named(name, market, strategy)
            if (heard is not None and heard is not market
                    and market not in heard.watchers):
                heard.watchers.append(market)
                heard.is_heard = True
        return 0

    cdef Market _named(self, str name, Market market, Strategy strategy):
        """Return a market by name; None: not listed yet, it is waited for."""
        cdef int32_t index = self.table.index_of(name)
        if index >= 0:
            return self._market(index)
        if (strategy, market) not in self.waiting.setdefault(name, []):
            self.waiting[name].append((strategy, market))
        return None

    cdef int _let_go(self, Market market) except -1:
        """Feed the signals of the strategy of a market no more."""
        cdef Market heard
        for heard in self.markets:
            if heard is not None:
                heard.listeners = [one for one in heard.listeners
                                   if one not in market.strategy.signals]
                heard.watchers = [one for one in heard.watchers if one is not market]
                heard.is_heard = bool(heard.listeners or heard.watchers)
        for name, waiting in self.waiting.items():
            self.waiting[name] = [one for one in waiting if one[1] is not market]
        return 0

    def market(self, int32_t index):
        """Return the market at an index.

        Raises:
            IndexError: no such instrument.
        """
        market = self._market(index)
        if market is None:
            raise IndexError(f"no instrument at index {index}")
        return market

    def set_quoting(self, bint allowed, str reason not None):
        """Allow quoting, or pull every quote; a halted core stays halted."""
        cdef Market market
        if self.mode == MODE_HALT:
            return
        self.mode = MODE_QUOTE if allowed else MODE_PULL
        if allowed:
            self.is_killing = False
        self.mode_reason = reason
        for market in self.quoted:
            market.stir()

    def reserve_ticket(self, int32_t index, str side not None, qty_t lots):
        """Count an order outside the slots against the position limit, at its worst.

        Returns:
            False when the limit has no room for it; nothing is counted then.

        Raises:
            IndexError: no such instrument.
            ValueError: no such side, or not a size.
        """
        cdef Market market = self.market(index)
        cdef Side at = BID if side == "bid" else ASK
        if side not in ("bid", "ask") or lots <= 0:
            raise ValueError(f"no order: {side} {lots} lots")
        if headroom(index, at, &market.limits, self.orders, market.position) < lots:
            return False
        market.position.ticket_lots[<int>at] += lots
        market.stir()
        return True

    def release_ticket(self, int32_t index, str side not None, qty_t lots):
        """Stop counting what of such an order has traded or can trade no more.

        Raises:
            IndexError: no such instrument.
            ValueError: more than is counted.
        """
        cdef Market market = self.market(index)
        cdef int at = 0 if side == "bid" else 1
        if not 0 <= lots <= market.position.ticket_lots[at]:
            raise ValueError(f"{lots} of {market.position.ticket_lots[at]} lots")
        market.position.ticket_lots[at] -= lots
        market.stir()

    def set_stance(self, str stance not None, str reason not None, int32_t index=-1):
        """Take a step of the kill ladder: of one market, or of the account.

        Args:
            stance: a name of STANCES.
            reason: shown where there are no quotes for it.
            index: instrument, -1 = the account. Of both stances the worse counts.

        Raises:
            ValueError: no such stance.
            IndexError: no such instrument.
        """
        cdef int step = stance_of(stance)
        cdef Market market
        if step < 0:
            raise ValueError(f"stance {stance!r}: no such step")
        if index >= 0:
            market = self.market(index)
            market.set_stance(<Stance>step, reason, self.stance, self.stance_reason)
            return
        self.stance, self.stance_reason = <Stance>step, reason
        for market in self.quoted:
            market.set_stance(
                market.own_stance, market.own_reason, self.stance, reason)

    def set_hold(self, int32_t index, str reason not None):
        """Pull the orders of one instrument and quote it no more, for a reason shown.

        An empty reason ends it.

        Raises:
            IndexError: no such instrument.
        """
        cdef Market market = self.market(index)
        market.why_held, market.is_held = reason, reason != ""
        market.stir()

    def set_venue_clock(self, int64_t offset_ns):
        """Tell how far the venue's clock, ns since epoch, is ahead of ours."""
        self.venue_offset_ns = offset_ns
        self.has_clock = True

    def set_caps(self, *, double exposure_max_usd=0.0, by_currency=None,
                 long open_orders_max=0, long requests_per_s_max=0,
                 nanos_t stall_max_ns=0):
        """Take the limits of the account; 0 = none.

        Args:
            by_currency: currency -> (exposure max USD, delta max coins).

        Raises:
            ValueError: negative, or more than a table holds.
        """
        self.exposure.set_caps(exposure_max_usd, by_currency or {})
        self.caps.set(open_orders_max, requests_per_s_max)
        self.stall_max_ns = stall_max_ns

    def vitals(self):
        """Return what the risk rules watch; cheap, called several times a second.

        Units: heard_ns when a frame last came on the orders connection; refusals in a
        row since the last order request that was accepted.
        """
        cdef Market market
        return {
            "heard_ns": self.heard_ns[0],
            "refusals": self.refusals,
            "markets": {market.index: {"refusals": market.refusals}
                        for market in self.quoted},
        }

    def set_credit_limits(self, limits):
        """Tell the matching-engine allowances of the account.

        Args:
            limits: name of a pool -> (requests a second, burst). A pool that is new
                begins empty; one that is not named stays as it is. The pool called
                KILL_POOL pays for cancel_all.

        Raises:
            ValueError: a rate not above 0, a burst below 1, too many pools.
        """
        cdef Market market
        cdef int number
        for name, (rate_per_s, burst) in limits.items():
            number = self.credits.set_limits(name, rate_per_s, burst, self.now_ns)
            self.shares.set_limits(
                number, rate_per_s,
                burst - SAFETY - self.credits.pools[number].reserve, self.now_ns)
        for market in self.quoted:
            market.stir()

    def route_credits(self, int32_t index, str first not None, str second=""):
        """Say which pools the requests about an instrument pay from, one or both.

        Raises:
            IndexError: no such instrument.
            ValueError: no such pool.
        """
        cdef Market market = self.market(index)
        market.credit_pool, market.second_pool = self._pools(first, second)
        market.stir()

    def take_credit(self, str first not None, str second=""):
        """Take one matching-engine request for a cancel of the session's.

        Returns:
            False when it has to wait.

        Raises:
            ValueError: no such pool.
        """
        one, other = self._pools(first, second)
        if not self.credits.can_send(one, other, True, self.now_ns):
            return False
        self.credits.take(one, other, self.now_ns)
        return True

    def credit_answered(self, nanos_t sent_ns, str first not None, str second=""):
        """Say that a request paid with take_credit at this time has its answer."""
        one, other = self._pools(first, second)
        self.credits.answered(one, other, sent_ns, self.now_ns)

    def _pools(self, str first, str second):
        """Return the numbers of two pools, the second NO_POOL when not named."""
        numbers = (self.credits.find(first),
                   self.credits.find(second) if second else NO_POOL)
        for name, number in zip((first, second), numbers):
            if name and number == NO_POOL:
                raise ValueError(f"no credit pool {name!r}: there are "
                                 f"{', '.join(self.credits.names) or 'none'}")
        return numbers

    def expect_snapshot(self, int32_t index):
        """Empty a book before its channel is subscribed again."""
        cdef Market market = self.market(index)
        self.markouts.before(self.now_ns)
        market.book.clear()
        market.lose_book(self.now_ns)
        market.crossed_ns = 0
        market.stir()

    def is_readable(self, int32_t index):
        """Return whether the book at an index is whole: no gap, not crossed."""
        cdef Market market = self.market(index)
        return bool(market.book.is_readable())

    def set_position(self, int32_t index, qty_t size_lots, double average_price):
        """Take the venue's position, lots and quote currency."""
        cdef Market market = self.market(index)
        market.position.set_size(size_lots, average_price)
        market.attribution.take_size(size_lots, self.now_ns)
        market.stir_all()

    def dump_position(self, int32_t index):
        """Return what is to outlive a restart of a position; see Position.dump."""
        return self.market(index).position.dump()

    def load_position(self, int32_t index, found):
        """Take over a position from an earlier run; see Position.load for errors."""
        cdef Market market = self.market(index)
        market.position.load(found)
        market.attribution.take_size(market.position.size_lots, self.now_ns)
        market.stir()

    def attribution(self):
        """Return where the money of each instrument that had any came from.

        Units: atto (1e-18) of the settlement currency, exact: ``spread``, ``hedging``,
            ``inventory`` to the mid of now, ``fees``; ``worth`` of what is held at
            that mid. Counts: ``makers`` and ``takers`` fills, ``midless`` of them,
            ``moved`` sizes without a fill, ``fees_elsewhere``, in a third currency.
        """
        cdef Market market
        return {market.name: market.attribution.exact()
                for market in self.quoted if market.attribution.has_any()}

    def dump_attribution(self):
        """Return what is to outlive a restart of it; see Attribution.dump."""
        cdef Market market
        return {market.name: market.attribution.dump() for market in self.quoted
                if market.attribution.has_any()}

    def load_attribution(self, found):
        """Take over what an earlier run dumped; see Attribution.load for errors.

        Instruments that are not quoted now are left out.
        """
        cdef Market market
        for market in self.quoted:
            if market.name in found:
                market.attribution.load(found[market.name])
                market.attribution.take_size(
                    market.position.size_lots, self.now_ns)

    def dump_turnover(self):
        """Return book changes and maker volume so far; see Turnover.dump."""
        return self.turnover.dump()

    def load_turnover(self, found):
        """Add those of earlier runs; see Turnover.load for errors."""
        self.turnover.load(found)

    def remember_trade(self, int32_t index, str trade_id not None):
        """Never book a trade again that an earlier run has booked."""
        self.orders.trades.remember_id(index, trade_id)

    def checkpoint(self):
        """Return what a later run has to know; see Session.checkpoint. Empty: {}."""
        return {} if self.session is None else self.session.checkpoint()

    def mark_prices(self):
        """Return ``(mark, index)`` by name of every quoted instrument, 0 = not told."""
        cdef Market market
        return {market.name: (market.ticker.mark_price, market.ticker.index_price)
                for market in self.quoted}

    def fills_booked(self):
        """Return how many fills have been booked so far."""
        return self.counters.fills

    def book_levels(self, int32_t index, str side not None):
        """Return every level of a side, best first: ``[(ticks, lots), ...]``."""
        return self.market(index).book.levels(side)

    def open_slots(self):
        """Return every slot that is not done, as a list of mappings.

        Units: price in base ticks, sizes in lots; amount is the total size.
        """
        cdef Market market
        cdef int32_t first, slot
        found = []
        for market in self.quoted:
            first = market.index * SLOTS_PER_INSTRUMENT
            for slot in range(first, first + SLOTS_PER_INSTRUMENT):
                if self.orders.rows[slot].state != ORDER_DONE:
                    found.append({"instrument": market.index, "name": market.name,
                                  **self.orders.describe(slot)})
        return found

    def histograms(self):
        """Return the latency histograms by stage."""
        return {"decode": self.hist_decode, "state": self.hist_state,
                "quote": self.hist_quote, "gateway": self.hist_gateway,
                "turn": self.hist_turn, "ack": self.hist_ack, "feed": self.hist_feed}

    def adopt(self, row):
        """Take an open order of the venue into the slot its label names.

        Returns:
            False when the label is not ours, its slot belongs to another instrument or
            side, or is taken: the caller has to cancel the order.
        """
        cdef Market market
        if not self._take_word(row):
            return False
        market = self._market(self.decoder.orders[0].instrument)
        if (self.decoder.orders[0].label.slot % SLOTS_PER_SIDE >= LEVELS_MAX
                and self.decoder.orders[0].status == STATUS_OPEN):
            return False
        market.stir()
        if not self.orders.adopt(
                &self.decoder.orders[0], market.position, &self.fault):
            return False
        market.queue.sync(self.orders, self.decoder.orders[0].label.slot, market.book)
        return True

    def resolve(self, int32_t slot, row, label=None):
        """Take the venue's word on an UNKNOWN slot.

        Args:
            slot: as in on_unknown.
            row: the order as the venue shows it, None when it knows no such order.
            label: of the order that was asked about; a slot that has moved on to
                another order is left alone.
        """
        cdef Market market = self._market(slot // SLOTS_PER_INSTRUMENT)
        if market is None or self.orders.rows[slot].state != ORDER_UNKNOWN:
            return
        if label is not None and label != self.orders.label_of(slot):
            return
        market.stir()
        if row is None:
            self.orders.on_gone(slot, market.position, &self.fault)
        elif self._take_word(row) and self.decoder.orders[0].label.slot == slot:
            self.orders.adopt(&self.decoder.orders[0], market.position, &self.fault)
        market.queue.sync(self.orders, slot, market.book)

    def doubt(self, int32_t slot, str label not None):
        """Count an order that the venue does not show as UNKNOWN.

        Returns:
            False when the slot has moved on to another order, or is in doubt already.
        """
        cdef Market market = self._market(slot // SLOTS_PER_INSTRUMENT)
        if (market is None or label != self.orders.label_of(slot)
                or self.orders.rows[slot].state == ORDER_DONE
                or self.orders.rows[slot].state == ORDER_UNKNOWN):
            return False
        self.orders.on_lost(slot, self.now_ns, &self.fault)
        market.stir()
        return True

    cdef bint _take_word(self, row) except -1:
        """Read an order row; False unless its label names a slot it can be in."""
        cdef Market market
        cdef int32_t slot
        if (self._read_row("user.orders.any.any.raw", row) != MESSAGE_PRIVATE
                or self.decoder.n_orders == 0):
            return False
        market = self._market(self.decoder.orders[0].instrument)
        slot = self.decoder.orders[0].label.slot
        return (market is not None and market.is_quoted
                and self.decoder.orders[0].label.ours
                and slot // SLOTS_PER_INSTRUMENT == market.index
                and (slot % SLOTS_PER_INSTRUMENT // SLOTS_PER_SIDE
                     == <int>self.decoder.orders[0].side))

    cdef MessageKind _read_row(self, str channel, data) except *:
        cdef bytes payload = orjson.dumps(
            {"jsonrpc": "2.0", "method": "subscription",
             "params": {"channel": channel, "data": data}})
        return self.decoder.decode(
            PyBytes_AS_STRING(payload), PyBytes_GET_SIZE(payload))
