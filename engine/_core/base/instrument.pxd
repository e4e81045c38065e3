# Contract facts by dense index: how prices become ticks, amounts become lots, and back.
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t

from engine._core.base.fixed cimport Grid, Number, put_fixed
from engine._core.base.types cimport BID, NAME_MAX, NO_PRICE, Side, price_t, qty_t

cdef enum:
    INSTRUMENTS_MAX = 8192     # rows of the table; the venue lists some thousands
    HASH_SLOTS = 32768         # power of two, four times the rows
    TICK_STEPS_MAX = 8         # steps of a stepped tick; the venue uses up to two


cdef enum InstrumentKind:
    KIND_FUTURE = 0            # perpetuals and dated futures
    KIND_OPTION = 1
    KIND_SPOT = 2
    KIND_FUTURE_COMBO = 3
    KIND_OPTION_COMBO = 4


cdef struct TickStep:
    price_t above_ticks        # a price strictly above this ...
    int64_t multiple           # ... must be a multiple of this many base ticks


cdef struct Instrument:
    char[NAME_MAX] name        # not terminated
    int name_size              # 0 = the row is free
    InstrumentKind kind
    bint inverse               # amount in quote currency (USD), value in base coin
    bint in_coin               # paid in the base coin: inverse, and options of the kind
    int64_t tick_num           # base tick = tick_num / 10**tick_decimals
    int tick_decimals
    int64_t lot_num            # lot in `amount` units = lot_num / 10**lot_decimals
    int lot_decimals
    int n_steps
    TickStep[TICK_STEPS_MAX] steps
    qty_t min_qty_lots
    double tick_size           # base tick, quote currency
    double lot_size            # one lot, in `amount` units (USD inverse, else coin)
    double contract_size       # `amount` units a contract
    double maker_fee           # fraction of notional, negative = rebate
    double taker_fee
    int64_t expiry_ms          # ms since epoch
    Grid ticks                 # base tick, quotients a price may have
    Grid lots                  # and lot


# Prices this many ticks from zero are beyond every contract; sums cannot overflow.
cdef extern from *:
    """
    #define HALFSPREAD_TICKS_MAX ((int64_t)1 << 48)
    """
    const price_t TICKS_MAX "HALFSPREAD_TICKS_MAX"


# Base ticks from a price to the next one, upwards.
cdef inline int64_t step_at(const Instrument* row, price_t ticks) noexcept nogil:
    cdef int64_t multiple = 1
    cdef int i
    for i in range(row.n_steps):
        if ticks > row.steps[i].above_ticks:
            multiple = row.steps[i].multiple
    return multiple

# Number -> integer units. False: off the grid or out of range.
cdef bint price_to_ticks(
    const Instrument* row, Number price, price_t* out) noexcept nogil
cdef bint amount_to_lots(
    const Instrument* row, Number amount, qty_t* out) noexcept nogil

# Integer units -> decimal text; returns the end, room needed as for put_fixed.
cdef inline char* put_price(
        char* p, const Instrument* row, price_t ticks) noexcept nogil:
    return put_fixed(p, ticks * row.tick_num, row.tick_decimals)


cdef inline char* put_amount(
        char* p, const Instrument* row, qty_t lots) noexcept nogil:
    return put_fixed(p, lots * row.lot_num, row.lot_decimals)


# Integer units -> the nearest double: 1013 ticks of 0.1 are 101.3 exactly as written.
cdef double price_of(const Instrument* row, price_t ticks) noexcept nogil
cdef double amount_of(const Instrument* row, qty_t lots) noexcept nogil

# Whole ticks at or below / at or above; |ticks| < TICKS_MAX.
cdef inline price_t floor_ticks(double ticks) noexcept nogil:
    cdef price_t whole = <price_t>ticks
    return whole - (<double>whole > ticks)


cdef inline price_t ceil_ticks(double ticks) noexcept nogil:
    cdef price_t whole = <price_t>ticks
    return whole + (<double>whole < ticks)


# Nearest legal price at or below / at or above (stepped ticks included). A boundary of
# a step is itself legal, so rounding down never falls below it illegally.
cdef inline price_t round_down(const Instrument* row, price_t ticks) noexcept nogil:
    cdef int64_t multiple
    if row.n_steps == 0:
        return ticks
    multiple = step_at(row, ticks)
    return floor_div(ticks, multiple) * multiple


cdef inline price_t round_up(const Instrument* row, price_t ticks) noexcept nogil:
    cdef int64_t multiple
    if row.n_steps == 0:
        return ticks
    multiple = step_at(row, ticks)
    return -floor_div(-ticks, multiple) * multiple


# Away from the touch: a bid rounds down, an ask rounds up. Price in (fractional) ticks.
# NO_PRICE: beyond TICKS_MAX.
cdef inline price_t round_passive(
        const Instrument* row, Side side, double ticks) noexcept nogil:
    if not -<double>TICKS_MAX < ticks < <double>TICKS_MAX:
        return NO_PRICE
    if side == BID:
        return round_down(row, floor_ticks(ticks))
    return round_up(row, ceil_ticks(ticks))


# Floor division, b > 0 (C division truncates).
cdef inline int64_t floor_div(int64_t a, int64_t b) noexcept nogil:
    return a // b - (a % b < 0)


@cython.final
cdef class InstrumentTable:
    cdef:
        Instrument* rows                   # INSTRUMENTS_MAX rows; addresses never move
        readonly int32_t size              # rows ever used: indices are below this
        int32_t* slots                     # open addressing, -1 = free

    # Index of a name, -1 when unknown. Cost: one hash, usually one compare.
    cdef int32_t find(self, const char* name, Py_ssize_t n) noexcept nogil

    # Inside only.
    cdef int32_t _free_row(self) except -1
    cdef void _rehash(self) noexcept nogil
    cdef int _read_row(self, row, Instrument* out) except -1
    cdef int _read_steps(self, row, Instrument* out) except -1
