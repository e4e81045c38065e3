"""Book levels and tickers: the market data of one known instrument.

Source: docs.deribit.com, book.{instrument_name}.{interval} and ticker, seen 2026-08-22.
"""

from libc.math cimport NAN
from libc.string cimport memcmp, memset

from engine._core.base.event cimport LevelChange, Ticker
from engine._core.base.fixed cimport Number, to_double
from engine._core.base.instrument cimport (
    Instrument, amount_to_lots, price_to_ticks, round_passive)
from engine._core.base.types cimport ASK, BID, NO_PRICE, Side, price_t
from engine._core.decode.scan cimport (
    TROUBLE_RANGE, TROUBLE_SHAPE, Cursor, Text, enter_object, is_word, mark, next_key,
    skip, skip_space, take_count, take_null, take_number, take_text)


# Keys of a ticker.
cdef enum Key:
    KEY_TIMESTAMP = 1
    KEY_NAME = 2
    KEY_STATE = 4
    KEY_MARK = 8
    KEY_INDEX = 16
    KEY_MIN = 32
    KEY_MAX = 64
    KEY_UNDERLYING = 128
    KEY_FUNDING = 256
    KEY_FUNDING_8H = 512
    KEY_GREEKS = 1024


cdef void take_name(Cursor* c, const Instrument* row) noexcept nogil:
    """Read an instrument name, which must be the one of the channel."""
    cdef Text name
    if take_text(c, &name) and (
            name.size != row.name_size or memcmp(name.start, row.name, name.size) != 0):
        c.trouble |= TROUBLE_SHAPE


cdef inline const char* comma(const char* p, const char* end) noexcept nogil:
    """Step over a comma and the space around it; NULL when there is none."""
    p = skip_space(p, end)
    return skip_space(p + 1, end) if p < end and p[0] == c"," else NULL


cdef bint take_action(Cursor* c, bint* is_delete) noexcept nogil:
    """Read ``new``, ``change`` or ``delete``; another word is out of range."""
    cdef const char* p = c.p
    cdef Text word
    is_delete[0] = False
    # Eight bytes at least must follow in any whole frame.
    if c.end - p >= 8:
        if memcmp(p, b'"new"', 5) == 0:
            c.p = p + 5
            return True
        if memcmp(p, b'"change"', 8) == 0:
            c.p = p + 8
            return True
        if memcmp(p, b'"delete"', 8) == 0:
            is_delete[0] = True
            c.p = p + 8
            return True
    if not take_text(c, &word):
        return False
    c.trouble |= TROUBLE_RANGE
    return True


cdef void take_level(Cursor* c, const Instrument* row, LevelChange* out) noexcept nogil:
    """Read ``[action, price, amount]``."""
    cdef Number price, amount
    cdef bint is_delete
    if c.p >= c.end or c.p[0] != c"[":
        c.trouble |= TROUBLE_SHAPE
        return
    c.p = skip_space(c.p + 1, c.end)
    if not take_action(c, &is_delete):
        return
    c.p = comma(c.p, c.end)
    if c.p == NULL:
        c.trouble |= TROUBLE_SHAPE
        return
    take_number(c, &price)
    c.p = comma(c.p, c.end)
    if c.p == NULL:
        c.trouble |= TROUBLE_SHAPE
        return
    take_number(c, &amount)
    c.p = skip_space(c.p, c.end)
    if c.p >= c.end or c.p[0] != c"]":
        c.trouble |= TROUBLE_SHAPE
        return
    c.p += 1
    if c.trouble:
        return
    if (not price_to_ticks(row, price, &out.price_ticks)
            or not amount_to_lots(row, amount, &out.qty_lots) or out.qty_lots < 0):
        c.trouble |= TROUBLE_RANGE
    if is_delete:
        out.qty_lots = 0


cdef double take_price_or_null(Cursor* c) noexcept nogil:
    """Read a price as a float, 0 for null."""
    cdef Number number
    if take_null(c) or not take_number(c, &number):
        return 0
    return to_double(number)


cdef price_t take_bound(Cursor* c, const Instrument* row, Side side) noexcept nogil:
    """Read a price bound; one off the grid moves inward, null is NO_PRICE.

    The venue has sent bounds off the tick: 29485.31 for a tick of 0.5 (2022-06-02).
    """
    cdef Number number
    cdef price_t ticks
    if take_null(c) or not take_number(c, &number):
        return NO_PRICE
    if price_to_ticks(row, number, &ticks):
        return ticks
    return round_passive(row, side, to_double(number) / row.tick_size)


cdef double take_delta(Cursor* c) noexcept nogil:
    """Read the delta out of an object of greeks; NAN when there is none."""
    cdef Text key
    cdef Number number
    cdef int seen = 0
    cdef double delta = NAN
    if take_null(c):
        return delta
    enter_object(c)
    while next_key(c, &key):
        if is_word(&key, b"delta", 5):
            mark(c, &seen, 1)
            if not take_null(c) and take_number(c, &number):
                delta = to_double(number)
        else:
            skip(c)
    return delta


cdef void read_ticker(Cursor* c, const Instrument* row, Ticker* ticker) noexcept nogil:
    cdef Text key, word
    cdef int seen = 0
    memset(ticker, 0, sizeof(Ticker))
    ticker.is_open = True
    ticker.delta = NAN
    ticker.min_price_ticks = NO_PRICE
    ticker.max_price_ticks = NO_PRICE
    enter_object(c)
    while next_key(c, &key):
        if is_word(&key, b"timestamp", 9):
            mark(c, &seen, KEY_TIMESTAMP)
            if not take_null(c):
                take_count(c, &ticker.venue_ms)
        elif is_word(&key, b"mark_price", 10):
            mark(c, &seen, KEY_MARK)
            ticker.mark_price = take_price_or_null(c)
        elif is_word(&key, b"index_price", 11):
            mark(c, &seen, KEY_INDEX)
            ticker.index_price = take_price_or_null(c)
        elif is_word(&key, b"min_price", 9):
            mark(c, &seen, KEY_MIN)
            ticker.min_price_ticks = take_bound(c, row, ASK)
        elif is_word(&key, b"max_price", 9):
            mark(c, &seen, KEY_MAX)
            ticker.max_price_ticks = take_bound(c, row, BID)
        elif is_word(&key, b"underlying_price", 16):
            mark(c, &seen, KEY_UNDERLYING)
            ticker.underlying_price = take_price_or_null(c)
        elif is_word(&key, b"greeks", 6):
            mark(c, &seen, KEY_GREEKS)
            ticker.delta = take_delta(c)
        elif is_word(&key, b"current_funding", 15):
            mark(c, &seen, KEY_FUNDING)
            ticker.current_funding = take_price_or_null(c)
        elif is_word(&key, b"funding_8h", 10):
            mark(c, &seen, KEY_FUNDING_8H)
            ticker.funding_8h = take_price_or_null(c)
        elif is_word(&key, b"state", 5):
            mark(c, &seen, KEY_STATE)
            if not take_null(c) and take_text(c, &word):
                ticker.is_open = is_word(&word, b"open", 4)
        elif is_word(&key, b"instrument_name", 15):
            mark(c, &seen, KEY_NAME)
            take_name(c, row)
        else:
            skip(c)
