"""What goes out: requests of the gateway, the kill, and what is told to the session.

The middle of the core's four storeys; see :mod:`core`. Nothing here reads a payload.
"""

from cpython.list cimport PyList_GET_ITEM
from libc.stdint cimport int32_t, int64_t

from engine._core.base.check cimport FAULT_NONE, fault_name
from engine._core.base.stance cimport STANCE_NORMAL
from engine._core.base.types cimport (
    ASK, BID, NO_PRICE, SLOTS_PER_INSTRUMENT, nanos_t, price_t, qty_t)
from engine._core.desk cimport MODE_HALT, MODE_QUOTE, Desk, valid_until_ms
from engine._core.gateway.credits cimport NO_POOL
from engine._core.gateway.differ cimport RANKS, Action, own_barrier
from engine._core.gateway.encode cimport (
    put_cancel, put_cancel_all, put_cancel_quotes, put_edit, put_new)
from engine._core.gateway.fuse cimport holds, holds_together
from engine._core.gateway.place cimport Yardstick
from engine._core.gateway.scheduler cimport (
    Offer, is_plenty, observe, price_nano, set_yardstick, value_of, worth_of)
from engine._core.quote.market cimport Market
from engine._core.signals.touch cimport weighted_mid_of
from engine._core.state.orders cimport (
    ORDER_DONE, ORDER_LIVE, ORDER_STATES, ORDER_UNKNOWN, REQUEST_CANCEL,
    REQUEST_CANCEL_ALL, REQUEST_EDIT, REQUEST_NEW, Order, OrderTable, Request)

from engine._core.desk import KILL_POOL

cdef nanos_t ASK_AGAIN_NS = 5_000_000_000   # an UNKNOWN order is asked about again
cdef nanos_t KILL_ALONE_NS = 500_000_000    # single cancels wait so long after a kill
cdef int64_t NO_TABLE_ID = 0                # of a kill the request table cannot hold

CANCEL_ALL = "cancel_all"


cdef inline bint would_cross(
        OrderTable orders, int32_t instrument, const Action* action) noexcept nogil:
    """Whether an own order of the other side is in the way."""
    cdef price_t barrier = own_barrier(
        orders, instrument, action.side, action.is_take)
    return barrier != NO_PRICE and (
        action.price_ticks >= barrier if action.side == BID
        else action.price_ticks <= barrier)


cdef inline bint fits(
        Outbox box, Market market, const Action* action, qty_t worst) noexcept nogil:
    """Whether caps and limits over instruments leave room for a request now.

    The gate gave each market its room when nothing of this turn was written yet.
    """
    cdef qty_t[2] room
    cdef qty_t grown = action.amount_lots - worst
    if box.exposure.is_capped:
        if action.kind == REQUEST_EDIT:
            grown -= box.orders.rows[action.slot].booked_lots
        if grown > 0:
            box.exposure.room(box.orders, market.place, room)
            if grown > room[<int>action.side]:
                return False
    if box.shares.is_split and not box.shares.may_send(
            action.kind, market.budget, market.credit_pool, market.second_pool,
            box.now_ns):
        return False
    return box.caps.may_send(action.kind, box.orders, market.budget, box.now_ns)


cdef inline void put(
        Outbox box, Market market, const Action* action, int64_t request_id,
        int64_t until_ms) noexcept nogil:
    """Write a request into the buffer of its connection."""
    cdef Order* order = &box.orders.rows[action.slot]
    if action.kind == REQUEST_EDIT:
        put_edit(box.out, request_id, market.row, order, action.price_ticks,
                 action.amount_lots, until_ms, &box.fault)
    elif action.kind == REQUEST_NEW:
        put_new(box.out, request_id, market.row, action.side, action.price_ticks,
                action.amount_lots, order, action.slot, until_ms,
                action.is_take and market.only_reduces(), &box.fault)
    else:
        put_cancel(box.out, request_id, order, &box.fault)


cdef class Outbox(Desk):
    """The desk, able to send."""

    def set_budgets(self, budgets):
        """Take the budgets, before anything is bound; 0 = no such limit.

        Args:
            budgets: name -> ``instruments``, ``exposure_max_usd`` (added up),
                ``delta_max_usd`` (netted, of each base currency),
                ``requests_per_s_max``, ``credit_share`` (0 to 1).

        Raises:
            ValueError: negative, more than a table holds, shares beyond the whole, or
                an instrument in two of them.
        """
        for key in ("exposure_max_usd", "delta_max_usd"):
            for name, row in budgets.items():
                if not row[key] >= 0.0:
                    raise ValueError(f"budget {name}: {key} = {row[key]}")
        self.exposure.set_budgets({
            name: (row["exposure_max_usd"], row["delta_max_usd"])
            for name, row in budgets.items()})
        for number, (name, row) in enumerate(budgets.items()):
            self.caps.set_budget(number, row["requests_per_s_max"])
            for instrument in row["instruments"]:
                if self.budget_of.setdefault(instrument, name) != name:
                    raise ValueError(f"{instrument} is in {name} and "
                                     f"{self.budget_of[instrument]}")
        self.shares.set_parts({
            number: row["credit_share"] for number, row in enumerate(budgets.values())
            if row["credit_share"]})

    cdef void _count_changed(self) noexcept:
        """Tell the limits over instruments where something happened since."""
        cdef int place = self.agenda.first(0)
        while place >= 0:
            self.exposure.count(
                self.orders, (<Market>PyList_GET_ITEM(self.quoted, place)).place)
            place = self.agenda.first(place + 1)

    cdef void _plan(self, Market market) noexcept nogil:
        """Find the fewest requests; in normal times a place in line may save some."""
        cdef Yardstick yard
        cdef const Yardstick* measured = NULL
        if (market.limits.queue_ticks > 0 and market.queue.busy
                and market.limits.stance == STANCE_NORMAL
                and not market.limits.widens):
            self._measure(market, &yard)
            measured = &yard
        self.differ.plan(market.index, market.row, &market.limits, &market.permitted,
                         self.orders, market.queue, market.book, measured, &self.fault)

    cdef void _offer(self, Market market) noexcept nogil:
        """Send a plan while credits are plenty, else let it compete for them."""
        cdef int rank, i
        cdef Yardstick yard
        cdef Action* action
        market.waits = False
        if self.differ.n_actions == 0:
            return
        if is_plenty(self.credits, market.credit_pool, market.second_pool,
                     self.differ.n_actions, self.now_ns):
            for rank in range(RANKS):
                if not self.differ.ranks >> rank & 1:
                    continue
                for i in range(self.differ.n_actions):
                    action = &self.differ.actions[i]
                    if (<int>action.rank == rank
                            and self._write_one(market, action) == WRITE_FAILED):
                        return
            return
        self._measure(market, &yard)
        for rank in range(RANKS):
            for i in range(self.differ.n_actions):
                action = &self.differ.actions[i]
                if <int>action.rank != rank:
                    continue
                observe(self.credits, market.credit_pool, worth_of(action, &yard))
                self.scheduler.add(
                    action, market.index, market.credit_pool, market.second_pool,
                    value_of(action, self.orders, &yard),
                    &self.fault)

    cdef void _measure(self, Market market, Yardstick* yard) noexcept nogil:
        """Fill in what the requests of a market are valued with."""
        cdef double spread_ticks = 0.0, micro_ticks = 0.0
        if market.book.has_touch():
            spread_ticks = <double>(market.book.best(ASK) - market.book.best(BID))
            micro_ticks = weighted_mid_of(market.book)
        set_yardstick(yard, &market.permitted, micro_ticks, market.reference_ticks(),
                      market.volatility.value, spread_ticks)
        yard.money = market.dollars_per_tick(yard.fair_ticks)

    cdef void _spend(self):
        """Send the offers of this turn, most valuable first, as far as credits go."""
        cdef Offer* offer
        cdef Market market
        cdef Written written
        while True:            # ends: take hands each offer out at most twice
            offer = self.scheduler.take()
            if offer == NULL or self.fault.code != FAULT_NONE:
                break
            market = self.markets[offer.instrument]
            if not self._affords(market, offer):
                continue
            written = self._write_one(market, &offer.action)
            if written == WRITE_HELD:
                self.scheduler.hold(offer)
        self.scheduler.clear()

    cdef bint _affords(self, Market market, const Offer* offer):
        """Whether its pools can pay an offer; else note when they could."""
        cdef nanos_t ready_ns = 0, other_ns
        cdef int64_t need = price_nano(self.credits, offer.pool, offer)
        cdef bint can_pay = self.credits.left_nano(offer.pool, self.now_ns) >= need
        ready_ns = self.credits.ready_ns(offer.pool, need, self.now_ns)
        if offer.second_pool != NO_POOL:
            need = price_nano(self.credits, offer.second_pool, offer)
            other_ns = self.credits.ready_ns(offer.second_pool, need, self.now_ns)
            can_pay = can_pay and other_ns == 0
            if other_ns > ready_ns:
                ready_ns = other_ns
        if can_pay:
            return True
        if not market.waits:
            self.counters.credit_waits += 1
            market.waits = True
        if ready_ns and (self.credits_ready_ns == 0
                         or ready_ns < self.credits_ready_ns):
            self.credits_ready_ns = ready_ns
        return False

    cdef void _wake(self):
        """A credit is there: whoever waits for one is planned anew."""
        cdef Market market
        self.credits_ready_ns = 0
        for market in self.quoted:
            if market.waits:
                market.stir()

    cdef Written _write_one(
            self, Market market, const Action* action) noexcept nogil:
        """Send one request that can be paid."""
        cdef int64_t request_id, until_ms = valid_until_ms(self)
        cdef qty_t worst = self.orders.worst(action.slot)
        if action.kind == REQUEST_CANCEL:
            if self.now_ns < market.cancels_paused_until_ns:
                return WRITE_DROPPED
            request_id = self.orders.send_cancel(action.slot, self.now_ns, &self.fault)
        else:
            if self.now_ns < market.paused_until_ns or until_ms and not self.has_clock:
                return WRITE_DROPPED
            if would_cross(self.orders, market.index, action):
                self.counters.held_back += 1
                return WRITE_HELD
            if not fits(self, market, action, worst):
                self.counters.cap_waits += 1
                return WRITE_DROPPED
            if action.kind == REQUEST_EDIT:
                market.tally.grown(
                    action.slot, action.amount_lots
                    - self.orders.rows[action.slot].wanted_amount_lots)
                request_id = self.orders.send_edit(
                    action.slot, action.price_ticks, action.amount_lots, until_ms,
                    self.now_ns, &self.fault)
            else:
                market.tally.ordered(action.slot, action.amount_lots)
                request_id = self.orders.send_new(
                    action.slot, action.price_ticks, action.amount_lots,
                    action.is_take, until_ms, self.now_ns, &self.fault)
        if request_id == 0:
            market.stir()
            return WRITE_FAILED
        self.exposure.count(self.orders, market.place)
        if not (holds(action, market.index, market.row, &market.limits, &market.anchor,
                      self.orders, market.position,
                      self.credits.least_nano(market.credit_pool, market.second_pool,
                                              self.now_ns), worst, &self.fault)
                and (not self.exposure.is_capped or holds_together(
                    action, market.place, self.exposure, self.orders, worst,
                    &self.fault))):
            return WRITE_FAILED
        self.caps.sent(action.kind, market.budget, self.now_ns)
        if self.shares.is_split:
            self.shares.sent(
                market.budget, market.credit_pool, market.second_pool, self.now_ns)
        self.credits.take(market.credit_pool, market.second_pool, self.now_ns)
        self.n_by_request[<int>action.kind] += 1
        market.tally.sent(action.kind)
        if action.kind != REQUEST_CANCEL:
            market.queue.sent(self.orders, action.slot, market.book)
        self.turnover.count(market.turnover_group, 2 if action.is_take else 1)
        put(self, market, action, request_id, until_ms)
        return WRITE_SENT

    cdef void _answered(self, Market market, const Request* request):
        """A request is not in flight any more: its credit begins to come back."""
        if request.kind == REQUEST_CANCEL_ALL:
            self.credits.answered(self.credits.find(KILL_POOL), NO_POOL,
                                  request.sent_ns, self.now_ns)
        elif market is not None:
            self.credits.answered(market.credit_pool, market.second_pool,
                                  request.sent_ns, self.now_ns)

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
            if row.state == ORDER_UNKNOWN:
                if self.now_ns - row.asked_ns < ASK_AGAIN_NS:
                    continue
                row.asked_ns = self.now_ns
            else:
                age = self.now_ns - self.orders.waiting_since(slot)
                if age < self.ack_timeout_ns:
                    continue
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

    def kill_orders(self, str reason not None):
        """Cancel every order of the account, by both roads, and go on.

        Repeated every KILL_AGAIN_NS while orders of ours are left and quoting stays
        forbidden; whoever calls this has forbidden it, or the quotes come back.
        """
        self.is_killing = True
        self.note("warning", "kill", f"{reason}: cancelling everything")
        self._send_kill()

    cdef void _send_kill(self):
        """Everything goes, whatever the credits say: this is the last word.

        One cancel_all and one cancel_quotes on the connection, if there is one, and an
        errand that sends the same on a road which needs none.
        """
        self.kill_ns = self.now_ns
        self._count_mass_cancel()
        self.errand(CANCEL_ALL)
        if not self.is_connected[0]:
            return
        self.n_by_request[<int>REQUEST_CANCEL_ALL] += 1
        put_cancel_all(self.out, self._kill_request(), &self.fault)
        put_cancel_quotes(self.out, self._kill_request(), &self.fault)

    cdef void _count_mass_cancel(self):
        """A mass cancel changes the book once for each order."""
        cdef Market market
        cdef int32_t slot, first
        for market in self.quoted:
            first = market.index * SLOTS_PER_INSTRUMENT
            for slot in range(first, first + SLOTS_PER_INSTRUMENT):
                if self.orders.rows[slot].state != ORDER_DONE:
                    self.turnover.count(market.turnover_group, 1)

    cdef bint _kill_is_fresh(self) noexcept:
        """Whether one request that cancels everything makes single cancels a waste."""
        return (self.kill_ns > 0 and self.mode != MODE_QUOTE
                and self.now_ns - self.kill_ns < KILL_ALONE_NS)

    cdef int64_t _kill_request(self):
        cdef int64_t request_id = self.orders.send_cancel_all(self.now_ns)
        self.credits.take(self.credits.find(KILL_POOL), NO_POOL, self.now_ns)
        return request_id if request_id else NO_TABLE_ID

    cdef void _halt(self, str reason):
        if self.mode == MODE_HALT:
            return
        self.mode = MODE_HALT
        self.halted = reason
        self.mode_reason = f"halted: {reason}"
        self.note("critical", "halt", f"{reason}: cancelling everything")
        self._send_kill()
        if self.session is not None:
            self.has_told = True
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
        self.has_told = True
        try:
            getattr(self.session, hook)(*arguments)
        except Exception as error:
            self._halt(f"session failed in {hook}: {type(error).__name__}: {error}")
