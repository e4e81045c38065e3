# Exact decimals without floats: JSON text <-> mantissa x 10^exponent <-> integers.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from engine._core.base.words cimport EACH_ZERO, first_of, last_of, spell, store8

cdef enum:
    DIGITS_MAX = 18        # significant digits a mantissa holds; longer text is refused
    EXPONENT_MAX = 64      # |exponent| beyond this is refused
    EIGHT_DIGITS = 100000000
    NUMBER_TEXT_MAX = 32   # room `put_int` and `put_fixed` need, longest text 21


cdef struct Number:
    int64_t mantissa       # value = mantissa * 10**exponent
    int exponent


# Text -> number. Takes every JSON number form (65000, 65000.0, 2.5e4, 1E-05, -0.0016).
# Returns the first byte after the number, NULL when there is none or it does not fit.
# [p, end) must be followed by one readable byte.
cdef const char* parse_number(
    const char* p, const char* end, Number* out) noexcept nogil

# value * 10**decimals as an integer. False: not an integer at that scale, or overflow.
cdef bint to_fixed(Number number, int decimals, int64_t* out) noexcept nogil

# The same, rounded half away from zero; False only on overflow.
cdef bint to_fixed_rounded(Number number, int decimals, int64_t* out) noexcept nogil

cdef double to_double(Number number) noexcept nogil

# As it was written, exact: a decimal.Decimal.
cdef object to_decimal(Number number)

# Integer -> decimal text; returns its end. What is behind the end may be overwritten,
# NUMBER_TEXT_MAX bytes from p in all.
cdef inline char* put_int(char* p, int64_t value) noexcept nogil:
    cdef uint64_t digits
    cdef int zeros
    if not 0 <= value < EIGHT_DIGITS:
        return put_long(p, value)
    digits = spell(<uint32_t>value)
    zeros = first_of(digits | <uint64_t>1 << 56)
    store8(p, (digits | EACH_ZERO) >> 8 * zeros)
    return p + 8 - zeros


# The same for `value / 10**decimals`, without trailing zeros; decimals 0..18.
cdef inline char* put_fixed(char* p, int64_t value, int decimals) noexcept nogil:
    cdef uint64_t digits, part
    cdef int whole = 8 - decimals, zeros
    if decimals == 0:
        return put_int(p, value)
    if not (0 <= value < EIGHT_DIGITS and decimals < 8):
        return put_long_fixed(p, value, decimals)
    digits = spell(<uint32_t>value)
    part = digits >> 8 * whole
    # One digit at least stands before the point.
    zeros = first_of(digits | <uint64_t>1 << 8 * (whole - 1))
    store8(p, (digits | EACH_ZERO) >> 8 * zeros)
    p += whole - zeros
    if part == 0:
        return p
    p[0] = c"."
    store8(p + 1, part | EACH_ZERO)
    return p + 2 + last_of(part)


# Inside only: numbers those two are too short for.
cdef char* put_long(char* p, int64_t value) noexcept nogil
cdef char* put_long_fixed(char* p, int64_t value, int decimals) noexcept nogil


# Exact division by a number that is known beforehand, without dividing: multiply by
# the inverse of its odd part modulo 2**64, rotate by its twos. What it does not divide
# comes out above `most`.
cdef struct Divisor:
    uint64_t inverse
    uint64_t most              # largest quotient that is taken
    int twos


# What a number's digits must be a multiple of, when `places` of them are behind the
# point: a tick, a lot.
cdef struct Grid:
    Divisor by
    int places


# divisor > 0; quotients up to `most` are taken, which must be small enough to be true.
cdef void set_divisor(Divisor* out, int64_t divisor, uint64_t most) noexcept nogil


# False: not a multiple, or a quotient above `most`.
cdef inline bint divide(
        const Divisor* by, uint64_t value, int64_t* out) noexcept nogil:
    cdef uint64_t product = value * by.inverse
    product = product >> by.twos | product << ((64 - by.twos) & 63)
    out[0] = <int64_t>product
    return product <= by.most


# A grid of num / 10**decimals, 0 < num < 10**17. It has one place at least, because the
# venue writes a whole number with one: 10.0.
cdef void set_grid(Grid* out, int64_t num, int decimals, uint64_t most) noexcept nogil
