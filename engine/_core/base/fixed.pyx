"""Exact decimals: what a price is between the JSON text and the integer tick.

The venue writes one number in several ways (``65000``, ``65000.0``, ``6.5e4``); all of
them become the same mantissa and exponent here, and no float is involved. The Python
functions at the end are the same code, for tests and tools.
"""

from decimal import Decimal

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.math cimport pow as c_pow
from libc.stdint cimport int64_t, INT64_MAX, uint32_t, uint64_t

from engine._core.base.words cimport EACH_ZERO, is_digit, spell, store8

cdef int64_t[19] POWERS = [
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
    10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
    1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000]


cdef const char* parse_exponent(
        const char* p, const char* end, int* exponent) noexcept nogil:
    """Read the digits after ``e``; return NULL when there are none or too many."""
    cdef int sign = 1, value = 0
    if p < end and (p[0] == c"-" or p[0] == c"+"):
        if p[0] == c"-":
            sign = -1
        p += 1
    if p >= end or not is_digit(p[0]):
        return NULL
    while p < end and is_digit(p[0]):
        value = value * 10 + (p[0] - c"0")
        if value > 10 * EXPONENT_MAX:
            return NULL
        p += 1
    exponent[0] += sign * value
    return p


cdef const char* parse_number(
        const char* p, const char* end, Number* out) noexcept nogil:
    cdef uint64_t mantissa = 0
    cdef int digits = 0, exponent = 0, zeros = 0
    cdef bint negative = False, seen_point = False
    if p < end and p[0] == c"-":
        negative = True
        p += 1
    if p >= end or not is_digit(p[0]):
        return NULL
    if p[0] == c"0" and p + 1 < end and is_digit(p[1]):
        return NULL
    while p < end:
        if is_digit(p[0]):
            if p[0] == c"0":
                # Zeros wait until a digit follows, so that 65000.000 stays short.
                zeros += 1
            else:
                digits += zeros + 1 if mantissa else 1
                if digits > DIGITS_MAX or zeros > DIGITS_MAX and mantissa:
                    return NULL
                if mantissa:
                    mantissa *= <uint64_t>POWERS[zeros]
                mantissa = mantissa * 10 + <uint64_t>(p[0] - c"0")
                zeros = 0
            if seen_point:
                exponent -= 1
        elif p[0] == c"." and not seen_point:
            seen_point = True
            if p + 1 >= end or not is_digit(p[1]):
                return NULL
        else:
            break
        p += 1
    exponent += zeros
    if p < end and (p[0] == c"e" or p[0] == c"E"):
        p = parse_exponent(p + 1, end, &exponent)
        if p == NULL:
            return NULL
    if mantissa == 0:
        exponent = 0
    elif exponent > EXPONENT_MAX or exponent < -EXPONENT_MAX:
        return NULL
    out.mantissa = -<int64_t>mantissa if negative else <int64_t>mantissa
    out.exponent = exponent
    return p


cdef bint to_fixed(Number number, int decimals, int64_t* out) noexcept nogil:
    cdef int shift = number.exponent + decimals
    cdef int64_t value = number.mantissa
    if value == 0:
        out[0] = 0
        return True
    if shift > DIGITS_MAX or shift < -DIGITS_MAX:
        return False
    if shift < 0:
        if value % POWERS[-shift]:
            return False
        out[0] = value // POWERS[-shift]
        return True
    if value > INT64_MAX // POWERS[shift] or value < -(INT64_MAX // POWERS[shift]):
        return False
    out[0] = value * POWERS[shift]
    return True


cdef bint to_fixed_rounded(Number number, int decimals, int64_t* out) noexcept nogil:
    cdef int shift = number.exponent + decimals
    cdef int64_t value = number.mantissa, divisor, rest
    if shift >= 0 or value == 0:
        return to_fixed(number, decimals, out)
    if shift < -DIGITS_MAX:
        out[0] = 0
        return True
    divisor = POWERS[-shift]
    rest = value % divisor
    value = value // divisor
    if rest >= divisor - rest and rest > 0:
        value += 1
    elif rest < 0 and -rest >= divisor + rest:
        value -= 1
    out[0] = value
    return True


cdef double to_double(Number number) noexcept nogil:
    """Nearest double for up to 15 digits and |exponent| <= 22, else within 2 ulp."""
    if number.exponent == 0:
        return <double>number.mantissa
    if -18 <= number.exponent < 0:
        return <double>number.mantissa / <double>POWERS[-number.exponent]
    if number.exponent < 0:
        return <double>number.mantissa / c_pow(10.0, -number.exponent)
    return <double>number.mantissa * c_pow(10.0, number.exponent)


cdef void set_divisor(Divisor* out, int64_t divisor, uint64_t most) noexcept nogil:
    """Source: H. Warren, Hacker's Delight, 2nd edition, 10-16 and 10-17."""
    cdef uint64_t odd = <uint64_t>divisor
    cdef uint64_t largest = ~<uint64_t>0 // <uint64_t>divisor
    out.twos = 0
    while odd & 1 == 0:
        odd >>= 1
        out.twos += 1
    # Right in three bits to begin with; each step doubles them.
    out.inverse = odd
    for _ in range(5):
        out.inverse *= 2 - odd * out.inverse
    out.most = most if most < largest else largest


cdef void set_grid(Grid* out, int64_t num, int decimals, uint64_t most) noexcept nogil:
    out.places = decimals
    if decimals == 0:
        out.places = 1
        num *= 10
    set_divisor(&out.by, num, most)


cdef object to_decimal(Number number):
    return Decimal(number.mantissa).scaleb(number.exponent)


cdef char* put_long(char* p, int64_t value) noexcept nogil:
    cdef uint64_t rest = <uint64_t>value, high
    if value < 0:
        p[0] = c"-"
        p += 1
        # Unsigned, because the smallest int64 has no positive twin.
        rest = <uint64_t>0 - rest
    high = rest // EIGHT_DIGITS
    if high == 0:
        return put_int(p, <int64_t>rest)
    # Ends: two steps leave at most four digits.
    p = put_long(p, <int64_t>high)
    store8(p, spell(<uint32_t>(rest % EIGHT_DIGITS)) | EACH_ZERO)
    return p + 8


cdef char* put_long_fixed(char* p, int64_t value, int decimals) noexcept nogil:
    cdef uint64_t rest = <uint64_t>value, part
    cdef int i
    if value < 0:
        p[0] = c"-"
        p += 1
        rest = <uint64_t>0 - rest
    part = rest % <uint64_t>POWERS[decimals]
    p = put_int(p, <int64_t>(rest // <uint64_t>POWERS[decimals]))
    if part == 0:
        return p
    while part % 10 == 0:
        part //= 10
        decimals -= 1
    p[0] = c"."
    for i in range(decimals):
        p[decimals - i] = <char>(c"0" + <int>(part % 10))
        part //= 10
    return p + decimals + 1


def parse(bytes text not None):
    """Return ``(mantissa, exponent)`` of a whole JSON number text.

    Raises:
        ValueError: the text is not one JSON number, or has too many digits.
    """
    cdef Number number
    cdef const char* start = PyBytes_AS_STRING(text)
    cdef const char* end = start + PyBytes_GET_SIZE(text)
    if parse_number(start, end, &number) != end:
        raise ValueError(f"not a number the core takes: {text!r}")
    return number.mantissa, number.exponent


def fixed(bytes text not None, int decimals):
    """Return the number times ``10**decimals`` as an exact integer.

    Raises:
        ValueError: not a number, or not an integer at that scale.
    """
    cdef Number number
    cdef int64_t value
    number.mantissa, number.exponent = parse(text)
    if not 0 <= decimals <= DIGITS_MAX or not to_fixed(number, decimals, &value):
        raise ValueError(f"{text!r} is not a whole number of 10**-{decimals}")
    return value


def fixed_rounded(bytes text not None, int decimals):
    """Return the number times ``10**decimals``, rounded half away from zero.

    Raises:
        ValueError: not a number, or too large.
    """
    cdef Number number
    cdef int64_t value
    number.mantissa, number.exponent = parse(text)
    if not 0 <= decimals <= DIGITS_MAX or not to_fixed_rounded(
            number, decimals, &value):
        raise ValueError(f"{text!r} does not fit")
    return value


def double(bytes text not None):
    """Return the number as a float.

    Raises:
        ValueError: not a number the core takes.
    """
    cdef Number number
    number.mantissa, number.exponent = parse(text)
    return to_double(number)


def quotient(int64_t value, int64_t divisor):
    """Return ``value / divisor``, None when it is no whole number.

    Raises:
        ValueError: a negative value, or a divisor that is not positive.
    """
    cdef Divisor by
    cdef int64_t out
    if value < 0 or divisor <= 0:
        raise ValueError(f"{value} / {divisor}: neither may be negative")
    set_divisor(&by, divisor, <uint64_t>INT64_MAX)
    return out if divide(&by, <uint64_t>value, &out) else None


def text(int64_t value, int decimals):
    """Return ``value / 10**decimals`` as decimal text without trailing zeros.

    Raises:
        ValueError: decimals outside 0..18.
    """
    cdef char[NUMBER_TEXT_MAX] buffer
    if not 0 <= decimals <= DIGITS_MAX:
        raise ValueError(f"decimals must be 0..18, not {decimals}")
    cdef char* end = put_fixed(buffer, value, decimals)
    return (<bytes>buffer[:end - buffer]).decode("ascii")
