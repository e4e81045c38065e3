"""The core: a function of its calls. Payloads and times go in, request bytes come out.

It owns no socket, clock, thread, random source, file or logger; shells own those. Every
verb is one journal record, and the same calls give the same bytes.

:meth:`Core._step` is the table of contents of the whole engine. Acks, fills, rejects,
timers and commands take the same road as a book frame; when quoting is not allowed the
sheets stay blank, and the differ pulls every order.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

import orjson

from libc.stdint cimport int32_t, int64_t

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.check cimport FAULT_NONE, fault_name
from engine._core.base.probe cimport probe_ns
from engine._core.base.types cimport (
    BID, NO_PRICE, SLOTS_PER_INSTRUMENT, nanos_t, qty_t)
from engine._core.decode.message cimport (
    MESSAGE_BOOK, MESSAGE_CONTROL, MESSAGE_IGNORED, MESSAGE_MALFORMED,
    MESSAGE_OUT_OF_RANGE, MESSAGE_PRIVATE, MESSAGE_REPLY, MESSAGE_TICKER,
    MESSAGE_UNKNOWN, MESSAGE_UNKNOWN_INSTRUMENT, MessageKind)
from engine._core.desk cimport (
    MODE_HALT, MODE_HOLD, MODE_QUOTE, Desk)
from engine._core.gateway.differ cimport RANKS, Action, own_barrier
from engine._core.gateway.encode cimport (
    put_cancel, put_cancel_all, put_edit, put_new)
from engine._core.gateway.fuse cimport holds
from engine._core.quote.market cimport Market
from engine._core.snapshot cimport core_snapshot
from engine._core.state.book cimport (
    OUTCOME_CROSSED, OUTCOME_GAP, OUTCOME_QUIET, OUTCOME_STALE, OUTCOME_TOUCH,
    OUTCOME_WAITING, BookOutcome)
from engine._core.state.orders cimport (
    ORDER_DONE, ORDER_LIVE, ORDER_STATES, ORDER_UNKNOWN, REQUEST_CANCEL,
    REQUEST_CANCEL_ALL, REQUEST_EDIT, REQUEST_NEW, Order, Request, says_ended)

cdef nanos_t TICK_NS = 250_000_000          # the core's own timer
cdef nanos_t CROSSED_MAX_NS = 2_000_000_000  # a book crossed for longer is given up
cdef nanos_t ASK_AGAIN_NS = 5_000_000_000   # an UNKNOWN order is asked about again
cdef nanos_t KILL_AGAIN_NS = 1_000_000_000  # while halted, cancel_all is repeated
cdef nanos_t PAUSE_NS = 500_000_000         # after a refusal; each in a row doubles it
cdef int PAUSE_DOUBLINGS_MAX = 6            # so 32 s at most

ODD_NAMES = {
    MESSAGE_UNKNOWN: "unknown",
    MESSAGE_MALFORMED: "malformed",
    MESSAGE_UNKNOWN_INSTRUMENT: "unknown_instrument",
    MESSAGE_OUT_OF_RANGE: "out_of_range",
}


cdef class Core(Desk):
    """The engine between two sockets, without the sockets.

    Args:
        run_id: unsigned 32-bit number of this run; part of every label.
        connections: 1, or 2 when market data has its own (then it is number 1).
        ack_timeout_ns: an order request without an answer for longer is UNKNOWN.
        cancel_reserve: matching-engine requests only cancels may spend.
    """

    cdef void _step(self, int conn, bytes data, bint more_coming):
        """One payload, or none, through the rooms from left to right."""
        cdef Market market
        cdef MessageKind kind
        cdef nanos_t t0 = 0, t1 = 0, t2 = 0, t3 = 0
        if self.measures:
            t0 = t1 = probe_ns()
        if data is not None:
            # 1. decode: bytes -> events
            kind = self.decoder.decode(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
            if self.measures:
                t1 = probe_ns()
                self.hist_decode.add(t1 - t0)
            # 2. state: events -> books, orders, positions
            self._absorb(conn, kind, data)
            if self.measures:
                self.hist_state.add(probe_ns() - t1)
        self.waits_for_credits = False
        # the corridor: absorb the burst, quote once
        if (more_coming or self.mode == MODE_HOLD or not self.is_connected[0]
                or self.fault.code != FAULT_NONE):
            return
        self.counters.turns += 1
        self.credits.refill(self.now_ns)
        for market in self.quoted:
            if not market.is_dirty:
                continue
            market.is_dirty = False
            if self.measures:
                t2 = probe_ns()
            # 3. strategy -> wish
            market.wish(self.now_ns, self.mode == MODE_QUOTE)
            # 4. gate -> permitted wish
            market.permit(self.orders)
            if self.measures:
                t3 = probe_ns()
                self.hist_quote.add(t3 - t2)
            # 5. differ -> the fewest requests
            self.differ.plan(market.index, market.row, &market.limits,
                             &market.permitted, self.orders, &self.fault)
            # 6. credits, encode, fuse -> bytes
            self._write(market)
            if self.measures:
                self.hist_gateway.add(probe_ns() - t3)
        if self.measures:
            self.hist_turn.add(probe_ns() - t0)

    cdef void _absorb(self, int conn, MessageKind kind, bytes data):
        self.counters.frames += 1
        self.n_by_kind[<int>kind] += 1
        if kind == MESSAGE_BOOK:
            self._absorb_book()
        elif kind == MESSAGE_TICKER:
            self._absorb_ticker()
        elif kind == MESSAGE_PRIVATE:
            self._absorb_orders(False, 0)
        elif kind == MESSAGE_REPLY:
            self._absorb_reply()
        elif kind == MESSAGE_CONTROL:
            self._tell("on_control", (conn, self.now_ns, data))
        elif kind != MESSAGE_IGNORED:
            self._absorb_odd(conn, kind, data)

    cdef void _absorb_book(self):
        cdef Market market = self._market(self.decoder.book.instrument)
        cdef BookOutcome outcome
        cdef bint was_readable
        self.counters.book_frames += 1
        if market is None:
            return
        was_readable = market.book.is_readable()
        outcome = market.book.apply(&self.decoder.book, self.now_ns, &self.fault)
        market.heard_ns = self.now_ns
        if self.wall_offset_ns:
            self.hist_feed.add(self.now_ns + self.wall_offset_ns
                               - self.decoder.book.venue_ms * 1000000)
        if outcome == OUTCOME_TOUCH or outcome == OUTCOME_QUIET:
            market.crossed_ns = 0
            if outcome == OUTCOME_TOUCH or not was_readable:
                market.signals.update(market.book, self.now_ns)
                market.is_dirty = True
        elif outcome == OUTCOME_CROSSED:
            if market.crossed_ns == 0:
                market.crossed_ns = self.now_ns
                self.counters.crossed += 1
            market.is_dirty = True
        elif outcome == OUTCOME_GAP:
            self._lose_book(market)
        elif outcome == OUTCOME_STALE:
            self.counters.stale_discarded += 1
        elif outcome == OUTCOME_WAITING:
            self.counters.waiting_discarded += 1

    cdef void _lose_book(self, Market market):
        """A frame of this book was missed: unreadable until the next snapshot."""
        market.book.give_up()
        market.gaps += 1
        self.counters.gaps += 1
        market.crossed_ns = 0
        market.is_dirty = True
        self._tell("on_gap", (market.index, self.now_ns))

    cdef void _absorb_ticker(self):
        cdef Market market = self._market(self.decoder.ticker.instrument)
        cdef double before
        if market is None:
            return
        before = market.ticker.mark_price
        if (before != self.decoder.ticker.mark_price
                or market.ticker.is_open != self.decoder.ticker.is_open):
            market.is_dirty = True
        market.ticker = self.decoder.ticker
        market.heard_ns = self.now_ns

    cdef void _absorb_orders(self, bint is_answer, int64_t request_id):
        """Book the fills, then move the orders; an answer moves its order by event."""
        cdef Market market
        cdef int i
        cdef int32_t slot
        cdef bint answers
        for i in range(self.decoder.n_fills):
            market = self._market(self.decoder.fills[i].instrument)
            if market is None:
                continue
            if not self._book_fill(i):
                self.counters.duplicate_fills += 1
            market.is_dirty = True
        for i in range(self.decoder.n_orders):
            market = self._market(self.decoder.orders[i].instrument)
            slot = self.decoder.orders[i].label.slot
            if (market is None or not self.decoder.orders[i].label.ours
                    or slot // SLOTS_PER_INSTRUMENT != market.index):
                self.counters.foreign_orders += 1
                continue
            answers = is_answer and self.orders.rows[slot].request_id == request_id
            if not self.orders.on_update(&self.decoder.orders[i], market.position,
                                         answers, &self.fault):
                self.counters.foreign_orders += 1
            market.is_dirty = True

    cdef void _absorb_reply(self):
        cdef Request request
        cdef Market market
        cdef int code = self.decoder.reply.code
        if not self.orders.take_request(self.decoder.reply.id, &request):
            self.note("warning", "late_answer",
                      f"answer to request {self.decoder.reply.id}, which is not open")
            self._absorb_orders(False, 0)
            return
        self.hist_ack.add(self.now_ns - request.sent_ns)
        market = self._market(request.slot // SLOTS_PER_INSTRUMENT)
        if not self.decoder.reply.is_error:
            if market is not None:
                market.refusals = 0
            self._absorb_orders(True, request.id)
            return
        self.counters.rejects += 1
        self.rejects[code] = self.rejects.get(code, 0) + 1
        if request.slot < 0 or market is None:
            return
        self.orders.on_error(&request, code, &self.fault)
        market.is_dirty = True
        if request.kind != REQUEST_CANCEL and not (
                request.kind == REQUEST_EDIT and says_ended(code)):
            self._pause(market, code)
        if self.orders.rows[request.slot].state == ORDER_UNKNOWN:
            self.orders.rows[request.slot].sent_ns = self.now_ns
            self._tell("on_unknown", (request.slot, self.now_ns))

    cdef void _pause(self, Market market, int code):
        """Stop asking for what the venue refuses; cancels still go out."""
        cdef int doublings = min(market.refusals, PAUSE_DOUBLINGS_MAX)
        market.refusals += 1
        market.paused_until_ns = self.now_ns + (PAUSE_NS << doublings)
        self.note("warning", "refused",
                  f"{market.name}: error {code}, {market.refusals} in a row; no new "
                  f"orders or edits for {(PAUSE_NS << doublings) / 1e9:g} s")

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

    cdef void _write(self, Market market):
        cdef int rank, i
        for rank in range(RANKS):
            for i in range(self.differ.n_actions):
                if <int>self.differ.actions[i].rank != rank:
                    continue
                if not self._write_one(market, &self.differ.actions[i]):
                    return

    cdef bint _write_one(self, Market market, const Action* action):
        """Send one request; False when nothing more can be sent for this market."""
        cdef ByteBuf out = self.buffers[0]
        cdef Order* order = &self.orders.rows[action.slot]
        cdef qty_t worst = self.orders.worst(action.slot)
        cdef int64_t barrier, request_id = 0
        if not self.credits.can_send(action.kind == REQUEST_CANCEL):
            self.counters.credit_waits += 1
            self.waits_for_credits = market.is_dirty = True
            return False
        if action.kind != REQUEST_CANCEL:
            if self.now_ns < market.paused_until_ns:
                return True
            barrier = own_barrier(self.orders, market.index, action.side)
            if barrier != NO_PRICE and (
                    action.price_ticks >= barrier if action.side == BID
                    else action.price_ticks <= barrier):
                self.counters.held_back += 1
                return True
        if action.kind == REQUEST_NEW:
            request_id = self.orders.send_new(
                action.slot, action.price_ticks, action.amount_lots, action.is_take,
                self.now_ns, &self.fault)
        elif action.kind == REQUEST_EDIT:
            request_id = self.orders.send_edit(
                action.slot, action.price_ticks, action.amount_lots, self.now_ns,
                &self.fault)
        else:
            request_id = self.orders.send_cancel(
                action.slot, self.now_ns, &self.fault)
        if request_id == 0:
            market.is_dirty = True
            return False
        if not holds(action, market.index, market.row, &market.limits,
                     market.reference_ticks(), self.orders, market.position,
                     self.credits, worst, &self.fault):
            return False
        self.credits.take()
        self.n_by_request[<int>action.kind] += 1
        if action.kind == REQUEST_NEW:
            return put_new(out, request_id, market.row, action.side,
                           action.price_ticks, action.amount_lots, order, action.slot,
                           &self.fault)
        if action.kind == REQUEST_EDIT:
            return put_edit(out, request_id, market.row, order, action.price_ticks,
                            action.amount_lots, &self.fault)
        return put_cancel(out, request_id, order, &self.fault)

    cdef void _tick(self):
        """Every TICK_NS: staleness, crossed books, orders without an answer."""
        cdef Market market
        self.tick_ns = self.now_ns + TICK_NS
        for market in self.quoted:
            market.is_dirty = True
            if market.crossed_ns and self.now_ns - market.crossed_ns > CROSSED_MAX_NS:
                self._lose_book(market)
            if self.mode != MODE_HOLD:
                self._check_orders(market)
            if market.strategy.error and market.name not in self.noted_kinds:
                self.noted_kinds.add(market.name)
                self.note("error", "strategy",
                          f"{market.name}: {market.strategy.error}; no quotes there "
                          "while it fails")
        if (self.mode == MODE_HALT and self.now_ns - self.kill_ns >= KILL_AGAIN_NS
                and self._has_orders()):
            self._send_kill()

    cdef bint _has_orders(self) noexcept:
        cdef int i
        for i in range(1, ORDER_STATES):
            if self.orders.n_by_state[i] > 0:
                return True
        return False

    cdef void _check_orders(self, Market market):
        cdef int32_t first = market.index * SLOTS_PER_INSTRUMENT
        cdef int32_t slot
        cdef Order* row
        cdef nanos_t age
        for slot in range(first, first + SLOTS_PER_INSTRUMENT):
            row = &self.orders.rows[slot]
            if row.state == ORDER_DONE or row.state == ORDER_LIVE:
                continue
            age = self.now_ns - row.sent_ns
            if row.state == ORDER_UNKNOWN:
                if age < ASK_AGAIN_NS:
                    continue
                row.sent_ns = self.now_ns
            elif age < self.ack_timeout_ns:
                continue
            else:
                self.orders.on_lost(slot, self.now_ns, &self.fault)
                self.note("warning", "order_unknown",
                          f"{market.name} slot {slot}: no answer for "
                          f"{age // 1000000} ms")
            self._tell("on_unknown", (slot, self.now_ns))

    cdef void _lose_orders(self):
        """The order connection is gone: nothing in flight will be answered."""
        cdef Market market
        cdef int32_t slot, first
        for market in self.quoted:
            first = market.index * SLOTS_PER_INSTRUMENT
            for slot in range(first, first + SLOTS_PER_INSTRUMENT):
                self.orders.on_lost(slot, self.now_ns, &self.fault)
        self.orders.forget_requests()

    cdef void _send_kill(self):
        """One private/cancel_all, whatever the credits say: this is the last word."""
        cdef int64_t request_id
        self.kill_ns = self.now_ns
        if not self.is_connected[0]:
            return
        request_id = self.orders.send_cancel_all(self.now_ns)
        if request_id:
            self.credits.take()
            self.n_by_request[<int>REQUEST_CANCEL_ALL] += 1
            put_cancel_all(self.buffers[0], request_id, &self.fault)

    cdef void _halt(self, str reason):
        if self.mode == MODE_HALT:
            return
        self.mode = MODE_HALT
        self.halted = reason
        self.mode_reason = f"halted: {reason}"
        self.note("critical", "halt", f"{reason}: cancelling everything")
        self._send_kill()
        if self.session is not None:
            try:
                self.session.on_halt(self.now_ns, reason)
            except Exception as error:
                self.note("critical", "session",
                          f"on_halt: {type(error).__name__}: {error}")

    cdef void _settle(self):
        """After every verb: a fault found on the way halts the core, once."""
        if self.fault.code != FAULT_NONE and self.mode != MODE_HALT:
            self._halt(f"fault {fault_name(self.fault.code)}")

    cdef void _tell(self, str hook, tuple arguments):
        """Call a hook of the session; an exception there halts the core."""
        if self.session is None:
            return
        try:
            getattr(self.session, hook)(*arguments)
        except Exception as error:
            self._halt(f"session failed in {hook}: {type(error).__name__}: {error}")

    def connection_made(self, int conn, nanos_t t_ns):
        """Say that a connection is open.

        Raises:
            IndexError: no such connection.
        """
        self._enter(conn, t_ns)
        self.is_connected[conn] = True
        (<ByteBuf>self.buffers[conn]).take()
        if self.tick_ns == 0:
            self.tick_ns = t_ns + TICK_NS
        self._tell("on_connected", (conn, t_ns))
        self._step(conn, None, False)
        self._settle()

    def receive_data(self, int conn, nanos_t t_ns, bytes data not None,
                     bint more_coming=False):
        """Take one payload; `more_coming` says that the next one is here already.

        Raises:
            IndexError: no such connection.
        """
        self._enter(conn, t_ns)
        self._step(conn, data, more_coming)
        self._settle()

    def connection_lost(self, int conn, nanos_t t_ns):
        """Say that a connection is gone; what was in flight on it is unknown now.

        Raises:
            IndexError: no such connection.
        """
        cdef Market market
        self._enter(conn, t_ns)
        self.is_connected[conn] = False
        (<ByteBuf>self.buffers[conn]).take()
        if conn == 0:
            self._lose_orders()
            if self.mode != MODE_HALT:
                self.mode = MODE_HOLD
                self.mode_reason = "order connection lost"
        if conn == self.n_connections - 1:
            for market in self.markets:
                if market is not None:
                    market.book.give_up()
                    market.is_dirty = True
        self._tell("on_lost", (conn, t_ns))
        self._step(conn, None, False)
        self._settle()

    def handle_timer(self, nanos_t t_ns):
        """Let time pass; call at or after :meth:`next_timer_ns`."""
        self._enter(0, t_ns)
        due = self.session.next_timer_ns() if self.session is not None else 0
        if due and t_ns >= due:
            self._tell("on_timer", (t_ns,))
        if self.tick_ns and t_ns >= self.tick_ns:
            self._tick()
        self._step(0, None, False)
        self._settle()

    def command(self, nanos_t t_ns, bytes cmd not None):
        """Take a command: a JSON object with the key ``cmd``."""
        self._enter(0, t_ns)
        try:
            parsed = orjson.loads(cmd)
            name = parsed["cmd"]
            if name == "entropy":
                self.wall_offset_ns = int(parsed["wall_ms"]) * 1000000 - t_ns
        except (ValueError, KeyError, TypeError) as error:
            self.note("error", "command", f"not a command: {cmd[:200]!r}: {error}")
            return
        if name == "halt":
            self._halt(str(parsed.get("reason", "operator")))
        self._tell("on_command", (t_ns, parsed))
        self._step(0, None, False)
        self._settle()

    cdef int _enter(self, int conn, nanos_t t_ns) except -1:
        if not 0 <= conn < self.n_connections:
            raise IndexError(f"connection {conn}: there are {self.n_connections}")
        if t_ns > self.now_ns:
            self.now_ns = t_ns
        return 0

    def data_to_send(self, int conn):
        """Return what to write on a connection: frames, each ended by a newline.

        Raises:
            IndexError: no such connection.
        """
        if not 0 <= conn < self.n_connections:
            raise IndexError(f"connection {conn}: there are {self.n_connections}")
        return (<ByteBuf>self.buffers[conn]).take()

    def connections_to_close(self):
        """Return ``[(conn, reason), ...]`` for the shell to close, once."""
        closing, self.closing = self.closing, []
        return closing

    def next_timer_ns(self):
        """Return when :meth:`handle_timer` is due, 0 = not at all."""
        cdef nanos_t due = self.tick_ns, other
        other = self.session.next_timer_ns() if self.session is not None else 0
        if other and (due == 0 or other < due):
            due = other
        other = self.credits.ready_ns() if self.waits_for_credits else 0
        if other and (due == 0 or other < due):
            due = other
        return due

    def notes(self):
        """Return and forget what is to be logged: ``[(t_ns, level, kind, text)]``."""
        notes, self.pending_notes = self.pending_notes, []
        if self.dropped_notes:
            notes.append((self.now_ns, "warning", "notes",
                          f"{self.dropped_notes} notes were dropped"))
            self.dropped_notes = 0
        return notes

    def snapshot(self):
        """Return everything worth watching; see docs/metrics.md for the keys."""
        return core_snapshot(self)

    def measure(self, bint on):
        """Switch the stage clocks on or off; they decide nothing."""
        self.measures = on

    def halt(self, str reason not None):
        """Cancel everything and stop quoting until restart."""
        self._halt(reason)
