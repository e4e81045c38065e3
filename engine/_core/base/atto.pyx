"""Exact money in the core: the same integers, and the same rounding, as the ledger.

A fill's value is rounded once, to the nearest 1e-18 of a coin, so that sums made here
equal those of `engine/session/ledger` to the last digit. 128 bits hold 1.7e20 coins.

Source: what a contract is worth: docs.deribit.com, inverse futures, linear futures,
seen 2026-08-22: amount / price in the coin, or amount * price in the quote currency.
"""

from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t

from engine._core.base.fixed cimport Number, parse_number, to_fixed
from engine._core.base.instrument cimport Instrument, InstrumentTable
from engine._core.base.types cimport qty_t

cdef enum:
    DECIMALS = 18              # of an atto
    SHIFT_MAX = 18             # digits a number's exponent may move it by


cdef Ratio ratio_of_halves(const Instrument* row, int64_t half_ticks) noexcept nogil:
    cdef Ratio found
    found.num = half_ticks * row.tick_num
    found.den = 2 * <int64_t>power10(row.tick_decimals)
    return found


cdef Ratio ratio_of_number(Number number) noexcept nogil:
    cdef Ratio found
    cdef int decimals = -number.exponent if number.exponent < 0 else 0
    found.num, found.den = 0, 1
    if decimals <= SHIFT_MAX and to_fixed(number, decimals, &found.num):
        found.den = <int64_t>power10(decimals)
    return found


cdef atto_t atto_of(Number number) noexcept nogil:
    cdef int shift = DECIMALS + number.exponent
    if shift >= 0:
        return times(power10(shift if shift < 2 * SHIFT_MAX else 2 * SHIFT_MAX),
                     number.mantissa)
    return divided(<atto_t>number.mantissa,
                   power10(-shift if -shift < 2 * SHIFT_MAX else 2 * SHIFT_MAX))


cdef atto_t units_of(const Instrument* row, qty_t lots) noexcept nogil:
    return times(times(power10(DECIMALS - row.lot_decimals), lots), row.lot_num)


cdef atto_t worth_of(const Instrument* row, atto_t units, Ratio price) noexcept nogil:
    if price.num == 0 or (row.inverse and price.num < 0):
        return 0
    if row.inverse:
        return -scaled(units, price.den, price.num)
    # The sign of the price goes to the amount: combos trade below zero.
    if price.num < 0:
        return scaled(-units, -price.num, price.den)
    return scaled(units, price.num, price.den)


cdef object atto_int(atto_t value):
    """Return it as a Python integer."""
    cdef int64_t upper = high(value)
    cdef uint64_t lower = low(value)
    return (<object>upper << 64) + <object>lower


cdef int atto_from(object value, atto_t* out) except -1:
    """Read one from a Python integer.

    Raises:
        OverflowError: beyond 128 bits.
    """
    cdef int64_t upper
    upper_part = int(value) >> 64
    if not INT64_MIN <= upper_part <= INT64_MAX:
        raise OverflowError(f"{value} is no amount of money")
    upper = upper_part
    out[0] = join(upper, <uint64_t>(int(value) & 0xFFFFFFFFFFFFFFFF))
    return 0


def worth(InstrumentTable table not None, int index, long lots, int64_t half_ticks):
    """Return what lots are worth at a price in half ticks. For tests and tools.

    Units: atto of the settlement currency; owed, so with the sign turned, of an inverse
    future.
    """
    return atto_int(worth_of(&table.rows[index], units_of(&table.rows[index], lots),
                             ratio_of_halves(&table.rows[index], half_ticks)))


def worth_at(InstrumentTable table not None, int index, long lots, str price not None):
    """Return the same at a price as it is written, off the grid too."""
    return atto_int(worth_of(&table.rows[index], units_of(&table.rows[index], lots),
                             ratio_of_number(read(price))))


def money(str text not None):
    """Return money as it is written, in atto. For tests and tools."""
    return atto_int(atto_of(read(text)))


def round_trip(value):
    """Return an amount after it was in 128 bits. For tests.

    Raises:
        OverflowError: it does not fit.
    """
    cdef atto_t inside
    atto_from(value, &inside)
    return atto_int(inside)


cdef Number read(str text) except *:
    cdef bytes data = text.encode() + b"\0"
    cdef const char* start = data
    cdef Number number
    if parse_number(start, start + len(data) - 1, &number) == NULL:
        raise ValueError(f"no number: {text!r}")
    return number
