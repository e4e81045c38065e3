# Exact decimals without floats: JSON text <-> mantissa x 10^exponent <-> integers.
from libc.stdint cimport int64_t, uint64_t

cdef enum:
    DIGITS_MAX = 18        # significant digits a mantissa holds; longer text is refused
    EXPONENT_MAX = 64      # |exponent| beyond this is refused
    NUMBER_TEXT_MAX = 24   # bytes `put_fixed` writes at most


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

# Integer -> decimal text `value / 10**decimals` without trailing zeros; returns the
# end. Writes at most NUMBER_TEXT_MAX bytes; decimals 0..18.
cdef char* put_fixed(char* p, int64_t value, int decimals) noexcept nogil

cdef char* put_int(char* p, int64_t value) noexcept nogil


# Exact division by a number that is known beforehand, without dividing: multiply by
# the inverse of its odd part modulo 2**64, rotate by its twos. What it does not divide
# comes out above `most`.
cdef struct Divisor:
    uint64_t inverse
    uint64_t most              # largest quotient that is taken
    int twos


# divisor > 0; quotients up to `most` are taken, which must be small enough to be true.
cdef void set_divisor(Divisor* out, int64_t divisor, uint64_t most) noexcept nogil


# False: not a multiple, or a quotient above `most`.
cdef inline bint divide(
        const Divisor* by, uint64_t value, int64_t* out) noexcept nogil:
    cdef uint64_t product = value * by.inverse
    product = product >> by.twos | product << ((64 - by.twos) & 63)
    out[0] = <int64_t>product
    return product <= by.most
