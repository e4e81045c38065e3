"""The core: a function of its calls. Payloads and times go in, request bytes come out.

It owns no socket, clock, thread, random source, file or logger; shells own those. Every
verb is one journal record, and the same calls give the same bytes.

:meth:`Core._step` is the table of contents of the whole engine. Acks, fills, rejects,
timers and commands take the same road as a book frame; when quoting is not allowed the
sheets stay blank, and the differ pulls every order.

The class is built in four storeys: desk (state), outbox (what goes out), inbox (what
comes in), and here the corridor between them and the verbs.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE

import orjson

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.check cimport FAULT_NONE
from engine._core.base.probe cimport set_stage_clock, stage_ns
from engine._core.base.recordbuf cimport (
    RECORD_COMMAND, RECORD_CONNECTION_LOST, RECORD_CONNECTION_MADE,
    RECORD_CONNECTION_TO_CLOSE, RECORD_DATA_TO_SEND, RECORD_ERRAND, RECORD_HANDLE_TIMER,
    RECORD_RECEIVE_DATA, RECORD_RECEIVE_MORE, RecordBuf)
from engine._core.base.types cimport nanos_t
from engine._core.decode.message cimport MessageKind
from engine._core.desk cimport MODE_HALT, MODE_HOLD, MODE_QUOTE
from engine._core.inbox cimport Inbox
from engine._core.nearby cimport bring_core_near
from engine._core.quote.market cimport Market
from engine._core.snapshot cimport core_outline, market_snapshots
from engine._core.state.orders cimport REQUEST_EDIT, REQUEST_NEW

cdef nanos_t TICK_NS = 250_000_000          # the core's own timer
cdef nanos_t CROSSED_MAX_NS = 2_000_000_000  # a book crossed for longer is given up
cdef nanos_t NEVER_NS = 1 << 62
cdef nanos_t MEASURE_EVERY_NS = 1_000_000    # a turn that is timed
cdef int SPLIT_EVERY = 5        # of those, one whose stages are; odd: data and answers
#                                 that take turns must not leave one of them out
SPLIT_EVERY_TURNS = SPLIT_EVERY
cdef nanos_t KILL_AGAIN_NS = 1_000_000_000  # while halted, cancel_all is repeated


@cython.final
cdef class Core(Inbox):
    """The engine between two sockets, without the sockets.

    Args:
        run_id: unsigned 32-bit number of this run; part of every label.
        connections: 1, or 2 when market data has its own (then it is number 1).
        ack_timeout_ns: an order request without an answer for longer is UNKNOWN.
        cancel_reserve: matching-engine requests only cancels may spend, of each pool.
        valid_for_ns: a new order or an edit that reaches the book later is not carried
            out; nothing of the kind is sent before the venue's clock is known. 0: no
            such limit, and no order is ever taken for missing.
        changes_per_coin: book changes allowed for each coin of maker volume, by coin.
        changes_free: book changes that need no volume.
    """
    cdef int _step(self, int conn, const char* payload, Py_ssize_t size,
                   bint more_coming) except -1:
        """One payload, or NULL, through the rooms from left to right."""
        cdef MessageKind kind
        cdef nanos_t start_ns = 0
        # Of a burst the last message only: the one after which there are quotes.
        cdef bint measures = (self.measures and not more_coming
                              and self.now_ns >= self.measure_due_ns)
        self.is_split = False
        if measures:
            self.measure_due_ns = self.now_ns + MEASURE_EVERY_NS
            self.until_split -= 1
            if self.until_split <= 0:
                self.until_split, self.is_split = SPLIT_EVERY, True
            start_ns = self.lap_ns = stage_ns()
        if payload != NULL:
            # 1. decode: bytes -> events
            kind = self.decoder.decode(payload, size)
            if self.is_split:
                self._lap(self.hist_decode)
            # 2. state: events -> books, orders, positions
            self._absorb(conn, kind, payload, size)
            if self.is_split:
                self._lap(self.hist_state)
        if self.credits_ready_ns and self.now_ns >= self.credits_ready_ns:
            self._wake()
        # the corridor: absorb the burst, quote once
        if (more_coming or self.mode == MODE_HOLD or not self.is_connected[0]
                or self.fault.code != FAULT_NONE or self._kill_is_fresh()):
            return 0
        self.counters.turns += 1
        if not self.agenda.is_empty():
            self._decide()
        if measures:
            self.hist_turn.add(stage_ns() - start_ns)
        return 0

    cdef int _decide(self) except -1:
        """The markets something happened to, in the order they were bound."""
        cdef Market market
        cdef int place = self.agenda.first(0)
        if self.exposure.is_capped:
            self._count_changed()
        # Ends: places only grow; one that is added behind us waits for the next turn.
        while place >= 0:
            self.agenda.remove(place)
            market = <Market>PyList_GET_ITEM(self.quoted, place)
            # 3. strategy -> wish
            market.wish(self.now_ns, self.mode == MODE_QUOTE,
                        NEVER_NS if self.is_stalled else self.fresh_ns)
            # 4. gate -> permitted wish
            market.permit(self.orders, self.exposure)
            if self.is_split:
                self._lap(self.hist_quote)
            # 5. differ -> the fewest requests
            self._plan(market)
            self._offer(market)
            if self.is_split:
                self._lap(self.hist_gateway)
            place = self.agenda.first(place + 1)
        # 6. by value: credits, encode, fuse -> bytes
        if self.scheduler.n_offers:
            self._spend()
        return 0

    cdef void _tick(self):
        """Every TICK_NS: staleness, crossed books, orders without an answer."""
        cdef Market market
        self.tick_ns = self.now_ns + TICK_NS
        self.exposure.forget()
        self.markouts.before(self.now_ns)
        if self.is_stalled:
            self.is_stalled = False
            self.fresh_ns = self.now_ns
        for market in self.quoted:
            market.volatility.hear_time(self.now_ns)
            market.stir()
            market.attribution.look(self.now_ns)
            if self.mode == MODE_QUOTE or market.tally.seen_ns:
                market.tally.look(self.orders, market.index, self.now_ns)
            market.limits.requote_ticks = market.requote_ticks + (
                self.turnover.slack_ticks(market.turnover_group, &market.permitted))
            if market.crossed_ns and self.now_ns - market.crossed_ns > CROSSED_MAX_NS:
                self._lose_book(market)
            if self.mode != MODE_HOLD:
                self._check_orders(market)
            if market.strategy.error and market.name not in self.noted_kinds:
                self.noted_kinds.add(market.name)
                self.note("error", "strategy",
                          f"{market.name}: {market.strategy.error}; no quotes there "
                          "while it fails")
        if ((self.mode == MODE_HALT or (self.is_killing and self.mode != MODE_QUOTE))
                and self.now_ns - self.kill_ns >= KILL_AGAIN_NS and self._has_orders()):
            self._send_kill()

    def connection_made(self, int conn, nanos_t t_ns):
        """Say that a connection is open.

        Raises:
            IndexError: no such connection.
        """
        self._enter(conn, t_ns)
        (<ByteBuf>self.buffers[conn]).clear()
        if self.records is not None:
            self.records.put(RECORD_CONNECTION_MADE, conn, t_ns, NULL, 0)
        self.is_connected[conn] = True
        if conn >= self.n_known:
            self.n_known = conn + 1
        if self.tick_ns == 0:
            self.tick_ns = t_ns + TICK_NS
        self._tell("on_connected", (conn, t_ns))
        self._step(conn, NULL, 0, False)
        self._leave(t_ns)

    # Not bound as a Python function would be: a plain C method is called faster.
    @cython.binding(False)
    @cython.embedsignature.format("clinic")
    def receive_data(self, int conn, nanos_t t_ns, bytes data not None,
                     bint more_coming=False):
        """Take one payload; `more_coming` says that the next one is here already.

        Raises:
            IndexError: no such connection.
        """
        self.take(conn, t_ns, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data),
                  more_coming)

    cdef int take(self, int conn, nanos_t t_ns, const char* payload, Py_ssize_t size,
                  bint more_coming) except -1:
        self._enter(conn, t_ns)
        if self.records is not None:
            self.records.put(
                RECORD_RECEIVE_MORE if more_coming else RECORD_RECEIVE_DATA,
                conn, t_ns, payload, size)
        self.heard_ns[conn] = self.now_ns
        self._step(conn, payload, size, more_coming)
        self._leave(t_ns)
        return 0

    cdef void bring_near(self) noexcept:
        bring_core_near(self)

    cdef ByteBuf outgoing(self, int conn):
        return <ByteBuf>self.buffers[conn]

    cdef long orders_written(self) noexcept:
        return (self.n_by_request[<int>REQUEST_NEW]
                + self.n_by_request[<int>REQUEST_EDIT])

    cdef bint has_news(self):
        return bool(self.pending_notes or self.closing or self.pending_errands)

    def connection_lost(self, int conn, nanos_t t_ns):
        """Say that a connection is gone; what was in flight on it is unknown now.

        Raises:
            IndexError: no such connection.
        """
        cdef Market market
        self._enter(conn, t_ns)
        (<ByteBuf>self.buffers[conn]).clear()
        if self.records is not None:
            self.records.put(RECORD_CONNECTION_LOST, conn, t_ns, NULL, 0)
        self.is_connected[conn] = False
        if conn == 0:
            self._lose_orders()
            if self.mode != MODE_HALT:
                self.mode = MODE_HOLD
                self.mode_reason = "order connection lost"
        if conn == self.n_connections - 1:
            self.markouts.before(self.now_ns)
            for market in self.markets:
                if market is not None:
                    market.book.give_up()
                    market.lose_book(self.now_ns)
                    market.stir()
        self._tell("on_lost", (conn, t_ns))
        self._step(conn, NULL, 0, False)
        self._leave(t_ns)

    def handle_timer(self, nanos_t t_ns):
        """Let time pass; call at or after :meth:`next_timer_ns`."""
        self._enter(0, t_ns)
        if self.records is not None:
            self.records.put(RECORD_HANDLE_TIMER, 0, t_ns, NULL, 0)
        due = self.session.next_timer_ns() if self.session is not None else 0
        if due and t_ns >= due:
            self._tell("on_timer", (t_ns,))
        if self.tick_ns and t_ns >= self.tick_ns:
            self._tick()
        self._step(0, NULL, 0, False)
        self._leave(t_ns)

    def command(self, nanos_t t_ns, bytes cmd not None):
        """Take a command: a JSON object with the key ``cmd``."""
        self._enter(0, t_ns)
        if self.records is not None:
            self.records.put(RECORD_COMMAND, 0, t_ns,
                             PyBytes_AS_STRING(cmd), PyBytes_GET_SIZE(cmd))
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
        self._step(0, NULL, 0, False)
        self._leave(t_ns)

    cdef inline int _enter(self, int conn, nanos_t t_ns) except -1:
        if not 0 <= conn < self.n_connections:
            self._refuse(conn)
        if t_ns > self.now_ns:
            self.now_ns = t_ns
        if (self.stall_max_ns and self.tick_ns and not self.is_stalled
                and t_ns - self.tick_ns > self.stall_max_ns):
            self._stall(t_ns - self.tick_ns)
        self.n_closing = PyList_GET_SIZE(self.closing)
        self.n_errands = PyList_GET_SIZE(self.pending_errands)
        return 0

    cdef int _refuse(self, int conn) except -1:
        raise IndexError(f"connection {conn}: there are {self.n_connections}")

    cdef inline int _leave(self, nanos_t t_ns) except -1:
        """The end of a verb."""
        if self.fault.code != FAULT_NONE:
            self._settle()
        if self.records is not None:
            self._record_answers(t_ns)
        return 0

    cdef void _record_answers(self, nanos_t t_ns):
        """Write what this verb made us say behind it, in one fixed order."""
        cdef int conn
        cdef ByteBuf out
        for conn in range(self.n_known):
            out = <ByteBuf>PyList_GET_ITEM(self.buffers, conn)
            if out.size > out.journaled:
                self.records.put(RECORD_DATA_TO_SEND, conn, t_ns,
                                 out.start + out.journaled, out.size - out.journaled)
                out.journaled = out.size
        if (PyList_GET_SIZE(self.closing) > self.n_closing
                or PyList_GET_SIZE(self.pending_errands) > self.n_errands):
            for conn, reason in self.closing[self.n_closing:]:
                self.records.append(RECORD_CONNECTION_TO_CLOSE, conn, t_ns,
                                    reason.encode())
            for name in self.pending_errands[self.n_errands:]:
                self.records.append(RECORD_ERRAND, 0, t_ns, name.encode())

    def record(self, RecordBuf records):
        """Keep a journal: each verb from now on, and what it makes us say. None: no."""
        cdef ByteBuf out
        self.records = records
        for out in self.buffers:
            out.journaled = out.size

    cdef void _stall(self, nanos_t late_ns):
        """We stood still: what is known is old, until data comes after the timer."""
        cdef Market market
        self.is_stalled = True
        self.counters.stalls += 1
        self.note("error", "stall", f"the engine stood still: its timer is "
                                    f"{late_ns // 1000000} ms late; quotes are pulled")
        for market in self.quoted:
            market.stir()

    def data_to_send(self, int conn):
        """Return what to write on a connection: frames, each ended by a newline.

        Raises:
            IndexError: no such connection.
        """
        if not 0 <= conn < self.n_connections:
            self._refuse(conn)
        return (<ByteBuf>self.buffers[conn]).take()

    def connections_to_close(self):
        """Return ``[(conn, reason), ...]`` for the shell to close, once."""
        closing, self.closing = self.closing, []
        return closing

    def errands(self):
        """Return the names of what the shell is to do beside the connections, once."""
        errands, self.pending_errands = self.pending_errands, []
        return errands

    def next_timer_ns(self):
        """Return when :meth:`handle_timer` is due, 0 = not at all."""
        return self.due_ns()

    cdef nanos_t due_ns(self) except *:
        cdef nanos_t due = self.tick_ns, other
        if self.has_told:
            self.has_told = False
            self.session_due_ns = self.session.next_timer_ns()
        other = self.session_due_ns
        if other and (due == 0 or other < due):
            due = other
        other = self.credits_ready_ns
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
        """Return everything worth watching; see docs/metrics.md for the keys.

        Instruments that are not quoted are left out.
        """
        return {**core_outline(self),
                "instruments": market_snapshots(self, 0, len(self.quoted))}

    def outline(self):
        """Return :meth:`snapshot` without its instruments.

        Cost: a tenth of a microsecond an instrument, a thirtieth of a whole one.
        """
        return core_outline(self)

    def instruments(self, Py_ssize_t first, Py_ssize_t count):
        """Return a part of the snapshot's instruments. Empty: there are no more."""
        return market_snapshots(self, first, count)

    def measure(self, bint on):
        """Switch the stage clocks on or off; they decide nothing.

        Switched on, they time one turn a millisecond at most, and the stages of one in
        SPLIT_EVERY of those: a reading costs a fiftieth of a turn that quotes.
        """
        if on:
            set_stage_clock()
        self.measure_due_ns = self.until_split = 0
        self.measures = on

    def halt(self, str reason not None):
        """Cancel everything and stop quoting until restart."""
        self._halt(reason)
