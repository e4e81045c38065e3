# Order and trade objects of the venue -> OrderUpdate and Fill. One reader for both: the
# two share most of their fields.
from libc.stdint cimport int32_t, int64_t

from engine._core.base.event cimport (
    Fill, Label, OrderStatus, OrderUpdate, Print)
from engine._core.base.fixed cimport Number
from engine._core.base.instrument cimport InstrumentTable
from engine._core.base.types cimport Side
from engine._core.decode.scan cimport Cursor, Text

cdef enum:
    FEE_DECIMALS = 12          # Fill.fee_e12


# The fields of a row that came with a value: `has` holds a bit for each (null is none).
cdef enum RowField:
    ROW_INSTRUMENT = 1
    ROW_LABEL = 2
    ROW_ORDER_ID = 4
    ROW_TRADE_ID = 8
    ROW_STATE = 16
    ROW_DIRECTION = 32
    ROW_LIQUIDITY = 64
    ROW_PRICE = 128            # not set for "market_price"
    ROW_AMOUNT = 256
    ROW_FILLED = 512
    ROW_FEE = 1024
    ROW_TIME = 2048            # timestamp, of a trade
    ROW_UPDATED = 4096         # last_update_timestamp, of an order
    ROW_TRADE_SEQ = 8192
    ROW_FEE_CURRENCY = 16384
    ROW_BLOCK = 32768          # block_trade_id
    ROW_COMBO = 65536          # combo_id


cdef struct Row:
    int has
    int seen                   # keys met, null or not
    Text instrument
    Text label
    Text order_id
    Text trade_id
    OrderStatus status
    Side side
    bint is_maker
    Number price
    Number amount
    Number filled
    Number fee
    Text fee_currency
    int64_t trade_seq
    int64_t time_ms
    int64_t updated_ms


# Read the object under the cursor; what does not fit shows in the cursor's trouble.
cdef void read_row(Cursor* c, Row* row) noexcept nogil

# Turn a row into an event. An instrument that is not in the table gives instrument -1,
# no price and no lots. What does not fit shows in the cursor's trouble.
cdef void row_to_order(
    Cursor* c, const Row* row, InstrumentTable table, OrderUpdate* out) noexcept nogil
cdef void row_to_fill(
    Cursor* c, const Row* row, InstrumentTable table, Fill* out) noexcept nogil

# Turn a public trade into a print; its instrument must be the one of the channel.
# False: it did not come out of the book, so it says nothing about it.
cdef bint row_to_print(
    Cursor* c, const Row* row, InstrumentTable table, int32_t instrument,
    Print* out) noexcept nogil

# Text -> our label; `out.ours` is False for any other text.
cdef void parse_label(const char* p, Py_ssize_t n, Label* out) noexcept nogil
