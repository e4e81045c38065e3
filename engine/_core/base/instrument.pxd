# Contract facts by dense index: how prices become ticks, amounts become lots, and back.
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t

from engine._core.base.fixed cimport Divisor, Number
from engine._core.base.types cimport NAME_MAX, Side, price_t, qty_t

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
    Divisor tick_by            # divides by tick_num, quotients a price may have
    Divisor lot_by             # and by lot_num


# Base ticks from a price to the next one, upwards.
cdef int64_t step_at(const Instrument* row, price_t ticks) noexcept nogil

# Number -> integer units. False: off the grid or out of range.
cdef bint price_to_ticks(
    const Instrument* row, Number price, price_t* out) noexcept nogil
cdef bint amount_to_lots(
    const Instrument* row, Number amount, qty_t* out) noexcept nogil

# Integer units -> decimal text; writes at most NUMBER_TEXT_MAX bytes, returns the end.
cdef char* put_price(char* p, const Instrument* row, price_t ticks) noexcept nogil
cdef char* put_amount(char* p, const Instrument* row, qty_t lots) noexcept nogil

# Integer units -> the nearest double: 1013 ticks of 0.1 are 101.3 exactly as written.
cdef double price_of(const Instrument* row, price_t ticks) noexcept nogil
cdef double amount_of(const Instrument* row, qty_t lots) noexcept nogil

# Nearest legal price at or below / at or above (stepped ticks included).
cdef price_t round_down(const Instrument* row, price_t ticks) noexcept nogil
cdef price_t round_up(const Instrument* row, price_t ticks) noexcept nogil

# Away from the touch: a bid rounds down, an ask rounds up. Price in (fractional) ticks.
cdef price_t round_passive(
    const Instrument* row, Side side, double ticks) noexcept nogil


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
