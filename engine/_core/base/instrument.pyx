"""Contract facts of every instrument the core knows, by dense index.

A price is an integer number of base ticks, an amount an integer number of lots. The lot
is the finest amount step the venue uses for the instrument, ``min(contract_size,
min_trade_amount)``: 10 USD for BTC-PERPETUAL, 0.1 BTC for a BTC option.

Source: docs.deribit.com, public/get_instruments, seen 2026-08-22; tick_size_steps: a
price strictly above ``above_price`` must be a multiple of that step's tick_size.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from decimal import Decimal

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from engine._core.base.fixed cimport Number, set_grid, to_double, to_fixed
from engine._core.base.types cimport ASK, BID, NAME_MAX, price_t, qty_t
from engine._core.base.words cimport load8, same_text

KINDS = {
    "future": KIND_FUTURE,
    "option": KIND_OPTION,
    "spot": KIND_SPOT,
    "future_combo": KIND_FUTURE_COMBO,
    "option_combo": KIND_OPTION_COMBO,
}

cdef uint64_t HASH_FACTOR = 0x9E3779B97F4A7C15    # 2**64 over the golden ratio, odd


cdef bint price_to_ticks(
        const Instrument* row, Number price, price_t* out) noexcept nogil:
    cdef int64_t value
    if not to_fixed(price, row.tick_decimals, &value) or value % row.tick_num:
        return False
    out[0] = value // row.tick_num
    return -TICKS_MAX < out[0] < TICKS_MAX


cdef bint amount_to_lots(
        const Instrument* row, Number amount, qty_t* out) noexcept nogil:
    cdef int64_t value
    if not to_fixed(amount, row.lot_decimals, &value) or value % row.lot_num:
        return False
    out[0] = value // row.lot_num
    return -TICKS_MAX < out[0] < TICKS_MAX


cdef double price_of(const Instrument* row, price_t ticks) noexcept nogil:
    return to_double(Number(ticks * row.tick_num, -row.tick_decimals))


cdef double amount_of(const Instrument* row, qty_t lots) noexcept nogil:
    return to_double(Number(lots * row.lot_num, -row.lot_decimals))


cdef uint64_t hash_name(const char* name, Py_ssize_t n) noexcept nogil:
    """Hash a name eight bytes at a time; the last eight may overlap others."""
    cdef uint64_t h = <uint64_t>n
    cdef Py_ssize_t i = 0
    if n < 8:
        for i in range(n):
            h = (h ^ <unsigned char>name[i]) * HASH_FACTOR
        return h ^ h >> 32
    while i < n - 8:
        h = (h ^ load8(name + i)) * HASH_FACTOR
        h ^= h >> 32
        i += 8
    h = (h ^ load8(name + n - 8)) * HASH_FACTOR
    return h ^ h >> 32


def decimal_parts(value):
    """Return ``(numerator, decimals)`` of a positive decimal with value n / 10**d.

    Raises:
        ValueError: not a finite positive number, or more than 18 digits.
    """
    number = Decimal(str(value))
    if not number.is_finite() or number <= 0:
        raise ValueError(f"must be a positive number, not {value!r}")
    _, digits, exponent = number.normalize().as_tuple()
    numerator = int("".join(map(str, digits)))
    if exponent > 0:
        numerator, exponent = numerator * 10**exponent, 0
    if -exponent > 18 or numerator > 10**15:
        raise ValueError(f"{value!r} has more digits than the core holds")
    return numerator, -exponent


@cython.final
cdef class InstrumentTable:
    """Instruments by dense index; filled by the session from the venue's own rows."""

    def __cinit__(self):
        self.rows = <Instrument*>calloc(INSTRUMENTS_MAX, sizeof(Instrument))
        self.slots = <int32_t*>malloc(HASH_SLOTS * sizeof(int32_t))
        if self.rows == NULL or self.slots == NULL:
            raise MemoryError
        memset(self.slots, 0xFF, HASH_SLOTS * sizeof(int32_t))
        self.size = 0

    def __dealloc__(self):
        free(self.rows)
        free(self.slots)

    cdef int32_t find(self, const char* name, Py_ssize_t n) noexcept nogil:
        cdef uint64_t at = hash_name(name, n) & (HASH_SLOTS - 1)
        cdef int32_t index = self.slots[at]
        while index >= 0:
            if (self.rows[index].name_size == n
                    and same_text(self.rows[index].name, name, n)):
                return index
            at = (at + 1) & (HASH_SLOTS - 1)
            index = self.slots[at]
        return -1

    def index_of(self, str name not None):
        """Return the index of an instrument name, -1 when it is unknown."""
        cdef bytes text = name.encode()
        return self.find(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))

    def name_of(self, int32_t index):
        """Return the name at an index.

        Raises:
            IndexError: no instrument there.
        """
        self._demand(index)
        return self.rows[index].name[:self.rows[index].name_size].decode()

    def names(self):
        """Return the known names, by index."""
        return [self.name_of(i) for i in range(self.size) if self.rows[i].name_size]

    def add(self, row):
        """Add or refresh one instrument from the venue's own row; return its index.

        Args:
            row: a mapping as in ``public/get_instruments``; used are instrument_name,
                kind, instrument_type, tick_size, tick_size_steps, contract_size,
                min_trade_amount, maker_commission, taker_commission and
                expiration_timestamp.

        Raises:
            ValueError: a field is missing or cannot be represented; names the field.
            OverflowError: the table is full (INSTRUMENTS_MAX rows).
        """
        cdef Instrument fresh
        cdef bytes name = str(row["instrument_name"]).encode()
        cdef int32_t index
        memset(&fresh, 0, sizeof(fresh))
        if not 0 < len(name) <= NAME_MAX:
            raise ValueError(f"instrument_name {name!r}: 1..{NAME_MAX} bytes allowed")
        memcpy(fresh.name, PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name))
        fresh.name_size = <int>PyBytes_GET_SIZE(name)
        self._read_row(row, &fresh)
        index = self.find(PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name))
        if index < 0:
            index = self._free_row()
        self.rows[index] = fresh
        self._rehash()
        return index

    def remove(self, int32_t index):
        """Free the row of an expired instrument; its index may be given out again.

        Raises:
            IndexError: no instrument there.
        """
        self._demand(index)
        self.rows[index].name_size = 0
        self._rehash()

    def facts(self, int32_t index):
        """Return a mapping of what the core knows about an instrument.

        Units: tick_size in quote currency; lot_size and contract_size in ``amount``
        units; fees as a fraction of notional; expiry_ms since epoch.

        Raises:
            IndexError: no instrument there.
        """
        self._demand(index)
        cdef Instrument* row = &self.rows[index]
        return {
            "name": self.name_of(index),
            "kind": next(k for k, v in KINDS.items() if v == row.kind),
            "inverse": bool(row.inverse),
            "tick_size": row.tick_size,
            "lot_size": row.lot_size,
            "contract_size": row.contract_size,
            "min_qty_lots": row.min_qty_lots,
            "maker_fee": row.maker_fee,
            "taker_fee": row.taker_fee,
            "expiry_ms": row.expiry_ms,
        }

    def lots(self, int32_t index, amount):
        """Return an amount in lots.

        Raises:
            ValueError: the amount is not a multiple of the lot; names the lot.
        """
        self._demand(index)
        lot = Decimal(self.rows[index].lot_num).scaleb(-self.rows[index].lot_decimals)
        lots = Decimal(str(amount)) / lot
        if lots != lots.to_integral_value():
            raise ValueError(f"{amount} is not a multiple of the lot {lot}")
        return int(lots)

    def ticks(self, int32_t index, price):
        """Return a price in base ticks.

        Raises:
            ValueError: the price is not a multiple of the base tick; names the tick.
        """
        self._demand(index)
        tick = Decimal(self.rows[index].tick_num).scaleb(
            -self.rows[index].tick_decimals)
        ticks = Decimal(str(price)) / tick
        if ticks != ticks.to_integral_value():
            raise ValueError(f"{price} is not a multiple of the tick {tick}")
        return int(ticks)

    def round(self, int32_t index, str side, double ticks):
        """Return the passive legal price for a fractional price, in base ticks."""
        self._demand(index)
        return round_passive(&self.rows[index], BID if side == "bid" else ASK,
                             ticks)

    def _demand(self, int32_t index):
        if not 0 <= index < self.size or self.rows[index].name_size == 0:
            raise IndexError(f"no instrument at index {index}")

    cdef int32_t _free_row(self) except -1:
        cdef int32_t i
        for i in range(self.size):
            if self.rows[i].name_size == 0:
                return i
        if self.size == INSTRUMENTS_MAX:
            raise OverflowError(f"more than {INSTRUMENTS_MAX} instruments")
        self.size += 1
        return self.size - 1

    cdef void _rehash(self) noexcept nogil:
        cdef int32_t i
        cdef uint64_t at
        memset(self.slots, 0xFF, HASH_SLOTS * sizeof(int32_t))
        for i in range(self.size):
            if self.rows[i].name_size:
                at = hash_name(
                    self.rows[i].name, self.rows[i].name_size) & (HASH_SLOTS - 1)
                while self.slots[at] >= 0:
                    at = (at + 1) & (HASH_SLOTS - 1)
                self.slots[at] = i

    cdef int _read_row(self, row, Instrument* out) except -1:
        """Fill a row from the venue's mapping; ValueError names the bad field."""
        field = "kind"
        try:
            out.kind = KINDS[row["kind"]]
            field = "instrument_type"
            out.in_coin = row.get(field, row.get("future_type")) == "reversed"
            # An option paid in the coin is "reversed", too: its amount is coins.
            out.inverse = out.in_coin and (
                out.kind in (KIND_FUTURE, KIND_FUTURE_COMBO))
            field = "tick_size"
            out.tick_num, out.tick_decimals = decimal_parts(row[field])
            set_grid(&out.ticks, out.tick_num, out.tick_decimals, TICKS_MAX - 1)
            field = "contract_size"
            contract = Decimal(str(row[field]))
            field = "min_trade_amount"
            lot = min(contract, Decimal(str(row[field])))
            out.lot_num, out.lot_decimals = decimal_parts(lot)
            set_grid(&out.lots, out.lot_num, out.lot_decimals, TICKS_MAX - 1)
            least = Decimal(str(row[field])) / lot
            if least != least.to_integral_value():
                raise ValueError(f"{row[field]} is not a multiple of the lot {lot}")
            out.min_qty_lots = int(least)
            out.tick_size = float(row["tick_size"])
            out.lot_size = float(lot)
            out.contract_size = float(contract)
            field = "maker_commission"
            out.maker_fee = float(row.get(field, 0.0))
            field = "taker_commission"
            out.taker_fee = float(row.get(field, 0.0))
            field = "expiration_timestamp"
            out.expiry_ms = int(row.get(field, 0))
            field = "tick_size_steps"
            self._read_steps(row, out)
        except KeyError:
            raise ValueError(
                f"instrument {row.get('instrument_name')}: {field} is missing "
                f"or unknown ({row.get(field)!r})") from None
        except (TypeError, ValueError, ArithmeticError) as error:
            raise ValueError(
                f"instrument {row.get('instrument_name')}: {field}: {error}") from None
        return 0

    cdef int _read_steps(self, row, Instrument* out) except -1:
        steps = sorted(row.get("tick_size_steps") or [],
                       key=lambda step: step["above_price"])
        if len(steps) > TICK_STEPS_MAX:
            raise ValueError(f"{len(steps)} steps, at most {TICK_STEPS_MAX} are held")
        tick = Decimal(out.tick_num).scaleb(-out.tick_decimals)
        for step in steps:
            multiple = Decimal(str(step["tick_size"])) / tick
            above = Decimal(str(step["above_price"])) / tick
            if multiple != int(multiple) or above != int(above):
                raise ValueError(f"step {step} is not a multiple of the tick {tick}")
            out.steps[out.n_steps].above_ticks = int(above)
            out.steps[out.n_steps].multiple = int(multiple)
            out.n_steps += 1
        return 0
