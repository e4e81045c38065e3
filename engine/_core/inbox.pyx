"""What comes in: each kind of message, into books, orders, positions, or the session.

The third of the core's four storeys; see :mod:`core`. Nothing here decides a quote.
"""

from libc.stdint cimport int32_t, int64_t

from engine._core.base.event cimport STATUS_OPEN, OrderUpdate
from engine._core.base.types cimport SLOTS_PER_INSTRUMENT, nanos_t
from engine._core.decode.message cimport (
    MESSAGE_BOOK, MESSAGE_CONTROL, MESSAGE_IGNORED, MESSAGE_MALFORMED,
    MESSAGE_OUT_OF_RANGE, MESSAGE_PRIVATE, MESSAGE_REPLY, MESSAGE_TICKER,
    MESSAGE_TRADES, MESSAGE_UNKNOWN, MESSAGE_UNKNOWN_INSTRUMENT, MessageKind)
from engine._core.outbox cimport Outbox
from engine._core.quote.market cimport Market
from engine._core.state.book cimport (
    OUTCOME_CROSSED, OUTCOME_GAP, OUTCOME_QUIET, OUTCOME_STALE, OUTCOME_TOUCH,
    OUTCOME_WAITING, BookOutcome)
from engine._core.state.orders cimport (
    ORDER_UNKNOWN, REQUEST_CANCEL, REQUEST_EDIT, Request)
from engine._core.state.refusal cimport says_ended
from engine._core.told cimport told_fill, told_order

cdef nanos_t PAUSE_NS = 500_000_000         # after a refusal; each in a row doubles it
cdef int PAUSE_DOUBLINGS_MAX = 6            # so 32 s at most
cdef int POST_ONLY_REJECT = 11054
cdef nanos_t CANCEL_PAUSE_NS = 100_000_000  # after a refused cancel, doubling likewise
cdef int CANCEL_DOUBLINGS_MAX = 4           # so 1.6 s at most

ODD_NAMES = {
    MESSAGE_UNKNOWN: "unknown",
    MESSAGE_MALFORMED: "malformed",
    MESSAGE_UNKNOWN_INSTRUMENT: "unknown_instrument",
    MESSAGE_OUT_OF_RANGE: "out_of_range",
}


cdef class Inbox(Outbox):
    """The outbox, able to read."""

    def __cinit__(self):
        self.untold = []

    cdef int _absorb(
            self, int conn, MessageKind kind, const char* payload, Py_ssize_t size
            ) except -1:
        self.counters.frames += 1
        self.n_by_kind[<int>kind] += 1
        if kind == MESSAGE_BOOK:
            self._absorb_book()
        elif kind == MESSAGE_TICKER:
            self._absorb_ticker()
        elif kind == MESSAGE_TRADES:
            self._absorb_trades()
        elif kind == MESSAGE_PRIVATE:
            self._absorb_orders(0)
        elif kind == MESSAGE_REPLY:
            self._absorb_reply()
        elif kind == MESSAGE_CONTROL:
            self._tell("on_control", (conn, self.now_ns, payload[:size]))
        elif kind != MESSAGE_IGNORED:
            self._absorb_odd(conn, kind, payload[:size])
        return 0

    cdef int _absorb_book(self) except -1:
        cdef Market market = self._market(self.decoder.book.instrument)
        cdef BookOutcome outcome
        cdef bint was_readable, has_moved
        self.counters.book_frames += 1
        if market is None:
            return 0
        self.markouts.before(self.now_ns)
        was_readable = market.book.is_readable()
        outcome = market.book.apply(&self.decoder.book, self.now_ns, &self.fault)
        market.hear_book(self.now_ns, self.decoder.book.venue_ms)
        if self.wall_offset_ns:
            self.hist_feed.add(self.now_ns + self.wall_offset_ns
                               - self.decoder.book.venue_ms * 1000000)
        if outcome == OUTCOME_TOUCH or outcome == OUTCOME_QUIET:
            market.crossed_ns = 0
            market.queue.frame(self.orders, market.book)
            has_moved = outcome == OUTCOME_TOUCH or not was_readable
            if has_moved:
                self.orders.forget_moves(market.index, self.decoder.book.venue_ms)
                market.volatility.hear_book(market.book, self.now_ns, True)
                market.stir()
            if market.is_heard:
                market.tell_book(self.now_ns, has_moved)
        elif outcome == OUTCOME_CROSSED:
            if market.crossed_ns == 0:
                market.crossed_ns = self.now_ns
                self.counters.crossed += 1
            market.queue.frame(self.orders, market.book)
            market.lose_book(self.now_ns)
            market.stir()
        elif outcome == OUTCOME_GAP:
            self._lose_book(market)
        elif outcome == OUTCOME_STALE:
            self.counters.stale_discarded += 1
        elif outcome == OUTCOME_WAITING:
            self.counters.waiting_discarded += 1
        return 0

    cdef void _lose_book(self, Market market):
        """A frame of this book was missed: unreadable until the next snapshot."""
        self.markouts.before(self.now_ns)
        market.book.give_up()
        market.lose_book(self.now_ns)
        market.gaps += 1
        self.counters.gaps += 1
        market.crossed_ns = 0
        market.stir()
        self._tell("on_gap", (market.index, self.now_ns))

    cdef void _absorb_ticker(self):
        cdef Market market = self._market(self.decoder.ticker.instrument)
        if market is None:
            return
        market.hear_ticker(self.now_ns, &self.decoder.ticker)
        if market.is_quoted:
            self.exposure.price(market.place, market.ticker.mark_price,
                                market.ticker.index_price)

    cdef void _absorb_trades(self):
        """Trades of the venue move our orders' places in line, and signals."""
        cdef Market market = self._market(self.decoder.printed)
        cdef int i
        self.counters.trades += self.decoder.n_prints
        if market is None:
            return
        for i in range(self.decoder.n_prints):
            market.queue.trade(&self.decoder.prints[i], market.book)
            if market.is_heard:
                market.tell_print(&self.decoder.prints[i], self.now_ns)

    cdef void _absorb_orders(self, int64_t request_id):
        """Book the fills, then move the orders; request_id: what they answer, or 0."""
        cdef Market market
        cdef int i
        cdef int32_t slot
        for i in range(self.decoder.n_fills):
            market = self._market(self.decoder.fills[i].instrument)
            if market is None:
                continue
            if not self._book_fill(i):
                self.counters.duplicate_fills += 1
            market.stir_all()
        for i in range(self.decoder.n_orders):
            market = self._market(self.decoder.orders[i].instrument)
            slot = self.decoder.orders[i].label.slot
            if (market is not None and self.decoder.orders[i].label.ours and slot >= 0
                    and slot // SLOTS_PER_INSTRUMENT == market.index
                    and self.orders.on_update(
                        &self.decoder.orders[i], market.position, request_id,
                        self.now_ns, &self.fault)):
                market.queue.sync(self.orders, slot, market.book)
                market.stir_all()
            else:
                self._note_stray(&self.decoder.orders[i], market)
        self._tell_fills()

    cdef void _note_stray(self, const OrderUpdate* order, Market market):
        """An order in no slot: a ticket, somebody else's, or one that strays."""
        if order.label.ours and order.label.slot < 0 and (
                order.label.run == self.orders.run_id):
            return
        self.counters.foreign_orders += 1
        if order.status == STATUS_OPEN:
            name = market.name if market is not None else ""
            self._tell("on_stray", (told_order(order, name, self.now_ns),))

    cdef bint _book_fill(self, int i) except -1:
        cdef Market market = self._market(self.decoder.fills[i].instrument)
        if market is None or not self.orders.on_fill(
                &self.decoder.fills[i], market.position):
            return False
        self.counters.fills += 1
        if self.decoder.fills[i].is_maker:
            self.turnover.traded(
                market.turnover_group, market.row, self.decoder.fills[i].price_ticks,
                self.decoder.fills[i].qty_lots)
        market.attribution.book(&self.decoder.fills[i], self.now_ns)
        if market.mark_place >= 0:
            self.markouts.fill(market.mark_place, &self.decoder.fills[i], self.now_ns)
        market.stir_all()
        if (self.decoder.fills[i].label.ours and self.decoder.fills[i].label.slot >= 0
                and self.decoder.fills[i].label.slot // SLOTS_PER_INSTRUMENT
                == market.index):
            market.tally.filled(
                self.decoder.fills[i].label.slot, self.decoder.fills[i].qty_lots)
            market.queue.sync(
                self.orders, self.decoder.fills[i].label.slot, market.book)
        self.untold.append(
            told_fill(&self.decoder.fills[i], market.name, self.now_ns))
        return True

    cdef void _tell_fills(self):
        """Tell the fills of a frame, when all of it has been absorbed."""
        cdef list untold = self.untold
        if untold:
            self.untold = []
            for fill in untold:
                self._tell("on_fill", (fill,))

    def trade(self, row):
        """Book a user trade that was fetched; False: booked before, or not readable."""
        cdef bint is_new
        if (self._read_row("user.trades.any.any.raw", [row]) != MESSAGE_PRIVATE
                or self.decoder.n_fills == 0):
            return False
        is_new = self._book_fill(0)
        self._tell_fills()
        return bool(is_new)

    cdef void _absorb_reply(self):
        cdef Request request
        cdef Market market
        cdef int code = self.decoder.reply.code
        if not self.orders.take_request(self.decoder.reply.id, &request):
            self.note("warning", "late_answer",
                      f"answer to request {self.decoder.reply.id}, which is not open")
            self._absorb_orders(0)
            return
        self.hist_ack.add(self.now_ns - request.sent_ns)
        market = self._market(request.slot // SLOTS_PER_INSTRUMENT)
        self._answered(market, &request)
        if not self.decoder.reply.is_error:
            if market is not None:
                market.refusals = market.post_only_refusals = self.refusals = 0
                if request.kind == REQUEST_CANCEL:
                    market.cancel_refusals = 0
            self._absorb_orders(request.id)
            return
        self.counters.rejects += 1
        self.rejects[code] = self.rejects.get(code, 0) + 1
        if request.slot < 0 or market is None:
            return
        self.orders.on_error(&request, code, self.now_ns, &self.fault)
        market.queue.sync(self.orders, request.slot, market.book)
        market.stir_all()
        self._tell("on_refused", (market.index, code, self.now_ns))
        if request.kind != REQUEST_CANCEL and not (
                request.kind == REQUEST_EDIT and says_ended(code)):
            self._pause(market, code)
        if request.kind == REQUEST_CANCEL and not says_ended(code):
            self._pause_cancels(market)
        if self.orders.rows[request.slot].state == ORDER_UNKNOWN:
            self._tell("on_unknown", (request.slot, self.now_ns))

    cdef void _pause(self, Market market, int code):
        """Stop asking for what the venue refuses; cancels still go out."""
        cdef int doublings = min(market.refusals, PAUSE_DOUBLINGS_MAX)
        market.refusals += 1
        self.refusals += 1
        market.post_only_refusals = (
            market.post_only_refusals + 1 if code == POST_ONLY_REJECT else 0)
        if 0 < market.limits.post_only_rejects_max < market.post_only_refusals:
            # The price was passive by our book and is not by theirs: ours is old.
            market.post_only_refusals = 0
            self.note("error", "post_only",
                      f"{market.name}: the book is old by the venue's refusals")
            self._lose_book(market)
        market.paused_until_ns = self.now_ns + (PAUSE_NS << doublings)
        self.note("warning", "refused",
                  f"{market.name}: error {code}, {market.refusals} in a row; no new "
                  f"orders or edits for {(PAUSE_NS << doublings) / 1e9:g} s")

    cdef void _pause_cancels(self, Market market):
        """In a settlement not even cancels are taken: ask again, but not at once."""
        cdef int doublings = min(market.cancel_refusals, CANCEL_DOUBLINGS_MAX)
        market.cancel_refusals += 1
        market.cancels_paused_until_ns = self.now_ns + (CANCEL_PAUSE_NS << doublings)

    cdef void _absorb_odd(self, int conn, MessageKind kind, bytes data):
        """Count what cannot be used, note it once a kind, give up what it hits."""
        cdef Market market = None
        name = ODD_NAMES[kind]
        if kind not in self.noted_kinds:
            self.noted_kinds.add(kind)
            self.note("warning", name, f"first {name} frame: {data[:200]!r}")
        if kind != MESSAGE_OUT_OF_RANGE and kind != MESSAGE_UNKNOWN:
            return
        market = self._market(self.decoder.book.instrument)
        if market is not None:
            self._lose_book(market)
        elif b'"user.' in data or b'"order_id"' in data:
            # A word about our orders that cannot be read: only recovery finds it out.
            self.close(conn, "a private message could not be read")
