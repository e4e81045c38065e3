# What the core holds, and what the session may ask of it.
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from libc.stdint cimport int32_t, int64_t

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.check cimport Fault
from engine._core.base.hist cimport Histogram
from engine._core.base.instrument cimport InstrumentTable
from engine._core.base.stance cimport Stance
from engine._core.base.types cimport CONNECTIONS_MAX, nanos_t
from engine._core.decode.message cimport MESSAGE_KINDS, Decoder, MessageKind
from engine._core.gateway.credits cimport Credits
from engine._core.gateway.differ cimport Differ
from engine._core.gateway.scheduler cimport Scheduler
from engine._core.gateway.shares cimport Shares
from engine._core.gateway.turnover cimport Turnover
from engine._core.gateway.caps cimport Caps
from engine._core.quote.agenda cimport Agenda
from engine._core.quote.market cimport Market
from engine._core.quote.strategy cimport Strategy
from engine._core.state.exposure cimport ExposureTable
from engine._core.state.markout cimport Markouts
from engine._core.state.orders cimport REQUEST_KINDS, OrderTable

cdef enum:
    NOTES_MAX = 1000       # notes kept for the shell; later ones are only counted


cdef enum Mode:
    MODE_HOLD = 0      # no session: orders are left to recovery, nothing is sent
    MODE_PULL = 1      # quoting not allowed: every sheet is blank, so orders are pulled
    MODE_QUOTE = 2
    MODE_HALT = 3      # a fault or a kill: cancel all, until restart


cdef struct Counters:
    long frames
    long book_frames
    long gaps
    long crossed
    long stale_discarded
    long waiting_discarded
    long trades            # of anybody, told by the venue
    long fills
    long duplicate_fills
    long foreign_orders
    long rejects
    long turns
    long held_back         # actions that waited for an own order of the other side
    long credit_waits      # decisions cut short for want of credits
    long cap_waits         # requests held back by a cap or a limit over instruments
    long stalls            # times the engine stood still for longer than its limit


cdef class Desk:
    cdef:
        readonly InstrumentTable table
        readonly OrderTable orders
        readonly Credits credits
        Decoder decoder
        Differ differ
        Scheduler scheduler
        Turnover turnover
        list buffers                   # ByteBuf by connection
        ByteBuf out                    # the first of them, which requests go to
        list markets                   # Market or None by instrument index
        list quoted                    # markets with a strategy, by Market.turn_place
        Agenda agenda                  # those of them to decide on
        dict views
        dict waiting                   # instrument not listed yet -> who reads it
        object session
        bint has_told                  # the session was called: ask for its timer
        nanos_t session_due_ns         # its timer as last asked for, 0 = none
        Fault fault
        Mode mode
        str mode_reason
        Stance stance                  # of the account
        str stance_reason
        readonly ExposureTable exposure
        Markouts markouts
        readonly Caps caps
        readonly Shares shares
        dict budget_of                 # instrument -> name of its budget
        nanos_t stall_max_ns           # 0 = no limit
        bint is_stalled                # our timer is late by more, and not called yet
        nanos_t fresh_ns               # data from before this counts for nothing
        long refusals                  # order requests in a row, of all instruments
        nanos_t[CONNECTIONS_MAX] heard_ns
        str halted
        nanos_t now_ns
        int64_t wall_offset_ns         # venue wall clock - t_ns, 0 = not told
        nanos_t tick_ns
        nanos_t kill_ns
        nanos_t ack_timeout_ns
        nanos_t credits_ready_ns       # when what waits for credits may go, 0 = nothing
        nanos_t valid_for_ns           # from sending to the last chance, 0 = no end
        int64_t venue_offset_ns        # the venue's clock - t_ns; see has_clock
        bint has_clock                 # the venue's clock was told
        bint measures
        int n_connections
        bint[CONNECTIONS_MAX] is_connected
        Counters counters
        long[MESSAGE_KINDS] n_by_kind
        long[REQUEST_KINDS] n_by_request
        dict rejects
        list pending_notes
        long dropped_notes
        set noted_kinds
        list closing                   # (conn, reason); see Desk.close
        list pending_errands           # names; see Desk.errand
        Py_ssize_t n_closing           # of them, from before this verb
        Py_ssize_t n_errands
        bint is_killing                # kill_orders was asked for; until quoting again
        Histogram hist_decode
        Histogram hist_state
        Histogram hist_quote
        Histogram hist_gateway
        Histogram hist_turn
        Histogram hist_ack
        Histogram hist_feed

    # None = no instrument there.
    cdef inline Market _market(self, int32_t index):
        if 0 <= index < PyList_GET_SIZE(self.markets):
            return <Market>PyList_GET_ITEM(self.markets, index)
        return None

    # Decode a row as if it had come on a channel: there is one way to read.
    cdef MessageKind _read_row(self, str channel, object data) except *
    cdef bint _take_word(self, object row) except -1
    cdef int _attend(self, Market market, Strategy strategy) except -1
    cdef Market _named(self, str name, Market market, Strategy strategy)
    cdef int _let_go(self, Market market) except -1


# Venue time after which what is sent now may not be carried out; 0 = no such time.
cdef inline int64_t valid_until_ms(Desk desk) noexcept nogil:
    if desk.valid_for_ns == 0:
        return 0
    return (desk.now_ns + desk.venue_offset_ns + desk.valid_for_ns) // 1000000
