"""Order and trade objects: from the venue's fields to what the core keeps of them.

Source: docs.deribit.com, private/buy, user.orders, user.trades, seen 2026-08-22. Their
key order is not fixed, new keys appear, and a label is the only word of ours in them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport INT32_MAX, INT64_MAX, int32_t, int64_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from engine._core.base.event cimport (
    STATUS_CANCELLED, STATUS_FILLED, STATUS_OPEN, STATUS_OTHER, STATUS_REJECTED, Fill,
    Label, OrderStatus, OrderUpdate, Print)
from engine._core.base.fixed cimport Number, to_fixed_rounded
from engine._core.base.instrument cimport (
    Instrument, InstrumentTable, amount_to_lots, price_to_ticks)
from engine._core.base.types cimport (
    ASK, BID, FEE_CURRENCY_MAX, LABEL_MAX, NO_PRICE, ORDER_ID_MAX, price_t, qty_t)
from engine._core.decode.scan cimport (
    TROUBLE_RANGE, TROUBLE_SHAPE, Cursor, Text, enter_object, is_word, mark, next_key,
    skip, take_count, take_null, take_number, take_text)


cdef int field_of(const Text* key) noexcept nogil:
    """Return the field a key names, 0 for a key that nobody reads."""
    cdef char first = key.start[0]
    if first == c"i":
        return ROW_INSTRUMENT if is_word(key, b"instrument_name", 15) else 0
    if first == c"l":
        if is_word(key, b"label", 5):
            return ROW_LABEL
        if is_word(key, b"liquidity", 9):
            return ROW_LIQUIDITY
        return ROW_UPDATED if is_word(key, b"last_update_timestamp", 21) else 0
    if first == c"o":
        if is_word(key, b"order_id", 8):
            return ROW_ORDER_ID
        return ROW_STATE if is_word(key, b"order_state", 11) else 0
    if first == c"t":
        if is_word(key, b"trade_id", 8):
            return ROW_TRADE_ID
        if is_word(key, b"trade_seq", 9):
            return ROW_TRADE_SEQ
        return ROW_TIME if is_word(key, b"timestamp", 9) else 0
    if first == c"d":
        return ROW_DIRECTION if is_word(key, b"direction", 9) else 0
    if first == c"p":
        return ROW_PRICE if is_word(key, b"price", 5) else 0
    if first == c"a":
        return ROW_AMOUNT if is_word(key, b"amount", 6) else 0
    if first == c"b":
        return ROW_BLOCK if is_word(key, b"block_trade_id", 14) else 0
    if first == c"c":
        return ROW_COMBO if is_word(key, b"combo_id", 8) else 0
    if first == c"f":
        if is_word(key, b"filled_amount", 13):
            return ROW_FILLED
        if is_word(key, b"fee_currency", 12):
            return ROW_FEE_CURRENCY
        return ROW_FEE if is_word(key, b"fee", 3) else 0
    return 0


cdef OrderStatus status_of(const Text* word) noexcept nogil:
    if is_word(word, b"open", 4):
        return STATUS_OPEN
    if is_word(word, b"filled", 6):
        return STATUS_FILLED
    if is_word(word, b"cancelled", 9):
        return STATUS_CANCELLED
    if is_word(word, b"rejected", 8):
        return STATUS_REJECTED
    return STATUS_OTHER


cdef void take_word(Cursor* c, Row* row, int field) noexcept nogil:
    """Read a field that is one of a few words."""
    cdef Text word
    if not take_text(c, &word):
        return
    if field == ROW_STATE:
        row.status = status_of(&word)
    elif field == ROW_LIQUIDITY:
        row.is_maker = is_word(&word, b"M", 1)
    elif is_word(&word, b"buy", 3):
        row.side = BID
    elif is_word(&word, b"sell", 4):
        row.side = ASK
    else:
        c.trouble |= TROUBLE_SHAPE


cdef bint take_field(Cursor* c, Row* row, int field) noexcept nogil:
    """Read the value of a known key; False: it has none."""
    cdef Text word
    if take_null(c):
        return False
    if field == ROW_PRICE and c.p < c.end and c.p[0] == c'"':
        # A market order has the text "market_price" here.
        take_text(c, &word)
        return False
    if field == ROW_INSTRUMENT:
        take_text(c, &row.instrument)
    elif field == ROW_LABEL:
        take_text(c, &row.label)
    elif field == ROW_ORDER_ID:
        take_text(c, &row.order_id)
    elif field == ROW_TRADE_ID:
        take_text(c, &row.trade_id)
    elif field == ROW_PRICE:
        take_number(c, &row.price)
    elif field == ROW_AMOUNT:
        take_number(c, &row.amount)
    elif field == ROW_FILLED:
        take_number(c, &row.filled)
    elif field == ROW_FEE:
        take_number(c, &row.fee)
    elif field == ROW_FEE_CURRENCY:
        take_text(c, &row.fee_currency)
    elif field == ROW_TRADE_SEQ:
        take_count(c, &row.trade_seq)
    elif field == ROW_TIME:
        take_count(c, &row.time_ms)
    elif field == ROW_UPDATED:
        take_count(c, &row.updated_ms)
    elif field == ROW_BLOCK or field == ROW_COMBO:
        skip(c)
    else:
        take_word(c, row, field)
    return True


cdef void read_row(Cursor* c, Row* row) noexcept nogil:
    cdef Text key
    cdef int field
    memset(row, 0, sizeof(Row))
    if not enter_object(c):
        return
    while next_key(c, &key):
        field = field_of(&key)
        if field == 0:
            skip(c)
            continue
        mark(c, &row.seen, field)
        if take_field(c, row, field):
            row.has |= field


cdef void demand(Cursor* c, const Row* row, int fields) noexcept nogil:
    if row.has & fields != fields:
        c.trouble |= TROUBLE_SHAPE


cdef int copy_id(Cursor* c, const Text* text, char* out) noexcept nogil:
    """Copy an order or trade id; return its size, 0 with trouble when it cannot be."""
    if text.size == 0 or text.escaped:
        c.trouble |= TROUBLE_SHAPE
        return 0
    if text.size > ORDER_ID_MAX:
        c.trouble |= TROUBLE_RANGE
        return 0
    memcpy(out, text.start, text.size)
    return <int>text.size


cdef int copy_text(const Text* text, char* out, int most) noexcept nogil:
    """Copy a text that is only told on; return its size, 0 when it does not fit."""
    if text.escaped or text.size > most:
        return 0
    memcpy(out, text.start, text.size)
    return <int>text.size


cdef int32_t find_instrument(InstrumentTable table, const Text* name) noexcept nogil:
    return -1 if name.escaped else table.find(name.start, name.size)


cdef qty_t lots_of(
        Cursor* c, const Instrument* instrument, Number amount) noexcept nogil:
    """Return a size in lots; off the grid or negative is trouble."""
    cdef qty_t lots = 0
    if not amount_to_lots(instrument, amount, &lots) or lots < 0:
        c.trouble |= TROUBLE_RANGE
        return 0
    return lots


cdef price_t ticks_of(const Instrument* instrument, const Row* row) noexcept nogil:
    cdef price_t ticks = NO_PRICE
    if row.has & ROW_PRICE and price_to_ticks(instrument, row.price, &ticks):
        return ticks
    return NO_PRICE


cdef void read_label(const Row* row, Label* out) noexcept nogil:
    out.ours = False
    if row.has & ROW_LABEL and not row.label.escaped:
        parse_label(row.label.start, row.label.size, out)


cdef void row_to_order(
        Cursor* c, const Row* row, InstrumentTable table,
        OrderUpdate* out) noexcept nogil:
    cdef const Instrument* instrument
    memset(out, 0, sizeof(OrderUpdate))
    out.instrument = -1
    out.price_ticks = NO_PRICE
    demand(c, row, ROW_INSTRUMENT | ROW_ORDER_ID | ROW_STATE | ROW_DIRECTION)
    read_label(row, &out.label)
    if out.label.ours:
        demand(c, row, ROW_AMOUNT)
    if c.trouble & TROUBLE_SHAPE:
        return
    out.order_id_size = copy_id(c, &row.order_id, out.order_id)
    out.status = row.status
    out.side = row.side
    out.venue_ms = row.updated_ms
    out.instrument = find_instrument(table, &row.instrument)
    if out.instrument < 0:
        return
    instrument = &table.rows[out.instrument]
    out.price_ticks = ticks_of(instrument, row)
    out.amount_lots = lots_of(c, instrument, row.amount)
    out.filled_lots = lots_of(c, instrument, row.filled)


cdef void row_to_fill(
        Cursor* c, const Row* row, InstrumentTable table, Fill* out) noexcept nogil:
    cdef const Instrument* instrument
    memset(out, 0, sizeof(Fill))
    out.instrument = -1
    out.price_ticks = NO_PRICE
    demand(c, row, ROW_INSTRUMENT | ROW_ORDER_ID | ROW_TRADE_ID | ROW_DIRECTION
           | ROW_AMOUNT)
    if c.trouble & TROUBLE_SHAPE:
        return
    read_label(row, &out.label)
    out.order_id_size = copy_id(c, &row.order_id, out.order_id)
    out.trade_id_size = copy_id(c, &row.trade_id, out.trade_id)
    if row.has & ROW_LABEL:
        out.label_size = copy_text(&row.label, out.label_text, LABEL_MAX)
    if row.has & ROW_FEE_CURRENCY:
        out.fee_currency_size = copy_text(
            &row.fee_currency, out.fee_currency, FEE_CURRENCY_MAX)
    out.side = row.side
    out.is_maker = row.is_maker
    out.trade_seq = row.trade_seq if row.has & ROW_TRADE_SEQ else -1
    out.venue_ms = row.time_ms
    out.price, out.fee = row.price, row.fee
    if not to_fixed_rounded(row.fee, FEE_DECIMALS, &out.fee_e12):
        c.trouble |= TROUBLE_RANGE
    out.instrument = find_instrument(table, &row.instrument)
    if out.instrument < 0:
        return
    instrument = &table.rows[out.instrument]
    out.price_ticks = ticks_of(instrument, row)
    out.qty_lots = lots_of(c, instrument, row.amount)


cdef bint row_to_print(
        Cursor* c, const Row* row, InstrumentTable table, int32_t instrument,
        Print* out) noexcept nogil:
    cdef const Instrument* known = &table.rows[instrument]
    demand(c, row, ROW_INSTRUMENT | ROW_DIRECTION | ROW_PRICE | ROW_AMOUNT | ROW_TIME)
    if c.trouble & TROUBLE_SHAPE:
        return False
    if find_instrument(table, &row.instrument) != instrument:
        c.trouble |= TROUBLE_SHAPE
        return False
    if row.has & (ROW_BLOCK | ROW_COMBO):
        return False
    out.side = ASK if row.side == BID else BID
    out.venue_ms = row.time_ms
    out.price_ticks = ticks_of(known, row)
    out.qty_lots = lots_of(c, known, row.amount)
    if out.price_ticks == NO_PRICE:
        c.trouble |= TROUBLE_RANGE
    return not c.trouble


cdef const char* parse_whole(
        const char* p, const char* end, int64_t most, int64_t* out) noexcept nogil:
    """Read digits as our encoder writes them: no sign, no leading zero, <= ``most``."""
    cdef const char* first = p
    cdef int64_t digit
    out[0] = 0
    while p < end and c"0" <= p[0] <= c"9":
        digit = p[0] - c"0"
        if out[0] > (most - digit) // 10:
            return NULL
        out[0] = out[0] * 10 + digit
        p += 1
    if p == first or first[0] == c"0" and p - first > 1:
        return NULL
    return p


cdef void parse_label(const char* p, Py_ssize_t n, Label* out) noexcept nogil:
    cdef const char* end = p + n
    cdef uint32_t run = 0
    cdef int64_t slot = 0, sequence = 0
    cdef int i
    memset(out, 0, sizeof(Label))
    # "hs-", eight hex digits and a dash come first.
    if n < 12 or memcmp(p, b"hs-", 3) != 0 or p[11] != c"-":
        return
    for i in range(3, 11):
        if c"0" <= p[i] <= c"9":
            run = run << 4 | <uint32_t>(p[i] - c"0")
        elif c"a" <= p[i] <= c"f":
            run = run << 4 | <uint32_t>(p[i] - c"a" + 10)
        else:
            return
    p += 12
    if p < end and p[0] == c"t":
        slot = -1
        p += 1
    else:
        p = parse_whole(p, end, INT32_MAX, &slot)
    if p == NULL or p >= end or p[0] != c"-":
        return
    p = parse_whole(p + 1, end, INT64_MAX, &sequence)
    if p != end:
        return
    out.ours = True
    out.run = run
    out.slot = <int32_t>slot
    out.sequence = sequence


def label(bytes text not None):
    """Return ``(run, slot, sequence)`` of a label of ours, None for any other text.

    The slot of a ticket is -1.
    """
    cdef Label parsed
    parse_label(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), &parsed)
    return (parsed.run, parsed.slot, parsed.sequence) if parsed.ours else None
