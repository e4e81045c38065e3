# Exact decimals without floats: JSON text <-> mantissa x 10^exponent <-> integers.
from libc.stdint cimport int64_t

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
