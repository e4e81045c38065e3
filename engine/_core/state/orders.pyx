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
``PENDING_EDIT``    edits are on their way; old and new sizes all may be true.
``PENDING_CANCEL``  a cancel is on its way, behind edits perhaps; it may still fill.
``UNKNOWN``         we cannot tell: a request without an answer, a lost line, or an
                    error that does not say what happened. Only the venue ends it.

What always holds
-----------------
* An order leaves the table only on the venue's word: a terminal order state, a refusal
  that certainly did not execute, or the answer that there is no such order. Time never
  ends an order.
* ``worst`` counts every order at the largest size that may be true: the one the venue
  confirmed, and that of every request in flight, less the trades booked. Trades, not
  ``filled_amount``, move size from orders to position: if the venue reports the fill
  before the trade, the size stays counted (``Position.unbooked_lots`` after the order
  has ended).
* A trade id is booked once.
* At most ``PENDING_MAX`` edits of one order are in flight, and after a cancel no more.
* What is sent has a last chance (``valid_until``): until it has passed, "there is no
  such order" proves nothing; then it is final. Whoever asks compares with it.

Several requests in flight
--------------------------
Requests about one order reach the venue in the order they were sent, but not all are
carried out: an edit that still waits there is dropped when a newer one (13777) or a
cancel of ours (13666) arrives, or when its last chance has passed (13888). Each answer
takes its own request off; the state is what remains: ``PENDING_CANCEL`` with a cancel
in flight, else ``PENDING_EDIT`` with an edit, else ``LIVE`` (``RESTING`` below). A
request whose answer does not say what happened stays counted until the order has been
asked about.

A post-only price that would cross is moved by the venue. The price that came back is
the order's price; ``asked_ticks`` remembers what it was asked for, so that nobody asks
for the same again before the other side of the book has moved.

Deliberately elsewhere: what to send (gateway/differ), whether it may be sent
(quote/gate, gateway/credits, gateway/fuse), whom to ask about UNKNOWN (session).

Source: docs.deribit.com, order management, private/edit, error codes, Starbase amending
orders and speed bumps, seen 2026-08-22.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from engine._core.base.check cimport (
    FAULT_INDEX, FAULT_ORDER_TRANSITION, Fault, check)
from engine._core.base.event cimport (
    STATUS_OPEN, STATUS_OTHER, Fill, OrderUpdate)
from engine._core.base.instrument cimport INSTRUMENTS_MAX
from engine._core.base.types cimport (
    GATEWAY_ID_MIN, NO_PRICE, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, nanos_t,
    price_t, qty_max, qty_t)
from engine._core.state.position cimport Position
from engine._core.state.refusal cimport is_definite, says_ended
from engine._core.state.trades cimport TradeMemory

# (state, event) -> state; what is missing is FAULT_ORDER_TRANSITION. RESTING is what
# the requests still in flight make it: PENDING_CANCEL, PENDING_EDIT or LIVE.
#  DONE            SEND_NEW     -> PENDING_NEW
#  DONE            FOUND        -> RESTING          adopted from an earlier run
#  DONE            SEEN         -> UNKNOWN          refused or gone, and yet shown open
#  PENDING_NEW     OPEN         -> PENDING_NEW      the channel overtook the answer
#  PENDING_NEW     ANSWERED     -> RESTING
#  PENDING_NEW     REFUSED      -> DONE
#  LIVE            SEND_EDIT    -> PENDING_EDIT
#  LIVE            SEND_CANCEL  -> PENDING_CANCEL
#  LIVE            OPEN         -> LIVE             a partial fill, a venue-side change
#  PENDING_EDIT    SEND_EDIT    -> PENDING_EDIT     the wish has changed again
#  PENDING_EDIT    SEND_CANCEL  -> PENDING_CANCEL
#  PENDING_EDIT    OPEN         -> PENDING_EDIT     may be the word before the edit
#  PENDING_EDIT    ANSWERED     -> RESTING
#  PENDING_EDIT    REFUSED      -> RESTING
#  PENDING_EDIT    DOUBTED      -> UNKNOWN          it may have filled, or been pulled
#  PENDING_CANCEL  OPEN         -> PENDING_CANCEL
#  PENDING_CANCEL  ANSWERED     -> RESTING          by an edit; an open order is no end
#  PENDING_CANCEL  REFUSED      -> RESTING
#  PENDING_CANCEL  DOUBTED      -> UNKNOWN          filled first? ask, then decide
#  UNKNOWN         OPEN         -> UNKNOWN          a lost request may still arrive
#  UNKNOWN         ANSWERED     -> RESTING          the last answer came, late
#  UNKNOWN         REFUSED      -> UNKNOWN          late as well, but it says too little
#  UNKNOWN         DOUBTED      -> UNKNOWN
#  UNKNOWN         FOUND        -> RESTING
#  UNKNOWN         GONE         -> DONE
#  any but DONE    ENDED        -> DONE
#  any but DONE    LOST         -> UNKNOWN
cdef enum:
    NO = -1
    RESTING = ORDER_STATES
cdef int[ORDER_STATES][ORDER_EVENTS] NEXT = [
    # SEND_NEW, SEND_EDIT, SEND_CANCEL, OPEN, ANSWERED, REFUSED, DOUBTED, ENDED, LOST,
    # FOUND, GONE, SEEN
    [ORDER_PENDING_NEW, NO, NO, NO, NO, NO, NO, NO, NO, RESTING, NO, ORDER_UNKNOWN],
    [NO, NO, NO, ORDER_PENDING_NEW, RESTING, ORDER_DONE, NO, ORDER_DONE,
     ORDER_UNKNOWN, NO, NO, NO],
    [NO, ORDER_PENDING_EDIT, ORDER_PENDING_CANCEL, ORDER_LIVE, NO, NO, NO, ORDER_DONE,
     ORDER_UNKNOWN, NO, NO, NO],
    [NO, ORDER_PENDING_EDIT, ORDER_PENDING_CANCEL, ORDER_PENDING_EDIT, RESTING, RESTING,
     ORDER_UNKNOWN, ORDER_DONE, ORDER_UNKNOWN, NO, NO, NO],
    [NO, NO, NO, ORDER_PENDING_CANCEL, RESTING, RESTING,
     ORDER_UNKNOWN, ORDER_DONE, ORDER_UNKNOWN, NO, NO, NO],
    [NO, NO, NO, ORDER_UNKNOWN, RESTING, ORDER_UNKNOWN, ORDER_UNKNOWN, ORDER_DONE,
     ORDER_UNKNOWN, RESTING, ORDER_DONE, NO],
]

STATE_NAMES = ("done", "pending_new", "live", "pending_edit", "pending_cancel",
               "unknown")
EVENT_NAMES = ("send_new", "send_edit", "send_cancel", "open", "answered", "refused",
               "doubted", "ended", "lost", "found", "gone", "seen")


cdef inline void want_the_newest(Order* row) noexcept nogil:
    """What is wanted is what was asked for last; without a request, what there is."""
    cdef int newest = row.n_pending - 1
    if newest >= 0:
        row.wanted_price_ticks = row.pending[newest].price_ticks
        row.wanted_amount_lots = row.pending[newest].amount_lots
    else:
        row.wanted_price_ticks = row.price_ticks
        row.wanted_amount_lots = row.amount_lots


cdef inline void add_pending(
        Order* row, int64_t request_id, price_t price_ticks, qty_t amount_lots,
        int64_t valid_until_ms, nanos_t now_ns) noexcept nogil:
    cdef Pending* newest = &row.pending[row.n_pending]
    row.n_pending += 1
    newest.request_id = request_id
    newest.price_ticks = price_ticks
    newest.amount_lots = amount_lots
    newest.sent_ns = now_ns
    newest.valid_until_ms = valid_until_ms
    want_the_newest(row)


cdef inline int find_pending(const Order* row, int64_t request_id) noexcept nogil:
    """Return the place of a request among those in flight, -1 when it is none."""
    cdef int i
    for i in range(row.n_pending):
        if row.pending[i].request_id == request_id:
            return i
    return -1


cdef inline void drop_pending(Order* row, int at) noexcept nogil:
    """Take an answered request off."""
    cdef int i
    row.n_pending -= 1
    for i in range(at, row.n_pending):
        row.pending[i] = row.pending[i + 1]
    want_the_newest(row)


cdef inline bint is_of(
        const Order* row, uint32_t run, int64_t sequence) noexcept nogil:
    """Whether the slot holds this life of an order."""
    return row.sequence == sequence and row.run == run


@cython.final
cdef class OrderTable:
    """Orders by slot, requests by id.

    Cost: memory is taken at start and touched only where used; nothing is allocated
    afterwards.
    """

    def __init__(self, uint32_t run_id):
        self.n_slots = INSTRUMENTS_MAX * SLOTS_PER_INSTRUMENT
        self.rows = <Order*>calloc(self.n_slots, sizeof(Order))
        self.requests = <Request*>calloc(REQUESTS_MAX, sizeof(Request))
        self.live = <uint32_t*>calloc(INSTRUMENTS_MAX, sizeof(uint32_t))
        if self.rows == NULL or self.requests == NULL or self.live == NULL:
            raise MemoryError
        self.trades = TradeMemory()
        self.run_id = run_id
        self.next_request_id = GATEWAY_ID_MIN
        self.next_sequence = 1

    def __dealloc__(self):
        free(self.rows)
        free(self.requests)
        free(self.live)

    cdef bint _move(self, int32_t slot, OrderEvent event, Fault* fault) noexcept nogil:
        """Apply the table; a missing entry is a fault and moves nothing."""
        cdef Order* row = &self.rows[slot]
        cdef int after = NEXT[<int>row.state][<int>event]
        if not check(fault, after != NO, FAULT_ORDER_TRANSITION):
            return False
        if after == RESTING:
            after = (ORDER_PENDING_CANCEL if row.cancel_id
                     else ORDER_PENDING_EDIT if row.n_pending else ORDER_LIVE)
        if row.state == ORDER_DONE or after == <int>ORDER_DONE:
            self._note_live(slot, after != <int>ORDER_DONE)
        self.n_by_state[<int>row.state] -= 1
        self.n_by_state[after] += 1
        row.state = <OrderState>after
        return True

    cdef void _note_live(self, int32_t slot, bint is_live) noexcept nogil:
        cdef uint32_t bit = <uint32_t>1 << (slot % SLOTS_PER_INSTRUMENT)
        if is_live:
            self.live[slot // SLOTS_PER_INSTRUMENT] |= bit
        else:
            self.live[slot // SLOTS_PER_INSTRUMENT] &= ~bit

    cdef nanos_t waiting_since(self, int32_t slot) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        if row.state == ORDER_DONE:
            return 0
        if row.n_pending and row.cancel_id:
            return min(row.pending[0].sent_ns, row.cancel_ns)
        if row.n_pending:
            return row.pending[0].sent_ns
        return row.cancel_ns if row.cancel_id else 0

    cdef int64_t valid_until_ms(self, int32_t slot) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        cdef int64_t latest = 0
        cdef int i
        if row.state == ORDER_DONE:
            return 0
        for i in range(row.n_pending):
            if row.pending[i].valid_until_ms == 0:
                return NEVER_MS
            latest = max(latest, row.pending[i].valid_until_ms)
        return latest

    cdef int64_t _request(
            self, int32_t slot, RequestKind kind, nanos_t now_ns) noexcept nogil:
        cdef int64_t request_id = self.next_request_id
        cdef Request* request = &self.requests[request_id & (REQUESTS_MAX - 1)]
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
            int64_t valid_until_ms, nanos_t now_ns, Fault* fault) noexcept nogil:
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
        row.price_ticks = row.asked_ticks = price_ticks
        add_pending(row, request_id, price_ticks, amount_lots, valid_until_ms, now_ns)
        self._move(slot, EVENT_SEND_NEW, fault)
        return request_id

    cdef int64_t send_edit(
            self, int32_t slot, price_t price_ticks, qty_t amount_lots,
            int64_t valid_until_ms, nanos_t now_ns, Fault* fault) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        cdef int64_t request_id
        if not check(fault, self.can_edit(slot), FAULT_ORDER_TRANSITION):
            return 0
        request_id = self._request(slot, REQUEST_EDIT, now_ns)
        if request_id == 0:
            return 0
        add_pending(row, request_id, price_ticks, amount_lots, valid_until_ms, now_ns)
        self._move(slot, EVENT_SEND_EDIT, fault)
        return request_id

    cdef int64_t send_cancel(
            self, int32_t slot, nanos_t now_ns, Fault* fault) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        cdef int64_t request_id
        if not check(fault, self.can_cancel(slot), FAULT_ORDER_TRANSITION):
            return 0
        request_id = self._request(slot, REQUEST_CANCEL, now_ns)
        if request_id == 0:
            return 0
        row.cancel_id = request_id
        row.cancel_ns = now_ns
        self._move(slot, EVENT_SEND_CANCEL, fault)
        return request_id

    cdef int64_t send_cancel_all(self, nanos_t now_ns) noexcept nogil:
        return self._request(-1, REQUEST_CANCEL_ALL, now_ns)

    cdef bint take_request(self, int64_t request_id, Request* out) noexcept nogil:
        cdef Request* request = &self.requests[request_id & (REQUESTS_MAX - 1)]
        if request_id <= 0 or request.id != request_id:
            return False
        out[0] = request[0]
        request.id = 0
        return True

    cdef bint _learn(self, Order* row, const OrderUpdate* update) noexcept nogil:
        """Take over what the venue says about the order; False: it is older news."""
        cdef bint is_older = (
            update.venue_ms < row.venue_ms
            or (update.venue_ms == row.venue_ms
                and update.filled_lots < row.filled_lots))
        if update.order_id_size and row.order_id_size == 0:
            memcpy(row.order_id, update.order_id, update.order_id_size)
            row.order_id_size = update.order_id_size
        row.filled_lots = qty_max(row.filled_lots, update.filled_lots)
        if is_older:
            return False
        row.venue_ms = update.venue_ms
        row.amount_lots = update.amount_lots
        if update.price_ticks != NO_PRICE:
            self.n_moved -= row.asked_ticks != row.price_ticks
            row.price_ticks = update.price_ticks
            self.n_moved += row.asked_ticks != row.price_ticks
        return True

    cdef void _ask_for(self, Order* row, price_t price_ticks) noexcept nogil:
        """Remember what the venue was asked for when it chose the order's price."""
        self.n_moved -= row.asked_ticks != row.price_ticks
        row.asked_ticks = price_ticks
        self.n_moved += row.asked_ticks != row.price_ticks

    cdef void _end(
            self, int32_t slot, OrderEvent event, Position position, Fault* fault
            ) noexcept nogil:
        """Free the slot; what is filled but not yet traded to us stays counted."""
        cdef Order* row = &self.rows[slot]
        cdef int side = (slot % SLOTS_PER_INSTRUMENT) // SLOTS_PER_SIDE
        if row.filled_lots > row.booked_lots:
            position.unbooked_lots[side] += row.filled_lots - row.booked_lots
            self.trades.owe(row.run, row.sequence, row.filled_lots - row.booked_lots)
        self._ask_for(row, row.price_ticks)
        row.is_over = event == EVENT_ENDED
        row.n_pending = 0
        row.cancel_id = 0
        row.is_doubted = False
        self._move(slot, event, fault)

    cdef bint _reappear(
            self, int32_t slot, const OrderUpdate* update, Position position,
            nanos_t now_ns, Fault* fault) noexcept nogil:
        """Doubt the end of an order that the venue shows open after all."""
        cdef Order* row = &self.rows[slot]
        cdef int side = (slot % SLOTS_PER_INSTRUMENT) // SLOTS_PER_SIDE
        if (row.is_over or update.status != STATUS_OPEN
                or update.venue_ms < row.venue_ms):
            return False
        position.unbooked_lots[side] -= self.trades.pay(
            row.run, row.sequence, row.filled_lots - row.booked_lots)
        self._learn(row, update)
        self._ask_for(row, row.price_ticks)
        want_the_newest(row)
        row.is_doubted = True
        row.asked_ns = now_ns
        return self._move(slot, EVENT_SEEN, fault)

    cdef bint on_update(
            self, const OrderUpdate* update, Position position, int64_t answered_id,
            nanos_t now_ns, Fault* fault) noexcept nogil:
        cdef int32_t slot = update.label.slot
        cdef Order* row
        cdef bint is_newest, is_answered
        cdef int at
        if not update.label.ours or not 0 <= slot < self.n_slots:
            return False
        row = &self.rows[slot]
        if not is_of(row, update.label.run, update.label.sequence):
            # About an earlier life; old news, unless newer than the news of this one.
            return update.label.run == self.run_id and not (
                update.status == STATUS_OPEN and 0 < row.venue_ms < update.venue_ms)
        if row.state == ORDER_DONE:
            self._reappear(slot, update, position, now_ns, fault)
            return True
        is_newest = self._learn(row, update)
        if update.status != STATUS_OPEN and update.status != STATUS_OTHER:
            self._end(slot, EVENT_ENDED, position, fault)
            return True
        # A cancel answered with an open order is no end: it stays in flight.
        at = find_pending(row, answered_id)
        is_answered = at >= 0
        if is_answered:
            if is_newest:
                self._ask_for(row, row.pending[at].price_ticks)
            drop_pending(row, at)
        want_the_newest(row)
        if row.state == ORDER_UNKNOWN and (row.is_doubted or row.n_pending):
            is_answered = False
        return self._move(
            slot, EVENT_ANSWERED if is_answered else EVENT_OPEN, fault)

    cdef bint on_error(
            self, const Request* request, int code, nanos_t now_ns, Fault* fault
            ) noexcept nogil:
        cdef Order* row
        cdef OrderEvent event = EVENT_LOST
        cdef int at
        if request.slot < 0:
            return False
        row = &self.rows[request.slot]
        if row.state == ORDER_DONE or row.sequence != request.sequence:
            return False
        at = find_pending(row, request.id)
        if request.kind == REQUEST_CANCEL:
            if row.cancel_id != request.id:
                return False
            row.cancel_id = 0
        elif at < 0:
            return False
        if request.kind != REQUEST_NEW and says_ended(code):
            event = EVENT_DOUBTED
        elif is_definite(code) and not (
                request.kind == REQUEST_NEW and row.order_id_size):
            # Refused, and yet shown on the channel: believe neither, ask.
            event = EVENT_REFUSED
        if at >= 0 and event != EVENT_LOST:
            drop_pending(row, at)
        if event != EVENT_REFUSED:
            row.is_doubted = True
            row.asked_ns = now_ns
        return self._move(request.slot, event, fault)

    cdef bint on_fill(self, const Fill* fill, Position position) noexcept nogil:
        cdef int32_t slot = fill.label.slot
        cdef Order* row
        cdef int side = <int>fill.side
        if not self.trades.remember(fill):
            return False
        position.book_fill(fill)
        if fill.label.ours and 0 <= slot < self.n_slots:
            row = &self.rows[slot]
            if row.state != ORDER_DONE and is_of(
                    row, fill.label.run, fill.label.sequence):
                row.booked_lots += fill.qty_lots
                row.filled_lots = qty_max(row.filled_lots, row.booked_lots)
                return True
            position.unbooked_lots[side] = qty_max(
                0, position.unbooked_lots[side] - self.trades.pay(
                    fill.label.run, fill.label.sequence, fill.qty_lots))
        return True

    cdef void on_lost(self, int32_t slot, nanos_t now_ns, Fault* fault) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        if row.state == ORDER_DONE:
            return
        row.asked_ns = now_ns
        self._move(slot, EVENT_LOST, fault)

    cdef void forget_requests(self) noexcept nogil:
        """No answer can come any more: the connection they were sent on is gone."""
        memset(self.requests, 0, REQUESTS_MAX * sizeof(Request))

    cdef void forget_moves(self, int32_t instrument, int64_t venue_ms) noexcept nogil:
        cdef int32_t first = instrument * SLOTS_PER_INSTRUMENT
        cdef int32_t i
        if self.n_moved == 0:
            return
        for i in range(first, first + SLOTS_PER_INSTRUMENT):
            if self.rows[i].state != ORDER_DONE and self.rows[i].venue_ms < venue_ms:
                self._ask_for(&self.rows[i], self.rows[i].price_ticks)

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
        elif row.state != ORDER_UNKNOWN or not is_of(
                row, update.label.run, update.label.sequence):
            return False
        self._learn(row, update)
        self._ask_for(row, row.price_ticks)
        if update.status == STATUS_OTHER:
            return True
        row.n_pending = 0
        row.cancel_id = 0
        row.is_doubted = False
        want_the_newest(row)
        if update.status == STATUS_OPEN:
            return self._move(slot, EVENT_FOUND, fault)
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

        Units: prices in base ticks, sizes in lots, amount is the total size;
        valid_until_ms in venue time, 0 = nothing is in flight that could still change
        the order, NEVER_MS = something is, without an end; sent_ns of the newest.
        Raises IndexError: no such slot.
        """
        label = self.label_of(slot)
        cdef Order* row = &self.rows[slot]
        cdef int within = slot % SLOTS_PER_INSTRUMENT, n = row.n_pending
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
            "pending": n,
            "sent_ns": row.pending[n - 1].sent_ns if n else 0,
            "valid_until_ms": self.valid_until_ms(slot),
            "worst_lots": self.worst(slot),
        }

    def counts(self):
        """Return the number of orders by state, DONE left out."""
        return {name: self.n_by_state[i]
                for i, name in enumerate(STATE_NAMES) if i != <int>ORDER_DONE}


def transition(str state not None, str event not None):
    """Return the state after an event by name, None where the table has no entry.

    "resting": pending_cancel, pending_edit or live, as what is in flight decides.
    """
    cdef int after = NEXT[STATE_NAMES.index(state)][EVENT_NAMES.index(event)]
    if after == RESTING:
        return "resting"
    return None if after == NO else STATE_NAMES[after]
