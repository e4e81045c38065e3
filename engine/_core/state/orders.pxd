# Our orders, one per slot, and the only place where an order changes its state.
cimport cython
from libc.stdint cimport int32_t, int64_t, uint32_t

from engine._core.base.bits cimport low_bit
from engine._core.base.check cimport Fault
from engine._core.base.event cimport Fill, OrderUpdate
from engine._core.base.types cimport (
    ORDER_ID_MAX, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side, nanos_t, price_t, qty_max,
    qty_t)
from engine._core.state.position cimport Position
from engine._core.state.trades cimport TradeMemory


cdef enum:
    REQUESTS_MAX = 4096        # in flight; ids are remembered modulo this power of two
    PENDING_MAX = 4            # unanswered requests of one order: the venue's cap
    ORDER_STATES = 6
    ORDER_EVENTS = 12
    REQUEST_KINDS = 4
    SIDE_BITS = (1 << SLOTS_PER_SIDE) - 1


cdef extern from *:
    """
    #define HALFSPREAD_NEVER_MS INT64_MAX
    """
    const int64_t NEVER_MS "HALFSPREAD_NEVER_MS"


cdef enum OrderState:
    ORDER_DONE = 0             # nothing at the venue: the slot is free
    ORDER_PENDING_NEW = 1
    ORDER_LIVE = 2
    ORDER_PENDING_EDIT = 3     # one edit or several
    ORDER_PENDING_CANCEL = 4   # edits may be on their way as well
    ORDER_UNKNOWN = 5          # ask the venue; counts at full size until then


cdef enum OrderEvent:
    EVENT_SEND_NEW = 0         # a request of ours goes out
    EVENT_SEND_EDIT = 1
    EVENT_SEND_CANCEL = 2
    EVENT_OPEN = 3             # the venue shows the order open, on a channel
    EVENT_ANSWERED = 4         # our request succeeded and the order is open
    EVENT_REFUSED = 5          # our request was refused, the order is as it was
    EVENT_DOUBTED = 6          # our request was refused as the order may have ended
    EVENT_ENDED = 7            # filled, cancelled or rejected, says the venue
    EVENT_LOST = 8             # no answer: time-out, lost connection, unclear error
    EVENT_FOUND = 9            # asked: the order is open
    EVENT_GONE = 10            # asked: there is no such order
    EVENT_SEEN = 11            # refused or gone, and yet the venue shows it open


cdef enum RequestKind:
    REQUEST_NEW = 0
    REQUEST_EDIT = 1
    REQUEST_CANCEL = 2
    REQUEST_CANCEL_ALL = 3


# A new or an edit that may have been, or may still be, carried out.
cdef struct Pending:
    int64_t request_id
    price_t price_ticks
    qty_t amount_lots          # total size, filled part included
    nanos_t sent_ns
    int64_t valid_until_ms     # venue time of its last chance; 0 = it has no last one


# What a decision reads comes first, in a line or two of the cache.
cdef struct Order:
    OrderState state
    int n_pending
    price_t price_ticks        # as the venue last said
    price_t asked_ticks        # what it was asked for; another price: it was moved
    qty_t amount_lots          # total size as the venue last said, filled part included
    qty_t filled_lots          # as the venue last said
    qty_t booked_lots          # sum of the trades we have booked
    price_t wanted_price_ticks  # of the newest request in flight, else as price_ticks
    qty_t wanted_amount_lots
    int64_t sequence           # of the label
    uint32_t run               # of the label
    int order_id_size          # 0 = not told yet
    char[ORDER_ID_MAX] order_id
    Pending[PENDING_MAX] pending  # unanswered, oldest first
    int64_t cancel_id          # cancel in flight, 0 = none
    nanos_t cancel_ns          # when it was sent
    nanos_t asked_ns           # UNKNOWN: since when, or when it was last asked about
    int64_t venue_ms           # last_update_timestamp of the newest word applied
    bint is_take               # immediate or cancel
    bint is_doubted            # UNKNOWN: no late answer settles it, only a question
    bint is_over               # DONE: the venue itself showed the end


cdef struct Request:
    int64_t id                 # 0 = free
    int32_t slot               # -1 = none (cancel all)
    RequestKind kind
    int64_t sequence
    nanos_t sent_ns


@cython.final
cdef class OrderTable:
    cdef:
        Order* rows                        # by slot; addresses never move
        uint32_t* live                     # by instrument: a bit a slot, on unless DONE
        int32_t n_slots
        Request* requests
        TradeMemory trades
        int n_moved                        # orders whose price is not the one asked for
        readonly int64_t next_request_id
        readonly int64_t next_sequence
        readonly uint32_t run_id
        long[ORDER_STATES] n_by_state      # slots by state, DONE not counted

    # Facts about a slot. Cost: O(1).
    # Open size as the venue last said, lots.
    cdef inline qty_t remaining(self, int32_t slot) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        if row.state == ORDER_DONE:
            return 0
        return qty_max(0, row.amount_lots - qty_max(row.filled_lots, row.booked_lots))

    # Size that may still move the position, lots.
    cdef inline qty_t worst(self, int32_t slot) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        cdef qty_t most = row.amount_lots
        cdef int i
        if row.state == ORDER_DONE:
            return 0
        for i in range(row.n_pending):
            most = qty_max(most, row.pending[i].amount_lots)
        return qty_max(0, most - row.booked_lots)

    cdef inline bint can_edit(self, int32_t slot) noexcept nogil:
        cdef Order* row = &self.rows[slot]
        return (row.state == ORDER_LIVE
                or row.state == ORDER_PENDING_EDIT and row.n_pending < PENDING_MAX)

    cdef inline bint can_cancel(self, int32_t slot) noexcept nogil:
        cdef OrderState state = self.rows[slot].state
        return state == ORDER_LIVE or state == ORDER_PENDING_EDIT

    # Since when an answer is due, 0 = none is.
    cdef nanos_t waiting_since(self, int32_t slot) noexcept nogil
    # Venue time after which nothing sent can still be carried out. Empty: 0, nothing is
    # in flight; NEVER_MS, a request has no last chance.
    cdef int64_t valid_until_ms(self, int32_t slot) noexcept nogil

    # The slots of a side that are not DONE: a bit a level, and one for TAKE_SLOT.
    cdef inline uint32_t live_side(self, int32_t instrument, Side side) noexcept nogil:
        return self.live[instrument] >> (<int>side * SLOTS_PER_SIDE) & SIDE_BITS

    # Sum of `worst` over the slots of a side of an instrument. Cost: a step an order.
    cdef inline qty_t worst_side(self, int32_t instrument, Side side) noexcept nogil:
        cdef uint32_t live = self.live_side(instrument, side)
        cdef int32_t first = (
            instrument * SLOTS_PER_INSTRUMENT + <int>side * SLOTS_PER_SIDE)
        cdef qty_t total = 0
        while live:
            total += self.worst(first + low_bit(live))
            live &= live - 1
        return total

    # Our requests. Return the request id, 0 when REQUESTS_MAX are in flight.
    cdef int64_t send_new(
        self, int32_t slot, price_t price_ticks, qty_t amount_lots, bint is_take,
        int64_t valid_until_ms, nanos_t now_ns, Fault* fault) noexcept nogil
    cdef int64_t send_edit(
        self, int32_t slot, price_t price_ticks, qty_t amount_lots,
        int64_t valid_until_ms, nanos_t now_ns, Fault* fault) noexcept nogil
    cdef int64_t send_cancel(
        self, int32_t slot, nanos_t now_ns, Fault* fault) noexcept nogil
    cdef int64_t send_cancel_all(self, nanos_t now_ns) noexcept nogil

    # Take the request of an answer out of the table; False: we know no such request.
    cdef bint take_request(self, int64_t request_id, Request* out) noexcept nogil

    # The venue's words. False: the order is in no slot; when it is open, it strays.
    # answered_id: the request this is the answer to, 0 = it came on a channel.
    cdef bint on_update(
        self, const OrderUpdate* update, Position position, int64_t answered_id,
        nanos_t now_ns, Fault* fault) noexcept nogil
    cdef bint on_error(
        self, const Request* request, int code, nanos_t now_ns, Fault* fault
        ) noexcept nogil
    # False: a trade id seen before. Books into the position.
    cdef bint on_fill(self, const Fill* fill, Position position) noexcept nogil

    # Silence, and the answers to our questions.
    cdef void on_lost(self, int32_t slot, nanos_t now_ns, Fault* fault) noexcept nogil
    cdef void forget_requests(self) noexcept nogil
    # The touch has moved since: what a post-only price could not be, it may be now.
    cdef void forget_moves(self, int32_t instrument, int64_t venue_ms) noexcept nogil
    cdef void on_gone(
        self, int32_t slot, Position position, Fault* fault) noexcept nogil
    cdef bint adopt(
        self, const OrderUpdate* update, Position position, Fault* fault) noexcept nogil

    # Inside only.
    cdef bint _move(self, int32_t slot, OrderEvent event, Fault* fault) noexcept nogil
    cdef void _note_live(self, int32_t slot, bint is_live) noexcept nogil
    cdef int64_t _request(
        self, int32_t slot, RequestKind kind, nanos_t now_ns) noexcept nogil
    cdef bint _learn(self, Order* row, const OrderUpdate* update) noexcept nogil
    cdef void _ask_for(self, Order* row, price_t price_ticks) noexcept nogil
    cdef bint _reappear(
        self, int32_t slot, const OrderUpdate* update, Position position,
        nanos_t now_ns, Fault* fault) noexcept nogil
    cdef void _end(
        self, int32_t slot, OrderEvent event, Position position, Fault* fault
        ) noexcept nogil
