"""The quick road for book frames: compact text, known keys in any order, plain numbers.

Nearly every frame of the venue takes it. It compares eight or sixteen bytes where the
scanner looks at single ones, and reads a level without a branch (:mod:`level`). What
the frame before had is looked for first: its instrument, the leading digits of its time
and change_id, and as prev_change_id the change_id itself.

It knows no trouble: at the first byte that is not what it expects (white space, an
unknown key, a key met twice, an escape, a null, a number of more than seven digits
before the point or behind it, a price off its grid) it gives up, and the scanner reads
the frame from its start. So it may refuse what it likes, but must never take what the
scanner would read otherwise; tests/fuzz compares the two.

Source: docs.deribit.com, book.{instrument_name}.{interval}, seen 2026-08-22, and frames
recorded 2021 to 2026: numbers are the shorter of decimal and scientific, decimal on a
tie (``8.39e4``, ``83958.0``).
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcmp

from engine._core.base.event cimport BookChange, LevelChange
from engine._core.base.fixed cimport Grid, divide
from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.types cimport ASK, BID, NAME_MAX, Side
from engine._core.base.words cimport (
    digits_of, ends_of, first_of, is_digit, load8, marks_of, same_long, same_text,
    value_of)
from engine._core.decode.level cimport LevelText, read_level

cdef enum:
    HEAD_SIZE = 67
    TAIL_SIZE = 3              # }}}
    FRAME_MIN = 160            # head and the longest name; every book frame is longer
    TODAY_MIN = 136            # data of a change, without its instrument's name
    DECIMALS_MAX = 10          # of an instrument; more is the scanner's work
    PLACES_MAX = 11            # 10**7 times 10**that does not overflow
    SHIFT_MAX = 18

cdef extern from *:
    """
    #define HALFSPREAD_BOOK_HEAD "{\\"jsonrpc\\":\\"2.0\\",\\"method\\":" \\
        "\\"subscription\\",\\"params\\":{\\"channel\\":\\"book."
    """
    const char* HEAD "HALFSPREAD_BOOK_HEAD"

cdef uint64_t VALUE_MAX = 1000000000000000000    # so no product overflows
cdef uint64_t[SHIFT_MAX + 1] POWERS = [
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
    10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
    1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000]


cdef enum Key:
    KEY_TYPE = 1
    KEY_TIMESTAMP = 2
    KEY_CHANGE_ID = 4
    KEY_PREV_CHANGE_ID = 8
    KEY_BIDS = 16
    KEY_ASKS = 32
    KEY_NAME = 64
    KEYS_NEEDED = 119          # all but KEY_PREV_CHANGE_ID


# What is known of a frame so far.
cdef struct Reading:
    const char* end            # of the payload
    const Instrument* row
    LevelChange* level         # where the next one goes
    const LevelChange* last    # one past where the last may go
    int seen                   # keys met
    bint is_snapshot
    int64_t venue_ms
    int64_t change_id
    int64_t prev_change_id


cdef inline uint64_t load_to(const char* p, const char* end) noexcept nogil:
    """Load eight bytes, zeros for those behind the end; p < end, frame of eight."""
    if end - p >= 8:
        return load8(p)
    return load8(end - 8) >> (8 * (8 - (end - p)))


cdef inline const char* take_whole(
        const char* p, const char* end, int64_t* out) noexcept nogil:
    """Read 1 to 15 digits that do not begin with a 0; NULL for anything else."""
    cdef uint64_t word = load_to(p, end)
    cdef int n = digits_of(word)
    if n == 0 or p[0] == c"0":
        return NULL
    out[0] = <int64_t>value_of(word, n)
    p += n
    if n == 8 and p < end:
        word = load_to(p, end)
        n = digits_of(word)
        if n == 8:
            return NULL
        if n:
            out[0] = out[0] * <int64_t>POWERS[n] + <int64_t>value_of(word, n)
            p += n
    return p


cdef inline const char* take_long(
        const char* p, Stem* stem, int64_t* out) noexcept nogil:
    """Read 9 to 15 digits that do not begin with a 0; NULL for anything else.

    Sixteen bytes must be readable. The first eight digits are as a rule the same from
    frame to frame: the stem keeps what they are.
    """
    cdef uint64_t word = load8(p)
    cdef int n
    if word != stem.text:
        if digits_of(word) != 8 or p[0] == c"0":
            return NULL
        stem.text = word
        stem.value = <int64_t>value_of(word, 8)
    word = load8(p + 8)
    n = digits_of(word)
    if <unsigned int>(n - 1) > 6:
        return NULL
    out[0] = stem.value * <int64_t>POWERS[n] + <int64_t>value_of(word, n)
    return p + 8 + n


cdef const char* take_rarer(
        const char* p, const char* end, const Grid* grid, char stop, int64_t* out
        ) noexcept nogil:
    """Read a number of any common form, and the byte that must follow it.

    Returns: what comes after that byte; NULL: no such number.
    """
    cdef uint64_t word = load_to(p, end), value
    cdef int n = digits_of(word), shift = grid.places
    if n == 0 or n == 8 or p[0] == c"0" and n > 1:
        return NULL
    value = value_of(word, n)
    p += n
    if end - p < 4:
        return NULL
    if p[0] == c".":
        word = load_to(p + 1, end)
        n = digits_of(word)
        if n == 0 or n == 8:
            return NULL
        value = value * POWERS[n] + value_of(word, n)
        shift -= n
        p += 1 + n
    if end - p < 4:
        return NULL
    if p[0] == c"e":
        n = -1 if p[1] == c"-" else 1
        p += 1 + (n < 0)
        if not is_digit(p[0]) or is_digit(p[1]):
            return NULL
        shift += n * (p[0] - c"0")
        p += 1
    if value == 0:
        shift = 0
    if p[0] != stop or shift < -SHIFT_MAX or shift > SHIFT_MAX:
        return NULL
    if shift < 0:
        if value % POWERS[-shift]:
            return NULL
        value //= POWERS[-shift]
    elif value > VALUE_MAX // POWERS[shift]:
        return NULL
    else:
        value *= POWERS[shift]
    return p + 1 if divide(&grid.by, value, out) else NULL


cdef const char* take_odd_level(
        const char* p, const Reading* r, LevelChange* level) noexcept nogil:
    """Read a level near the end of the frame, or with a number of a rarer form."""
    cdef bint is_delete
    if r.end - p < 12:
        return NULL
    is_delete = memcmp(p, b'["delete', 8) == 0
    if is_delete or memcmp(p, b'["change', 8) == 0:
        if p[8] != c'"' or p[9] != c",":
            return NULL
        p += 10
    elif memcmp(p, b'["new",', 7) == 0:
        p += 7
    else:
        return NULL
    p = take_rarer(p, r.end, &r.row.ticks, c",", &level.price_ticks)
    if p == NULL or p >= r.end:
        return NULL
    p = take_rarer(p, r.end, &r.row.lots, c"]", &level.qty_lots)
    if is_delete:
        level.qty_lots = 0
    return p


cdef inline const char* take_level(
        const char* p, const Instrument* row, LevelChange* level) noexcept nogil:
    """Read a level of 32 bytes at most, all of them readable; NULL: it is an odd one.
    """
    cdef LevelText text
    cdef int64_t price_places, amount_places
    if not read_level(p, ends_of(p), &text):
        return NULL
    price_places = row.ticks.places - text.places[0]
    amount_places = row.lots.places - text.places[1]
    if (<uint64_t>price_places > PLACES_MAX
            or <uint64_t>amount_places > PLACES_MAX
            or not divide(&row.ticks.by, text.digits[0] * POWERS[price_places],
                          &level.price_ticks)
            or not divide(&row.lots.by, text.digits[1] * POWERS[amount_places],
                          &level.qty_lots)):
        return NULL
    level.qty_lots &= <int64_t>text.keep
    return text.end


cdef const char* take_some_levels(
        const char* p, Reading* r, Side side) noexcept nogil:
    """Read levels up to the end of their array; NULL: not in the quick form."""
    cdef LevelChange* level = r.level
    cdef const LevelChange* last = r.last
    cdef const Instrument* row = r.row
    cdef const char* end = r.end
    cdef const char* after
    while True:
        if level == last:
            return NULL
        after = take_level(p, row, level) if end - p >= 32 else NULL
        if after == NULL:
            after = take_odd_level(p, r, level)
            if after == NULL or end - after < 3:
                return NULL
        level.side = side
        level += 1
        p = after + 1
        if after[0] != c",":
            break
    r.level = level
    return p if after[0] == c"]" else NULL


cdef inline const char* take_levels(
        const char* p, Reading* r, Side side) noexcept nogil:
    """Read an array of levels after its bracket, often an empty one."""
    return p + 1 if p[0] == c"]" else take_some_levels(p, r, side)


cdef inline const char* take_type(const char* p, Reading* r) noexcept nogil:
    if r.end - p < 18:
        return NULL
    if memcmp(p + 8, b'change"', 7) == 0:
        r.is_snapshot = False
        return p + 15
    if memcmp(p + 8, b'snapshot"', 9) == 0:
        r.is_snapshot = True
        return p + 17
    return NULL


cdef inline const char* take_name(const char* p, const Reading* r) noexcept nogil:
    cdef int n = r.row.name_size
    if (r.end - p < 20 + n or memcmp(p + 8, b'ent_name":"', 11) != 0
            or not same_text(p + 19, r.row.name, n) or p[19 + n] != c'"'):
        return NULL
    return p + 20 + n


cdef const char* take_member(const char* p, Reading* r) noexcept nogil:
    """Read one key of the data and its value; NULL: not in the quick form."""
    cdef int key
    if r.end - p < 12:
        return NULL
    if memcmp(p, b'"bids":[', 8) == 0:
        key = KEY_BIDS
        p = take_levels(p + 8, r, BID)
    elif memcmp(p, b'"asks":[', 8) == 0:
        key = KEY_ASKS
        p = take_levels(p + 8, r, ASK)
    elif memcmp(p, b'"timestamp":', 12) == 0:
        key = KEY_TIMESTAMP
        p = take_whole(p + 12, r.end, &r.venue_ms) if r.end - p > 12 else NULL
    elif memcmp(p, b'"change_id":', 12) == 0:
        key = KEY_CHANGE_ID
        p = take_whole(p + 12, r.end, &r.change_id) if r.end - p > 12 else NULL
    elif memcmp(p, b'"type":"', 8) == 0:
        key = KEY_TYPE
        p = take_type(p, r)
    elif memcmp(p, b'"instrum', 8) == 0:
        key = KEY_NAME
        p = take_name(p, r)
    elif r.end - p > 17 and memcmp(p, b'"prev_change_id":', 17) == 0:
        key = KEY_PREV_CHANGE_ID
        p = take_whole(p + 17, r.end, &r.prev_change_id)
    else:
        return NULL
    if r.seen & key:
        return NULL
    r.seen |= key
    return p


cdef inline const char* take_same_id(
        const char* p, const char* end, const Recent* recent, int64_t* out
        ) noexcept nogil:
    """Read the change_id of the frame before, if it comes next and nearly last."""
    cdef Py_ssize_t n = recent.id_size
    if (end - p != n + TAIL_SIZE or load8(p) != recent.id_head
            or load8(p + n - 8) != recent.id_tail):
        return NULL
    out[0] = recent.change_id
    return p + n


cdef const char* take_today(const char* p, Reading* r, Recent* recent) noexcept nogil:
    """Read the data of a change whose keys have the order of 2026, up to its end.

    The same as key by key, but nothing is looked up; NULL: it is another order.
    """
    cdef const char* end = r.end
    cdef const char* id_text
    cdef int n = r.row.name_size, id_size
    # The longest numbers and all between them, so that little is left to be asked.
    if end - p < TODAY_MIN + n or not same_text(p, b'"timestamp":', 12):
        return NULL
    p = take_long(p + 12, &recent.ms, &r.venue_ms)
    if p == NULL or not same_long(p, b',"type":"change","change_id":', 29):
        return NULL
    id_text = p + 29
    p = take_long(id_text, &recent.id, &r.change_id)
    if (p == NULL or not same_long(p, b',"instrument_name":"', 20)
            or not same_text(p + 20, r.row.name, n)
            or not same_text(p + 20 + n, b'","bids":[', 10)):
        return NULL
    id_size = <int>(p - id_text)
    p = take_levels(p + 30 + n, r, BID)
    if p == NULL or end - p < 10 or not same_text(p, b',"asks":[', 9):
        return NULL
    p = take_levels(p + 9, r, ASK)
    if p == NULL or end - p < 19 or not same_long(p, b',"prev_change_id":', 18):
        return NULL
    p += 18
    end = take_same_id(p, end, recent, &r.prev_change_id)
    recent.id_size = id_size
    recent.id_head = load8(id_text)
    recent.id_tail = load8(id_text + id_size - 8)
    recent.change_id = r.change_id
    r.seen = KEYS_NEEDED
    r.is_snapshot = False
    return end if end != NULL else take_whole(p, r.end, &r.prev_change_id)


cdef const char* take_data(
        const char* p, Reading* r, LevelChange* levels, Recent* recent) noexcept nogil:
    """Read the data of a book frame up to its end, keys in any order."""
    cdef const char* start = p
    r.level = levels
    p = take_today(start, r, recent)
    if p != NULL:
        return p
    p = start
    r.level = levels
    r.seen = 0
    r.prev_change_id = -1
    while True:
        p = take_member(p, r)
        if p == NULL or p >= r.end or p[0] != c",":
            return p
        p += 1


cdef inline const char* take_instrument(
        const char* p, InstrumentTable table, int32_t* instrument) noexcept nogil:
    """Read the instrument of the channel up to its point; NULL: unknown."""
    cdef const Instrument* row = &table.rows[instrument[0]]
    cdef uint64_t marks = 0
    cdef int n = row.name_size
    # The one of the frame before, as a rule; 0: its row is free now.
    if n and same_text(p, row.name, n) and p[n] == c".":
        return p + n
    n = 0
    while n <= NAME_MAX:
        marks = marks_of(load8(p + n), c".")
        if marks:
            break
        n += 8
    if marks == 0:
        return NULL
    n += first_of(marks)
    instrument[0] = table.find(p, n)
    if instrument[0] < 0:
        instrument[0] = 0
        return NULL
    return p + n


cdef inline const char* take_interval(const char* p) noexcept nogil:
    """Read the channel from the interval on, up to the first key of the data."""
    if memcmp(p, b'.raw","data":{', 14) == 0:
        return p + 14
    if memcmp(p, b'.100ms","data":{', 16) == 0:
        return p + 16
    return p + 15 if memcmp(p, b'.agg2","data":{', 15) == 0 else NULL


cdef bint read_book(
        const char* payload, Py_ssize_t size, InstrumentTable table,
        LevelChange* levels, int capacity, Recent* recent,
        BookChange* book) noexcept nogil:
    cdef Reading r
    cdef const char* p
    if size < FRAME_MIN or not same_long(payload, HEAD, HEAD_SIZE):
        return False
    p = take_instrument(payload + HEAD_SIZE, table, &recent.instrument)
    if p == NULL:
        return False
    p = take_interval(p)
    if p == NULL:
        return False
    r.end = payload + size
    r.row = &table.rows[recent.instrument]
    r.last = levels + capacity
    if r.row.ticks.places > DECIMALS_MAX or r.row.lots.places > DECIMALS_MAX:
        return False
    p = take_data(p, &r, levels, recent)
    if (p == NULL or p + TAIL_SIZE != r.end or memcmp(p, b"}}}", TAIL_SIZE) != 0
            or r.seen & KEYS_NEEDED != KEYS_NEEDED):
        return False
    book.instrument = recent.instrument
    book.is_snapshot = r.is_snapshot
    book.venue_ms = r.venue_ms
    book.change_id = r.change_id
    book.prev_change_id = -1 if r.is_snapshot else r.prev_change_id
    book.levels = levels
    book.n_levels = <int>(r.level - levels)
    return True


cdef void forget_recent(Recent* recent) noexcept nogil:
    recent.instrument = 0
    recent.ms.text = recent.id.text = load8(b"11111111")
    recent.ms.value = recent.id.value = 11111111
    recent.id_head = recent.id_tail = load8(b"11111111")
    recent.id_size = 8
    recent.change_id = 11111111
