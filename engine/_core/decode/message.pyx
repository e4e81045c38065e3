"""Decoder: one payload in, one message out, whatever the order of its keys.

A frame is read once, left to right. Three values can only be understood when another
key has been met: ``params.data`` needs ``params.channel``, a reply's ``result`` needs
``id``, and all of ``params`` needs ``method``. Data that comes before its channel and
results are stepped over (and so verified) and read at the end; ``params`` is read as a
subscription's at once, and forgotten when ``method`` turns out to be another one.

What the scanner cannot take at face value (an escape in a word it must know, a key met
twice, more digits than a mantissa holds, a misfit of any kind) goes to orjson once;
orjson writes it back plainly and the second scan is the last word. Frames of the venue
never needed that so far; ``surprises`` counts the ones that do.
Book frames of the usual form take a quicker road first, see :mod:`quick`.

Source: deribit.com JSON-RPC over WebSocket, notifications and order answers, docs seen
2026-08-22; frames recorded 2019 to 2026 (missing ``type``, ``prev_change_id`` 0 or with
a snapshot, numbers like 2.5e4, ``price`` as text, params before method).
"""

import orjson

cimport cython
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport INT32_MAX, INT32_MIN, int32_t, int64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcmp, memset

from engine._core.base.event cimport (
    BookChange, Fill, LevelChange, OrderUpdate, Print, Reply)
from engine._core.base.fixed cimport Number, to_fixed
from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.types cimport ASK, BID, Side
from engine._core.decode.market cimport read_ticker, take_level, take_name
from engine._core.decode.plain cimport (
    plain_book, plain_fill, plain_order, plain_print, plain_ticker)
from engine._core.decode.quick cimport forget_recent, read_book
from engine._core.decode.row cimport (
    read_row, row_to_fill, row_to_order, row_to_print)
from engine._core.decode.scan cimport (
    TROUBLE_LONG, TROUBLE_RANGE, TROUBLE_SHAPE, TROUBLE_STOP, TROUBLE_SYNTAX, Cursor,
    Text, enter_array, enter_object, finish, is_whole, is_word, mark, next_item,
    next_key, skip, skip_space, take_count, take_null, take_number, take_text)

cdef enum:
    LEVELS_START = 4096        # holds every recorded snapshot without growing


# Keys of the outermost object, params, a book, orders with trades, an error.
cdef enum Key:
    KEY_METHOD = 1
    KEY_PARAMS = 2
    KEY_ID = 4
    KEY_RESULT = 8
    KEY_ERROR = 16
    KEY_CHANNEL = 1
    KEY_DATA = 2
    KEY_TYPE = 1
    KEY_TIMESTAMP = 2
    KEY_CHANGE_ID = 4
    KEY_PREV_CHANGE_ID = 8
    KEY_BIDS = 16
    KEY_ASKS = 32
    KEY_NAME = 64
    KEY_ORDERS = 1
    KEY_TRADES = 2
    KEY_CODE = 1

cdef int BOOK_KEYS = KEY_TIMESTAMP | KEY_CHANGE_ID | KEY_BIDS | KEY_ASKS

KIND_NAMES = {
    MESSAGE_BOOK: "book",
    MESSAGE_TICKER: "ticker",
    MESSAGE_PRIVATE: "private",
    MESSAGE_REPLY: "reply",
    MESSAGE_CONTROL: "control",
    MESSAGE_IGNORED: "ignored",
    MESSAGE_UNKNOWN: "unknown",
    MESSAGE_MALFORMED: "malformed",
    MESSAGE_UNKNOWN_INSTRUMENT: "unknown_instrument",
    MESSAGE_OUT_OF_RANGE: "out_of_range",
    MESSAGE_TRADES: "trades",
}


cdef inline bint starts(const Text* text, const char* word, int n) noexcept nogil:
    return text.size >= n and memcmp(text.start, word, n) == 0


cdef bint split_channel(const Text* name, int head, Text* instrument) noexcept nogil:
    """Take the instrument out of ``head.instrument.interval``; False: another form."""
    cdef const char* p = name.start + head
    cdef const char* end = name.start + name.size
    instrument.start = p
    while p < end and p[0] != c".":
        p += 1
    instrument.size = p - instrument.start
    if p >= end:
        return False
    p += 1
    if p >= end:
        return False
    while p < end and p[0] != c".":
        p += 1
    return p == end


@cython.final
cdef class Decoder:
    """Reads payloads for the instruments of a table; see :meth:`read`."""

    def __cinit__(self, InstrumentTable table not None):
        self.table = table
        self.levels_capacity = LEVELS_START
        self.levels = <LevelChange*>malloc(LEVELS_START * sizeof(LevelChange))
        self.orders = <OrderUpdate*>calloc(ORDERS_PER_FRAME_MAX, sizeof(OrderUpdate))
        self.fills = <Fill*>calloc(FILLS_PER_FRAME_MAX, sizeof(Fill))
        self.prints = <Print*>calloc(PRINTS_PER_FRAME_MAX, sizeof(Print))
        if (self.levels == NULL or self.orders == NULL or self.fills == NULL
                or self.prints == NULL):
            raise MemoryError
        forget_recent(&self.recent)
        self._reset()

    def __dealloc__(self):
        free(self.levels)
        free(self.orders)
        free(self.fills)
        free(self.prints)

    cdef void _reset(self) noexcept nogil:
        self.wants_orjson = False
        self.n_orders = 0
        self.n_fills = 0
        self.n_prints = 0
        self.printed = -1
        memset(&self.book, 0, sizeof(BookChange))
        self.book.instrument = -1
        self.book.prev_change_id = -1
        self.ticker.instrument = -1
        memset(&self.reply, 0, sizeof(Reply))

    cdef bint _is_quick(self, const char* payload, Py_ssize_t size) noexcept nogil:
        """Read a payload if it is a book frame of the usual form."""
        if not read_book(payload, size, self.table, self.levels, self.levels_capacity,
                         &self.recent, &self.book):
            return False
        self.n_orders = self.n_fills = self.n_prints = 0
        self.printed = self.ticker.instrument = -1
        self.reply.id = 0
        self.quick += 1
        return True

    cdef MessageKind decode(self, const char* payload, Py_ssize_t size) noexcept:
        cdef MessageKind kind
        if self._is_quick(payload, size):
            return MESSAGE_BOOK
        kind = self._scan(payload, size, False)
        if self.wants_orjson:
            return self._ask_orjson(payload, size, kind)
        return kind

    cdef MessageKind _ask_orjson(
            self, const char* payload, Py_ssize_t size, MessageKind first) noexcept:
        """Let orjson write a surprise plainly and scan once more.

        Returns: ``first`` when orjson cannot read it either.
        """
        cdef bytes text
        try:
            value = orjson.loads(PyBytes_FromStringAndSize(payload, size))
        except Exception:
            return first
        self.surprises += 1
        try:
            text = orjson.dumps(value)
        except Exception:
            # Nested deeper than orjson writes: read by nobody, but it is JSON.
            self._reset()
            return MESSAGE_UNKNOWN
        return self._scan(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), True)

    cdef MessageKind _scan(
            self, const char* payload, Py_ssize_t size,
            bint is_canonical) noexcept nogil:
        cdef Cursor c
        cdef Envelope e
        cdef Text key
        self._reset()
        memset(&e, 0, sizeof(Envelope))
        e.instrument = -1
        c.end = payload + size
        c.p = skip_space(payload, c.end)
        c.trouble = 0
        c.is_canonical = is_canonical
        if not enter_object(&c):
            return MESSAGE_MALFORMED
        while next_key(&c, &key):
            self._member(&c, &key, &e)
        finish(&c)
        if c.trouble & TROUBLE_STOP:
            self.wants_orjson = True
            if is_canonical or is_whole(payload, c.end):
                return MESSAGE_UNKNOWN
            return MESSAGE_MALFORMED
        if e.seen & KEY_METHOD:
            return self._notification(&e)
        return self._answer(&c, &e)

    cdef void _member(self, Cursor* c, const Text* key, Envelope* e) noexcept nogil:
        """Read one member of the outermost object."""
        cdef Text word
        if is_word(key, b"method", 6):
            mark(c, &e.seen, KEY_METHOD)
            if c.p < c.end and c.p[0] == c'"' and take_text(c, &word):
                e.is_subscription = is_word(&word, b"subscription", 12)
                e.is_heartbeat = is_word(&word, b"heartbeat", 9)
                return
        elif is_word(key, b"params", 6):
            mark(c, &e.seen, KEY_PARAMS)
            if c.trouble == 0 and (
                    not e.seen & KEY_METHOD or e.is_subscription):
                self._params(c, e)
                return
        elif is_word(key, b"id", 2):
            mark(c, &e.seen, KEY_ID)
            self._id(c, e)
            return
        elif is_word(key, b"result", 6):
            mark(c, &e.seen, KEY_RESULT)
            e.result = c.p
        elif is_word(key, b"error", 5):
            mark(c, &e.seen, KEY_ERROR)
            e.error = c.p
        skip(c)

    cdef void _id(self, Cursor* c, Envelope* e) noexcept nogil:
        """Read the id of an answer: one of the gateway's, or somebody else's."""
        cdef Number number
        cdef int64_t id_
        cdef char first = c.p[0]
        e.has_id = first == c'"' or first == c"-" or c"0" <= first <= c"9"
        if first == c'"' or not e.has_id:
            skip(c)
        elif take_number(c, &number):
            if to_fixed(number, 0, &id_) and id_ >= GATEWAY_ID_MIN:
                e.gateway_id = id_
        # Too many digits are no trouble: such a number is not ours.
        c.trouble &= ~TROUBLE_LONG

    cdef MessageKind _verdict(self, int trouble, MessageKind kind) noexcept nogil:
        """Return ``kind``, or what the trouble met inside makes of it."""
        if trouble & (TROUBLE_SHAPE | TROUBLE_LONG):
            self.wants_orjson = True
        if trouble & TROUBLE_SHAPE:
            return MESSAGE_UNKNOWN
        if trouble & (TROUBLE_LONG | TROUBLE_RANGE):
            return MESSAGE_OUT_OF_RANGE
        return kind

    cdef MessageKind _notification(self, const Envelope* e) noexcept nogil:
        cdef MessageKind kind = MESSAGE_PRIVATE
        if e.is_heartbeat:
            return MESSAGE_CONTROL
        if not e.is_subscription:
            return MESSAGE_UNKNOWN
        if e.params_trouble & TROUBLE_SHAPE == 0 and (
                e.channel == CHANNEL_NONE or not e.has_data):
            return MESSAGE_UNKNOWN
        if e.channel == CHANNEL_OTHER:
            kind = MESSAGE_IGNORED
        elif e.channel == CHANNEL_CONTROL:
            kind = MESSAGE_CONTROL
        elif e.channel == CHANNEL_BOOK:
            kind = MESSAGE_BOOK
        elif e.channel == CHANNEL_TICKER:
            kind = MESSAGE_TICKER
        elif e.channel == CHANNEL_PRINTS:
            kind = MESSAGE_TRADES
            self.printed = e.instrument
        if (e.instrument < 0 and (kind == MESSAGE_BOOK or kind == MESSAGE_TICKER
                                  or kind == MESSAGE_TRADES)):
            kind = MESSAGE_UNKNOWN_INSTRUMENT
        if e.channel == CHANNEL_BOOK:
            self.book.instrument = e.instrument
        return self._verdict(e.params_trouble, kind)

    cdef MessageKind _answer(self, Cursor* c, const Envelope* e) noexcept nogil:
        """Judge a payload without a method: an answer, or nothing we know."""
        cdef bint is_error = e.seen & KEY_ERROR != 0
        if is_error == (e.seen & KEY_RESULT != 0):
            return MESSAGE_UNKNOWN
        if e.gateway_id == 0:
            return MESSAGE_CONTROL if is_error or e.has_id else MESSAGE_UNKNOWN
        self.reply.id = e.gateway_id
        self.reply.is_error = is_error
        if is_error:
            c.p = e.error
            self._error(c)
        else:
            c.p = e.result
            self._result(c)
        return self._verdict(c.trouble, MESSAGE_REPLY)

    cdef void _params(self, Cursor* c, Envelope* e) noexcept nogil:
        """Read the params of a subscription; their trouble goes into the envelope."""
        cdef const char* start = c.p
        cdef const char* data = NULL
        cdef const char* after
        cdef Text key, name
        cdef int seen = 0
        enter_object(c)
        while next_key(c, &key):
            if is_word(&key, b"channel", 7):
                mark(c, &seen, KEY_CHANNEL)
                if take_text(c, &name):
                    self._channel(&name, e)
            elif is_word(&key, b"data", 4):
                mark(c, &seen, KEY_DATA)
                e.has_data = True
                if e.channel == CHANNEL_NONE:
                    data = c.p
                    skip(c)
                else:
                    self._data(c, e)
            else:
                skip(c)
        if data != NULL and not c.trouble & TROUBLE_STOP:
            after = c.p
            c.p = data
            self._data(c, e)
            c.p = after
        e.params_trouble = c.trouble
        c.trouble &= TROUBLE_SYNTAX
        if e.params_trouble & TROUBLE_SHAPE:
            c.p = start
            skip(c)

    cdef void _channel(self, const Text* name, Envelope* e) noexcept nogil:
        """Sort a channel by its name."""
        cdef Text instrument
        e.channel = CHANNEL_OTHER
        if name.escaped:
            return
        if starts(name, b"book.", 5):
            if split_channel(name, 5, &instrument):
                e.channel = CHANNEL_BOOK
                e.instrument = self.table.find(instrument.start, instrument.size)
        elif starts(name, b"ticker.", 7):
            if split_channel(name, 7, &instrument):
                e.channel = CHANNEL_TICKER
                e.instrument = self.table.find(instrument.start, instrument.size)
        elif starts(name, b"trades.", 7):
            if split_channel(name, 7, &instrument):
                e.channel = CHANNEL_PRINTS
                e.instrument = self.table.find(instrument.start, instrument.size)
        elif starts(name, b"user.", 5):
            if starts(name, b"user.orders.", 12):
                e.channel = CHANNEL_ORDERS
            elif starts(name, b"user.trades.", 12):
                e.channel = CHANNEL_TRADES
            elif starts(name, b"user.changes.", 13):
                e.channel = CHANNEL_CHANGES
            elif (starts(name, b"user.portfolio.", 15)
                    or starts(name, b"user.mmp_trigger.", 17)
                    or is_word(name, b"user.lock", 9)):
                e.channel = CHANNEL_CONTROL
        elif (starts(name, b"platform_state", 14)
                or starts(name, b"instrument.state.", 17)
                or starts(name, b"instrument.creation.", 20)
                or starts(name, b"deribit_price_index.", 20)):
            e.channel = CHANNEL_CONTROL

    cdef void _data(self, Cursor* c, const Envelope* e) noexcept nogil:
        if e.channel == CHANNEL_BOOK and e.instrument >= 0:
            self._book(c, e.instrument)
        elif e.channel == CHANNEL_TICKER and e.instrument >= 0:
            read_ticker(c, &self.table.rows[e.instrument], &self.ticker)
            self.ticker.instrument = e.instrument
        elif e.channel == CHANNEL_PRINTS and e.instrument >= 0:
            self._prints(c, e.instrument)
        elif e.channel == CHANNEL_ORDERS:
            self._orders(c)
        elif e.channel == CHANNEL_TRADES:
            self._fills(c)
        elif e.channel == CHANNEL_CHANGES:
            self._changes(c)
        else:
            skip(c)

    cdef void _book(self, Cursor* c, int32_t instrument) noexcept nogil:
        cdef const Instrument* row = &self.table.rows[instrument]
        cdef BookChange* book = &self.book
        cdef Text key, word
        cdef int seen = 0
        cdef bint is_change = False
        enter_object(c)
        while next_key(c, &key):
            if is_word(&key, b"bids", 4):
                mark(c, &seen, KEY_BIDS)
                self._levels(c, row, BID)
            elif is_word(&key, b"asks", 4):
                mark(c, &seen, KEY_ASKS)
                self._levels(c, row, ASK)
            elif is_word(&key, b"change_id", 9):
                mark(c, &seen, KEY_CHANGE_ID)
                take_count(c, &book.change_id)
            elif is_word(&key, b"prev_change_id", 14):
                mark(c, &seen, KEY_PREV_CHANGE_ID)
                if not take_null(c):
                    take_count(c, &book.prev_change_id)
            elif is_word(&key, b"timestamp", 9):
                mark(c, &seen, KEY_TIMESTAMP)
                take_count(c, &book.venue_ms)
            elif is_word(&key, b"instrument_name", 15):
                mark(c, &seen, KEY_NAME)
                take_name(c, row)
            elif is_word(&key, b"type", 4):
                mark(c, &seen, KEY_TYPE)
                if take_text(c, &word):
                    is_change = is_word(&word, b"change", 6)
                    if not is_change and not is_word(&word, b"snapshot", 8):
                        c.trouble |= TROUBLE_SHAPE
            else:
                skip(c)
        if seen & BOOK_KEYS != BOOK_KEYS:
            c.trouble |= TROUBLE_SHAPE
        # Frames of 2019 have no type; there a snapshot is what has no predecessor.
        if not seen & KEY_TYPE:
            is_change = book.prev_change_id >= 0
        book.is_snapshot = not is_change
        if book.is_snapshot:
            book.prev_change_id = -1
        book.levels = self.levels

    cdef void _levels(self, Cursor* c, const Instrument* row, Side side) noexcept nogil:
        cdef BookChange* book = &self.book
        cdef LevelChange* level
        enter_array(c)
        while next_item(c):
            if book.n_levels == self.levels_capacity and not self._grow():
                c.trouble |= TROUBLE_RANGE
                skip(c)
                continue
            level = &self.levels[book.n_levels]
            level.side = side
            take_level(c, row, level)
            book.n_levels += 1

    cdef bint _grow(self) noexcept nogil:
        """Double the room for levels; False at LEVELS_PER_FRAME_MAX."""
        cdef int capacity = 2 * self.levels_capacity
        cdef LevelChange* grown
        if capacity > LEVELS_PER_FRAME_MAX:
            return False
        grown = <LevelChange*>realloc(self.levels, capacity * sizeof(LevelChange))
        if grown == NULL:
            return False
        self.levels = grown
        self.levels_capacity = capacity
        return True

    cdef void _orders(self, Cursor* c) noexcept nogil:
        """Read one order, or an array of them."""
        if c.p < c.end and c.p[0] == c"{":
            self._order(c)
            return
        enter_array(c)
        while next_item(c):
            self._order(c)

    cdef void _order(self, Cursor* c) noexcept nogil:
        if self.n_orders == ORDERS_PER_FRAME_MAX:
            c.trouble |= TROUBLE_RANGE
            skip(c)
            return
        read_row(c, &self.row)
        row_to_order(c, &self.row, self.table, &self.orders[self.n_orders])
        self.n_orders += 1

    cdef void _fills(self, Cursor* c) noexcept nogil:
        """Read an array of trades."""
        enter_array(c)
        while next_item(c):
            if self.n_fills == FILLS_PER_FRAME_MAX:
                c.trouble |= TROUBLE_RANGE
                skip(c)
                continue
            read_row(c, &self.row)
            row_to_fill(c, &self.row, self.table, &self.fills[self.n_fills])
            self.n_fills += 1

    cdef void _prints(self, Cursor* c, int32_t instrument) noexcept nogil:
        """Read an array of public trades of one instrument."""
        enter_array(c)
        while next_item(c):
            if self.n_prints == PRINTS_PER_FRAME_MAX:
                c.trouble |= TROUBLE_RANGE
                skip(c)
                continue
            read_row(c, &self.row)
            if row_to_print(c, &self.row, self.table, instrument,
                            &self.prints[self.n_prints]):
                self.n_prints += 1

    cdef void _changes(self, Cursor* c) noexcept nogil:
        cdef Text key
        cdef int seen = 0
        enter_object(c)
        while next_key(c, &key):
            if is_word(&key, b"orders", 6):
                mark(c, &seen, KEY_ORDERS)
                self._orders(c)
            elif is_word(&key, b"trades", 6):
                mark(c, &seen, KEY_TRADES)
                self._fills(c)
            else:
                skip(c)

    cdef void _result(self, Cursor* c) noexcept nogil:
        """Read a result: ``{order, trades}``, an order, or a number."""
        cdef const char* start = c.p
        cdef Text key
        cdef int seen = 0
        if c.p < c.end and c.p[0] != c"{":
            # A count of cancelled orders. Its value is read by nobody.
            if c.p[0] != c"-" and not c"0" <= c.p[0] <= c"9":
                c.trouble |= TROUBLE_SHAPE
            return
        enter_object(c)
        while next_key(c, &key):
            if is_word(&key, b"order", 5):
                mark(c, &seen, KEY_ORDERS)
                self._order(c)
            elif is_word(&key, b"trades", 6):
                mark(c, &seen, KEY_TRADES)
                self._fills(c)
            else:
                skip(c)
        if not seen & KEY_ORDERS and not c.trouble & TROUBLE_STOP:
            c.p = start
            self._order(c)

    cdef void _error(self, Cursor* c) noexcept nogil:
        cdef Text key
        cdef Number number
        cdef int64_t code = 0
        cdef int seen = 0
        enter_object(c)
        while next_key(c, &key):
            if not is_word(&key, b"code", 4):
                skip(c)
                continue
            mark(c, &seen, KEY_CODE)
            if take_number(c, &number):
                if to_fixed(number, 0, &code) and INT32_MIN <= code <= INT32_MAX:
                    self.reply.code = <int32_t>code
                else:
                    c.trouble |= TROUBLE_RANGE
        if not seen:
            c.trouble |= TROUBLE_SHAPE

    def read(self, bytes payload not None, Py_ssize_t size=-1):
        """Decode one payload and return what it held as plain Python values.

        For tests and tools; the core calls the compiled road.

        Args:
            payload: the frame's text.
            size: decode this many bytes only, the rest lies behind the end; -1 = all.

        Returns:
            ``kind`` and the fields of that kind, named as in base/event.pxd; prices in
            ticks (None = none), sizes in lots, ``instrument`` the table's index.

        Raises:
            ValueError: size is larger than the payload.
        """
        if size < 0:
            size = PyBytes_GET_SIZE(payload)
        if size > PyBytes_GET_SIZE(payload):
            raise ValueError(f"size {size} is past the {len(payload)} bytes there are")
        cdef MessageKind kind = self.decode(PyBytes_AS_STRING(payload), size)
        out = {"kind": KIND_NAMES[kind]}
        if kind == MESSAGE_BOOK:
            out.update(plain_book(&self.book))
        elif kind == MESSAGE_TICKER:
            out.update(plain_ticker(&self.ticker))
        elif kind == MESSAGE_TRADES:
            out["instrument"] = self.printed
            out["prints"] = [plain_print(&self.prints[i]) for i in range(self.n_prints)]
        elif kind == MESSAGE_UNKNOWN or kind == MESSAGE_OUT_OF_RANGE:
            out["instrument"] = self.book.instrument
        elif kind == MESSAGE_REPLY:
            out.update(id=self.reply.id, is_error=bool(self.reply.is_error),
                       code=self.reply.code)
        if kind == MESSAGE_PRIVATE or kind == MESSAGE_REPLY:
            out["orders"] = [plain_order(&self.orders[i]) for i in range(self.n_orders)]
            out["fills"] = [plain_fill(&self.fills[i]) for i in range(self.n_fills)]
        return out
