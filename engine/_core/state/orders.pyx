"""Our orders: one life per slot, from the request to the venue's last word.

What this machine is
--------------------
A slot is a place for one order: (instrument, side, level). It holds at most one live
order. Each order put into it gets a new sequence number, which its label carries, so
every word of the venue can be matched with the life it belongs to; a word about an
earlier life moves nothing here (its trades are still booked).

States
------
``DONE``            nothing of ours at the venue; the slot is free.
``PENDING_NEW``     a buy or sell is on its way.
``LIVE``            resting, no request in flight.
``PENDING_EDIT``    an edit is on its way; old and new size both may be true.
``PENDING_CANCEL``  a cancel is on its way; the order may still fill.
``UNKNOWN``         we cannot tell: a request without an answer, a lost line, or an
                    error that does not say what happened. Only the venue ends it.

What always holds
-----------------
* An order leaves the table only on the venue's word: a terminal order state, a refusal
  that certainly did not execute, or the answer that there is no such order. Time never
  ends an order.
* ``worst`` counts every order at the larger of the size the venue confirmed and the
  size of a request in flight, less the trades booked. Trades, not ``filled_amount``,
  move size from orders to position: if the venue reports the fill before the trade,
  the size stays counted (``Position.unbooked_lots`` after the order has ended).
* A trade id is booked once.
* One request in flight per order.

Deliberately elsewhere: what to send (gateway/differ), whether it may be sent
(quote/gate, gateway/credits, gateway/fuse), whom to ask about UNKNOWN (session).

Source: docs.deribit.com, order management, private/edit, error codes, seen 2026-08-22.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine._core.base.check cimport (
    FAULT_INDEX, FAULT_ORDER_TRANSITION, Fault, check)
from engine._core.base.event cimport (
    STATUS_OPEN, STATUS_OTHER, Fill, OrderUpdate)
from engine._core.base.instrument cimport INSTRUMENTS_MAX
from engine._core.base.types cimport (
    GATEWAY_ID_MIN, NO_PRICE, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side, nanos_t,
    price_t, qty_max, qty_t)
from engine._core.state.position cimport Position

# (state, event) -> state; what is missing is FAULT_ORDER_TRANSITION.
#  DONE            SEND_NEW     -> PENDING_NEW
#  DONE            FOUND        -> LIVE             adopted from an earlier run
#  PENDING_NEW     OPEN         -> PENDING_NEW      the channel overtook the answer
#  PENDING_NEW     ANSWERED     -> LIVE
#  PENDING_NEW     REFUSED      -> DONE
#  LIVE            SEND_EDIT    -> PENDING_EDIT
#  LIVE            SEND_CANCEL  -> PENDING_CANCEL
#  LIVE            OPEN         -> LIVE             a partial fill, a venue-side change
#  PENDING_EDIT    OPEN         -> PENDING_EDIT     may be the word before the edit
#  PENDING_EDIT    ANSWERED     -> LIVE
#  PENDING_EDIT    REFUSED      -> LIVE
#  PENDING_EDIT    DOUBTED      -> UNKNOWN          it may have filled, or been pulled
#  PENDING_CANCEL  OPEN         -> PENDING_CANCEL
#  PENDING_CANCEL  ANSWERED     -> PENDING_CANCEL   an open order is no end
#  PENDING_CANCEL  REFUSED      -> LIVE
#  PENDING_CANCEL  DOUBTED      -> UNKNOWN          filled first? ask, then decide
#  UNKNOWN         OPEN         -> UNKNOWN          a lost request may still arrive
#  UNKNOWN         ANSWERED     -> LIVE             the answer came late
#  UNKNOWN         REFUSED      -> UNKNOWN          late as well, but it says too little
#  UNKNOWN         DOUBTED      -> UNKNOWN
#  UNKNOWN         FOUND        -> LIVE
#  UNKNOWN         GONE         -> DONE
#  any but DONE    ENDED        -> DONE
#  any but DONE    LOST         -> UNKNOWN
cdef enum:
    NO = -1
cdef int[ORDER_STATES][ORDER_EVENTS] NEXT = [
    # SEND_NEW, SEND_EDIT, SEND_CANCEL, OPEN, ANSWERED, REFUSED, DOUBTED, ENDED, LOST,
    # FOUND, GONE
    [ORDER_PENDING_NEW, NO, NO, NO, NO, NO, NO, NO, NO, ORDER_LIVE, NO],
    [NO, NO, NO, ORDER_PENDING_NEW, ORDER_LIVE, ORDER_DONE, NO, ORDER_DONE,
     ORDER_UNKNOWN, NO, NO],
    [NO, ORDER_PENDING_EDIT, ORDER_PENDING_CANCEL, ORDER_LIVE, NO, NO, NO, ORDER_DONE,
     ORDER_UNKNOWN, NO, NO],
    [NO, NO, NO, ORDER_PENDING_EDIT, ORDER_LIVE, ORDER_LIVE, ORDER_UNKNOWN, ORDER_DONE,
     ORDER_UNKNOWN, NO, NO],
    [NO, NO, NO, ORDER_PENDING_CANCEL, ORDER_PENDING_CANCEL, ORDER_LIVE,
     ORDER_UNKNOWN, ORDER_DONE, ORDER_UNKNOWN, NO, NO],
    [NO, NO, NO, ORDER_UNKNOWN, ORDER_LIVE, ORDER_UNKNOWN, ORDER_UNKNOWN, ORDER_DONE,
     ORDER_UNKNOWN, ORDER_LIVE, ORDER_DONE],
]

STATE_NAMES = ("done", "pending_new", "live", "pending_edit", "pending_cancel",
               "unknown")
EVENT_NAMES = ("send_new", "send_edit", "send_cancel", "open", "answered", "refused",
               "doubted", "ended", "lost", "found", "gone")

# Refusals that certainly did not execute. Everything else (10001, 10050, 11030, 11031,
# 11094, 13028, and any code we do not know) leaves the outcome open: ask.
cdef int[82] DEFINITE = [
    -32700, -32602, -32601, -32600, -32000, 10000, 10002, 10003, 10004, 10005, 10006,
    10007, 10009, 10010, 10011, 10012, 10013, 10014, 10015, 10016, 10017, 10018, 10019,
    10020, 10021, 10022, 10023, 10024, 10025, 10026, 10027, 10028, 10029, 10030, 10031,
    10032, 10033, 10034, 10035, 10036, 10037, 10038, 10039, 10040, 10041, 10043, 10044,
    10047, 10048, 10066, 10072, 11008, 11013, 11021, 11022, 11029, 11035, 11036, 11037,
    11038, 11039, 11042, 11043, 11044, 11049, 11050, 11051, 11054, 11055, 11059, 11098,
    13009, 13019, 13020, 13021, 13030, 13403, 13503, 13666, 13777, 13888, 13901]


cdef bint is_definite(int code) noexcept nogil:
    cdef int i
    for i in range(82):
        if DEFINITE[i] == code:
            return True
    return False


cdef bint says_ended(int code) noexcept nogil:
    # order_not_found, already_closed, already_filled, not_open_order; and 11054 on an
    # edit, which in reject mode has cancelled the resting order.
    return code in (10004, 10010, 11008, 11044, 11054)


cdef inline uint64_t hash_trade(const Fill* fill) noexcept nogil:
    cdef uint64_t h = 14695981039346656037ULL
    cdef int i
    for i in range(fill.trade_id_size):
        h = (h ^ <unsigned char>fill.trade_id[i]) * 1099511628211ULL
    h = (h ^ <uint64_t>fill.instrument) * 1099511628211ULL
    return h if h else 1


cdef inline void want_nothing_else(Order* row) noexcept nogil:
    """No request asks for another price or size than the venue last said."""
    row.wanted_price_ticks = row.price_ticks
    row.wanted_amount_lots = row.amount_lots


cdef class OrderTable:
    """Orders by slot, requests by id, trades by hash of their id.

    Cost: memory is taken at start and touched only where used; nothing is allocated
    afterwards.
    """

    def __init__(self, uint32_t run_id):
        self.n_slots = INSTRUMENTS_MAX * SLOTS_PER_INSTRUMENT
        self.rows = <Order*>calloc(self.n_slots, sizeof(Order))
        self.requests = <Request*>calloc(REQUESTS_MAX, sizeof(Request))
        self.trade_ring = <uint64_t*>calloc(TRADES_REMEMBERED, sizeof(uint64_t))
        self.trade_set = <uint64_t*>calloc(4 * TRADES_REMEMBERED, sizeof(uint64_t))
        if (self.rows == NULL or self.requests == NULL or self.trade_ring == NULL
                or self.trade_set == NULL):
            raise MemoryError
        self.run_id = run_id
        self.next_request_id = GATEWAY_ID_MIN
        self.next_sequence = 1

    def __dealloc__(self):
        free(self.rows)
        free(self.requests)
        free(self.trade_ring)
        free(self.trade_set)

    cdef bint _move(self, int32_t slot, OrderEvent event, Fault* fault) noexcept nogil:
        """Apply the table; a missing entry is a fault and moves nothing."""
        cdef Order* row = &self.rows[slot]
        cdef int after = NEXT[<int>row.state][<int>event]
        if not check(fault, after != NO, FAULT_ORDER_TRANSITION):
            return False
        self.n_by_state[<int>row.state] -= 1
        self.n_by_state[after] += 1
        row.state = <OrderState>after
        return True

    cdef qty_t remaining(self, int32_t slot) noexcept nogil:
        """Open size as the venue last said, lots."""
        cdef Order* row = &self.rows[slot]
        if row.state == ORDER_DONE:
            return 0
        return qty_max(0, row.amount_lots - qty_max(row.filled_lots, row.booked_lots))

    cdef qty_t worst(self, int32_t slot) noexcept nogil:
        """Size that may still move the position, lots."""
        cdef Order* row = &self.rows[slot]
        if row.state == ORDER_DONE:
            return 0
        return qty_max(
            0, qty_max(row.amount_lots, row.wanted_amount_lots) - row.booked_lots)

    cdef qty_t worst_side(self, int32_t instrument, Side side) noexcept nogil:
        cdef int32_t first = (
            instrument * SLOTS_PER_INSTRUMENT + <int>side * SLOTS_PER_SIDE)
        cdef int32_t i
        cdef qty_t total = 0
        for i in range(first, first + SLOTS_PER_SIDE):
            total += self.worst(i)
        return total

    cdef int64_t _request(
            self, int32_t slot, RequestKind kind, nanos_t now_ns) noexcept nogil:
        cdef int64_t request_id = self.next_request_id
        cdef Request* request = &self.requests[request_id % REQUESTS_MAX]
        if request.id != 0:
            return 0
        request.id = request_id
        request.slot = slot
        request.kind = kind
        request.sent_ns = now_ns
        request.sequence = self.rows[slot].sequence if slot >= 0 else 0
        self.next_request_id += 1
        return request_id

    cdef int64_t send_new(
            self, int32_t slot, price_t price_ticks, qty_t amount_lots, bint is_take,
            nanos_t now_ns, Fault* fault) noexcept nogil:
        cdef Order* row
        cdef int64_t request_id
        if not check(fault, 0 <= slot < self.n_slots, FAULT_INDEX):
            return 0
        row = &self.rows[slot]
        if not check(fault, row.state == ORDER_DONE, FAULT_ORDER_TRANSITION):
            return 0
        memset(row, 0, sizeof(Order))
        row.sequence = self.next_sequence
        request_id = self._request(slot, REQUEST_NEW, now_ns)
        if request_id == 0:
            return 0
        self.next_sequence += 1
        row.run = self.run_id
        row.is_take = is_take
        row.price_ticks = row.wanted_price_ticks = price_ticks
        row.wanted_amount_lots = amount_lots
        row.request_id = request_id
        row.sent_ns = now_ns
        self._move(slot, EVENT_SEND_NEW, fault)
        return request_id

    cdef int64_t _change(
            self, int32_t slot, RequestKind kind, OrderEvent event, nanos_t now_ns,
            Fault* fault) noexcept nogil:
        """Put a request about a live order in flight; 0: there was no room for it."""
        cdef Order* row = &self.rows[slot]
        cdef int64_t request_id
        if not check(fault, row.state == ORDER_LIVE, FAULT_ORDER_TRANSITION):
            return 0
        request_id = self._request(slot, kind, now_ns)
        if request_id == 0:
            return 0
        row.request_id = request_id
        row.sent_ns = now_ns
        self._move(slot, event, fault)
        return request_id

    cdef int64_t send_edit(
            self, int32_t slot, price_t price_ticks, qty_t amount_lots,
            nanos_t now_ns, Fault* fault) noexcept nogil:
        cdef int64_t request_id = self._change(
            slot, REQUEST_EDIT, EVENT_SEND_EDIT, now_ns, fault)
        if request_id:
            self.rows[slot].wanted_price_ticks = price_ticks
            self.rows[slot].wanted_amount_lots = amount_lots
        return request_id

    cdef int64_t send_cancel(
            self, int32_t slot, nanos_t now_ns, Fault* fault) noexcept nogil:
        return self._change(slot, REQUEST_CANCEL, EVENT_SEND_CANCEL, now_ns, fault)

    cdef int64_t send_cancel_all(self, nanos_t now_ns) noexcept nogil:
        return self._request(-1, REQUEST_CANCEL_ALL, now_ns)

    cdef bint take_request(self, int64_t request_id, Request* out) noexcept nogil:
        cdef Request* request = &self.requests[request_id % REQUESTS_MAX]
        if request_id <= 0 or request.id != request_id:
            return False
        out[0] = request[0]
        request.id = 0
        return True

    cdef void _learn(self, Order* row, const OrderUpdate* update) noexcept nogil:
        """Take over what the venue says about the order, unless it is older news."""
        if update.order_id_size and row.order_id_size == 0:
            memcpy(row.order_id, update.order_id, update.order_id_size)
            row.order_id_size = update.order_id_size
        row.filled_lots = qty_max(row.filled_lots, update.filled_lots)
        if update.venue_ms < row.venue_ms:
            return
        row.venue_ms = update.venue_ms
        row.amount_lots = update.amount_lots
        if update.price_ticks != NO_PRICE:
            row.price_ticks = update.price_ticks

    cdef void _end(
            self, int32_t slot, OrderEvent event, Position position, Fault* fault
            ) noexcept nogil:
        """Free the slot; what is filled but not yet traded to us stays counted."""
        cdef Order* row = &self.rows[slot]
        cdef int side = (slot % SLOTS_PER_INSTRUMENT) // SLOTS_PER_SIDE
        if row.filled_lots > row.booked_lots:
            position.unbooked_lots[side] += row.filled_lots - row.booked_lots
        self._move(slot, event, fault)

    cdef bint on_update(
            self, const OrderUpdate* update, Position position, bint is_answer,
            Fault* fault) noexcept nogil:
        cdef int32_t slot = update.label.slot
        cdef Order* row
        if not update.label.ours or not 0 <= slot < self.n_slots:
            return False
        row = &self.rows[slot]
        if (row.state == ORDER_DONE or row.sequence != update.label.sequence
                or row.run != update.label.run):
            return update.label.run == self.run_id
        self._learn(row, update)
        if update.status != STATUS_OPEN and update.status != STATUS_OTHER:
            self._end(slot, EVENT_ENDED, position, fault)
            return True
        if is_answer and row.state != ORDER_LIVE:
            if row.state != ORDER_PENDING_CANCEL:
                want_nothing_else(row)
                row.request_id = 0
            self._move(slot, EVENT_ANSWERED, fault)
        else:
            self._move(slot, EVENT_OPEN, fault)
            if row.state == ORDER_LIVE:
                want_nothing_else(row)
        return True

    cdef bint on_error(
            self, const Request* request, int code, Fault* fault) noexcept nogil:
        cdef Order* row
        cdef OrderEvent event = EVENT_LOST
        if request.slot < 0:
            return False
        row = &self.rows[request.slot]
        if row.state == ORDER_DONE or row.sequence != request.sequence:
            return False
        if request.kind != REQUEST_NEW and says_ended(code):
            event = EVENT_DOUBTED
        elif is_definite(code) and not (
                request.kind == REQUEST_NEW and row.order_id_size):
            # Refused, and yet shown on the channel: believe neither, ask.
            event = EVENT_REFUSED
        if row.request_id != request.id:
            return False
        row.request_id = 0
        if event == EVENT_REFUSED and row.state != ORDER_UNKNOWN:
            want_nothing_else(row)
        return self._move(request.slot, event, fault)

    cdef bint on_fill(self, const Fill* fill, Position position) noexcept nogil:
        cdef int32_t slot = fill.label.slot
        cdef Order* row
        cdef int side = <int>fill.side
        if not self._remember_trade(fill):
            return False
        position.book_fill(fill)
        if fill.label.ours and 0 <= slot < self.n_slots:
            row = &self.rows[slot]
            if (row.state != ORDER_DONE and row.sequence == fill.label.sequence
                    and row.run == fill.label.run):
                row.booked_lots += fill.qty_lots
                row.filled_lots = qty_max(row.filled_lots, row.booked_lots)
                return True
            position.unbooked_lots[side] = qty_max(
                0, position.unbooked_lots[side] - fill.qty_lots)
        return True

    cdef bint _remember_trade(self, const Fill* fill) noexcept nogil:
        """Return False for a trade id seen among the last TRADES_REMEMBERED."""
        cdef uint64_t h = hash_trade(fill)
        cdef uint64_t mask = 4 * TRADES_REMEMBERED - 1
        cdef uint64_t at = h & mask
        cdef int64_t i
        while self.trade_set[at]:
            if self.trade_set[at] == h:
                return False
            at = (at + 1) & mask
        self.trade_ring[self.n_trades % TRADES_REMEMBERED] = h
        self.trade_set[at] = h
        self.n_trades += 1
        if self.n_trades % TRADES_REMEMBERED == 0:
            # Rebuild from the ring: open addressing has no cheap removal.
            memset(self.trade_set, 0, 4 * TRADES_REMEMBERED * sizeof(uint64_t))
            for i in range(TRADES_REMEMBERED):
                at = self.trade_ring[i] & mask
                while self.trade_set[at]:
                    at = (at + 1) & mask
                self.trade_set[at] = self.trade_ring[i]
        return True

    cdef void on_lost(self, int32_t slot, nanos_t now_ns, Fault* fault) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        if row.state == ORDER_DONE:
            return
        row.sent_ns = now_ns
        self._move(slot, EVENT_LOST, fault)

    cdef void forget_requests(self) noexcept nogil:
        """No answer can come any more: the connection they were sent on is gone."""
        memset(self.requests, 0, REQUESTS_MAX * sizeof(Request))

    cdef void on_gone(
            self, int32_t slot, Position position, Fault* fault) noexcept nogil:
        if check(fault, self.rows[slot].state == ORDER_UNKNOWN, FAULT_ORDER_TRANSITION):
            self._end(slot, EVENT_GONE, position, fault)

    cdef bint adopt(
            self, const OrderUpdate* update, Position position,
            Fault* fault) noexcept nogil:
        """Take the venue's order into its slot; False when the slot has another one."""
        cdef int32_t slot = update.label.slot
        cdef Order* row
        if not update.label.ours or not 0 <= slot < self.n_slots:
            return False
        row = &self.rows[slot]
        if row.state == ORDER_DONE:
            if update.status != STATUS_OPEN or update.order_id_size == 0:
                return False
            memset(row, 0, sizeof(Order))
            row.run = update.label.run
            row.sequence = update.label.sequence
            row.booked_lots = update.filled_lots
        elif (row.state != ORDER_UNKNOWN or row.sequence != update.label.sequence
                or row.run != update.label.run):
            return False
        self._learn(row, update)
        row.request_id = 0
        want_nothing_else(row)
        if update.status == STATUS_OPEN:
            return self._move(slot, EVENT_FOUND, fault)
        if update.status != STATUS_OTHER:
            self._end(slot, EVENT_ENDED, position, fault)
        return True

    def label_of(self, int32_t slot):
        """Return the label of the order in a slot.

        Raises:
            IndexError: no such slot.
        """
        if not 0 <= slot < self.n_slots:
            raise IndexError(f"slot {slot}: there are {self.n_slots}")
        return f"hs-{self.rows[slot].run:08x}-{slot}-{self.rows[slot].sequence}"

    def describe(self, int32_t slot):
        """Return what is known of the order in a slot, as a mapping.

        Units: prices in base ticks, sizes in lots, amount is the total size.

        Raises:
            IndexError: no such slot.
        """
        label = self.label_of(slot)
        cdef Order* row = &self.rows[slot]
        cdef int within = slot % SLOTS_PER_INSTRUMENT
        return {
            "slot": slot,
            "side": "bid" if within < SLOTS_PER_SIDE else "ask",
            "level": within % SLOTS_PER_SIDE,
            "state": STATE_NAMES[<int>row.state],
            "order_id": row.order_id[:row.order_id_size].decode(),
            "label": label,
            "price_ticks": row.price_ticks,
            "amount_lots": row.amount_lots,
            "filled_lots": row.filled_lots,
            "booked_lots": row.booked_lots,
            "wanted_price_ticks": row.wanted_price_ticks,
            "wanted_amount_lots": row.wanted_amount_lots,
        }

    def counts(self):
        """Return the number of orders by state, DONE left out."""
        return {name: self.n_by_state[i]
                for i, name in enumerate(STATE_NAMES) if i != <int>ORDER_DONE}


def transition(str state not None, str event not None):
    """Return the state after an event by name, None where the table has no entry."""
    cdef int after = NEXT[STATE_NAMES.index(state)][EVENT_NAMES.index(event)]
    return None if after == NO else STATE_NAMES[after]
