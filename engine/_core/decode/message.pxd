# Payload -> events. One payload is one message; what it held stays readable in the
# decoder's fields until the next payload.
cimport cython
from libc.stdint cimport int32_t, int64_t

from engine._core.base.event cimport (
    BookChange, Fill, LevelChange, OrderUpdate, Print, Reply, Ticker)
from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.types cimport Side
from engine._core.decode.quick cimport Recent
from engine._core.decode.row cimport Row
from engine._core.decode.scan cimport Cursor, Text
from engine._core.base.types cimport GATEWAY_ID_MIN

cdef enum:
    LEVELS_PER_FRAME_MAX = 131072   # the deepest recorded snapshot has 2,042
    ORDERS_PER_FRAME_MAX = 1024
    FILLS_PER_FRAME_MAX = 1024
    PRINTS_PER_FRAME_MAX = 1024


cdef enum MessageKind:
    MESSAGE_BOOK = 0                # incremental book.{instrument}.{interval}: `book`
    MESSAGE_TICKER = 1              # ticker.{instrument}.{interval}: `ticker`
    MESSAGE_PRIVATE = 2             # user.orders / user.trades / user.changes
    MESSAGE_REPLY = 3               # answer to the gateway: `reply`, orders and fills
    MESSAGE_CONTROL = 4             # for the session: its replies, heartbeat, other
                                    # channels it may ask for (platform_state,
                                    # instrument.state, user.portfolio, user.lock, ...)
    MESSAGE_IGNORED = 5             # well-formed notification that no room reads
    MESSAGE_UNKNOWN = 6             # JSON, but no shape we know
    MESSAGE_MALFORMED = 7           # not JSON, cut short, or not an object
    MESSAGE_UNKNOWN_INSTRUMENT = 8  # a known shape about an instrument not in the table
    MESSAGE_OUT_OF_RANGE = 9        # a number off the grid, too large, or past a limit
                                    # above; for a book frame `book.instrument` is set
                                    # (-1 otherwise), so that the book can be given up
    MESSAGE_TRADES = 10             # public trades.{instrument}.{interval}: `prints`
    MESSAGE_KINDS = 11


# What a channel's name says about its data.
cdef enum Channel:
    CHANNEL_NONE = 0           # no channel seen
    CHANNEL_OTHER = 1          # nobody reads it
    CHANNEL_CONTROL = 2
    CHANNEL_BOOK = 3
    CHANNEL_TICKER = 4
    CHANNEL_ORDERS = 5
    CHANNEL_TRADES = 6
    CHANNEL_CHANGES = 7
    CHANNEL_PRINTS = 8


# What the outermost object of a payload held.
cdef struct Envelope:
    int seen                   # keys met
    bint is_heartbeat
    bint is_subscription
    Channel channel
    int32_t instrument         # of the channel, -1 = none or unknown
    bint has_data
    int params_trouble
    bint has_id                # a number or a text
    int64_t gateway_id         # 0 = not an id of the gateway
    const char* result         # where the values of these keys start
    const char* error


@cython.final
cdef class Decoder:
    cdef:
        InstrumentTable table
        LevelChange* levels
        int levels_capacity
        OrderUpdate* orders         # ORDERS_PER_FRAME_MAX
        int n_orders
        Fill* fills                 # FILLS_PER_FRAME_MAX
        int n_fills
        Print* prints               # PRINTS_PER_FRAME_MAX, of one instrument
        int n_prints
        int32_t printed             # that instrument
        BookChange book
        Ticker ticker
        Reply reply
        readonly long surprises     # payloads that needed orjson to be read
        readonly long quick         # book frames that took the quick road

    # Decode one payload. payload[size] must be readable (bytes have a NUL there).
    # Verifies the whole frame. Never raises; needs the GIL only for a surprise.
    cdef MessageKind decode(self, const char* payload, Py_ssize_t size) noexcept

    # Inside only.
    cdef:
        Recent recent
        bint wants_orjson           # the last scan met what orjson may still read
        Row row

    cdef bint _is_quick(self, const char* payload, Py_ssize_t size) noexcept nogil
    cdef void _reset(self) noexcept nogil
    cdef MessageKind _scan(
        self, const char* payload, Py_ssize_t size, bint is_canonical) noexcept nogil
    cdef MessageKind _ask_orjson(
        self, const char* payload, Py_ssize_t size, MessageKind first) noexcept
    cdef MessageKind _verdict(self, int trouble, MessageKind kind) noexcept nogil
    cdef MessageKind _notification(self, const Envelope* e) noexcept nogil
    cdef MessageKind _answer(self, Cursor* c, const Envelope* e) noexcept nogil
    cdef void _member(self, Cursor* c, const Text* key, Envelope* e) noexcept nogil
    cdef void _id(self, Cursor* c, Envelope* e) noexcept nogil
    cdef void _params(self, Cursor* c, Envelope* e) noexcept nogil
    cdef void _channel(self, const Text* name, Envelope* e) noexcept nogil
    cdef void _data(self, Cursor* c, const Envelope* e) noexcept nogil
    cdef void _book(self, Cursor* c, int32_t instrument) noexcept nogil
    cdef void _levels(self, Cursor* c, const Instrument* row, Side side) noexcept nogil
    cdef bint _grow(self) noexcept nogil
    cdef void _orders(self, Cursor* c) noexcept nogil
    cdef void _order(self, Cursor* c) noexcept nogil
    cdef void _fills(self, Cursor* c) noexcept nogil
    cdef void _prints(self, Cursor* c, int32_t instrument) noexcept nogil
    cdef void _changes(self, Cursor* c) noexcept nogil
    cdef void _result(self, Cursor* c) noexcept nogil
    cdef void _error(self, Cursor* c) noexcept nogil
