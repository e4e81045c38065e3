"""JSON scanner: verifies every byte of a frame and keeps none of them.

The readers of decode walk a frame with a cursor. They only say "not what I expected";
whether a frame is JSON at all is decided here, by :func:`skip_value`, which goes over
whatever nobody reads. The grammar is that of RFC 8259 with strict UTF-8, and a lone
surrogate escape is refused, as orjson refuses it.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp

from engine._core.base.fixed cimport Number, parse_number, to_fixed
from engine._core.base.utf8 cimport skip_utf8
from engine._core.base.words cimport (
    digits_of, is_digit, load8, plain_of, value_of)

cdef enum:
    SHORT_DIGITS = 17          # a number of so many digits cannot overflow a mantissa

cdef uint64_t[9] TENS = [
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000]


cdef const char* skip_hex(
        const char* p, const char* end, unsigned int* value) noexcept nogil:
    """Read four hex digits of a ``\\u`` escape; NULL when they are not there."""
    cdef int i
    cdef char c
    if end - p < 4:
        return NULL
    value[0] = 0
    for i in range(4):
        c = p[i]
        if is_digit(c):
            value[0] = value[0] * 16 + <unsigned int>(c - c"0")
        elif c"a" <= c <= c"f":
            value[0] = value[0] * 16 + <unsigned int>(c - c"a") + 10
        elif c"A" <= c <= c"F":
            value[0] = value[0] * 16 + <unsigned int>(c - c"A") + 10
        else:
            return NULL
    return p + 4


cdef const char* skip_escape(const char* p, const char* end) noexcept nogil:
    """Step over an escape; ``p`` is after the backslash. A lone surrogate is NULL."""
    cdef unsigned int first, second
    if p >= end:
        return NULL
    if p[0] != c"u":
        if (p[0] == c'"' or p[0] == c"\\" or p[0] == c"/" or p[0] == c"b"
                or p[0] == c"f" or p[0] == c"n" or p[0] == c"r" or p[0] == c"t"):
            return p + 1
        return NULL
    p = skip_hex(p + 1, end, &first)
    if p == NULL or not 0xD800 <= first <= 0xDFFF:
        return p
    if first >= 0xDC00 or end - p < 6 or p[0] != c"\\" or p[1] != c"u":
        return NULL
    p = skip_hex(p + 2, end, &second)
    return p if p != NULL and 0xDC00 <= second <= 0xDFFF else NULL


cdef const char* string_end(
        const char* p, const char* end, bint* escaped) noexcept nogil:
    """Return the closing quote of a string, ``p`` after the opening one; or NULL."""
    cdef int n
    cdef signed char c
    escaped[0] = False
    while p < end:
        if end - p >= 16:
            n = plain_of(p)
            p += n
            if n == 16:
                continue
        c = <signed char>p[0]
        if c == c'"':
            return p
        if c == c"\\":
            escaped[0] = True
            p = skip_escape(p + 1, end)
        elif c < 0:
            p = skip_utf8(p, end)
        elif c >= 0x20:
            p += 1
        else:
            return NULL
        if p == NULL:
            return NULL
    return NULL


cdef const char* skip_string(const char* p, const char* end) noexcept nogil:
    """Step over a string, quotes included; NULL when there is none."""
    cdef bint escaped
    if p >= end or p[0] != c'"':
        return NULL
    p = string_end(p + 1, end, &escaped)
    return p + 1 if p != NULL else NULL


cdef const char* skip_digits(const char* p, const char* end) noexcept nogil:
    """Step over one digit or more; NULL when there is none."""
    cdef int n
    if p >= end or not is_digit(p[0]):
        return NULL
    while end - p >= 8:
        n = digits_of(load8(p))
        p += n
        if n < 8:
            return p
    while p < end and is_digit(p[0]):
        p += 1
    return p


cdef const char* skip_number(const char* p, const char* end) noexcept nogil:
    """Step over a number of any length and size; NULL when it is not one."""
    if p < end and p[0] == c"-":
        p += 1
    if p < end and p[0] == c"0":
        p += 1
    else:
        p = skip_digits(p, end)
    if p != NULL and p < end and p[0] == c".":
        p = skip_digits(p + 1, end)
    if p != NULL and p < end and (p[0] == c"e" or p[0] == c"E"):
        p += 1
        if p < end and (p[0] == c"+" or p[0] == c"-"):
            p += 1
        p = skip_digits(p, end)
    return p


cdef inline const char* skip_word(
        const char* p, const char* end, const char* word, int n) noexcept nogil:
    return p + n if end - p >= n and memcmp(p, word, n) == 0 else NULL


cdef const char* skip_scalar(const char* p, const char* end) noexcept nogil:
    """Step over a string, number or literal; NULL when there is none."""
    if p >= end:
        return NULL
    if p[0] == c'"':
        return skip_string(p, end)
    if p[0] == c"t":
        return skip_word(p, end, b"true", 4)
    if p[0] == c"f":
        return skip_word(p, end, b"false", 5)
    if p[0] == c"n":
        return skip_word(p, end, b"null", 4)
    return skip_number(p, end)


cdef const char* skip_name(const char* p, const char* end) noexcept nogil:
    """Step over a key and its colon; NULL when they are not there."""
    p = skip_string(skip_space(p, end), end)
    if p == NULL:
        return NULL
    p = skip_space(p, end)
    return p + 1 if p < end and p[0] == c":" else NULL


cdef const char* skip_value(const char* p, const char* end) noexcept nogil:
    cdef uint64_t is_object = 0    # the lowest bit is the innermost open container
    cdef int depth = 0
    cdef char close
    while True:
        p = skip_space(p, end)
        if p < end and (p[0] == c"{" or p[0] == c"["):
            if depth == NESTING_MAX:
                return NULL
            depth += 1
            is_object = is_object << 1 | (p[0] == c"{")
            p = skip_space(p + 1, end)
            close = c"}" if is_object & 1 else c"]"
            if p >= end or p[0] != close:
                if is_object & 1:
                    p = skip_name(p, end)
                    if p == NULL:
                        return NULL
                continue
        else:
            p = skip_scalar(p, end)
            if p == NULL:
                return NULL
        # A value ends here, or an empty container is about to.
        while depth:
            p = skip_space(p, end)
            close = c"}" if is_object & 1 else c"]"
            if p < end and p[0] == close:
                p += 1
                depth -= 1
                is_object >>= 1
                continue
            if p >= end or p[0] != c",":
                return NULL
            p += 1
            if is_object & 1:
                p = skip_name(p, end)
                if p == NULL:
                    return NULL
            break
        if depth == 0:
            return p


cdef bint is_whole(const char* p, const char* end) noexcept nogil:
    p = skip_value(p, end)
    return p != NULL and skip_space(p, end) == end


cdef void skip(Cursor* c) noexcept nogil:
    cdef const char* p = skip_value(c.p, c.end)
    c.is_first = False
    if p == NULL:
        c.trouble |= TROUBLE_SYNTAX
    else:
        c.p = p


cdef void finish(Cursor* c) noexcept nogil:
    if not c.trouble & TROUBLE_STOP and skip_space(c.p, c.end) != c.end:
        c.trouble |= TROUBLE_SYNTAX


cdef inline bint misfit(Cursor* c) noexcept nogil:
    c.trouble |= TROUBLE_SHAPE
    return False


cdef bint enter_object(Cursor* c) noexcept nogil:
    if c.p >= c.end or c.p[0] != c"{":
        return misfit(c)
    c.p += 1
    c.is_first = True
    return True


cdef bint enter_array(Cursor* c) noexcept nogil:
    if c.p >= c.end or c.p[0] != c"[":
        return misfit(c)
    c.p += 1
    c.is_first = True
    return True


cdef inline bint next_part(Cursor* c, char close) noexcept nogil:
    """Step to the next part of a container, over its comma; False at its end."""
    cdef const char* p
    if c.trouble & TROUBLE_STOP:
        return False
    p = skip_space(c.p, c.end)
    if p < c.end and p[0] == close:
        c.p = p + 1
        c.is_first = False
        return False
    if c.is_first:
        c.is_first = False
    elif p < c.end and p[0] == c",":
        p = skip_space(p + 1, c.end)
    else:
        return misfit(c)
    c.p = p
    return True


cdef bint next_item(Cursor* c) noexcept nogil:
    return next_part(c, c"]")


cdef bint next_key(Cursor* c, Text* key) noexcept nogil:
    cdef const char* p
    if not next_part(c, c"}") or not take_text(c, key):
        return False
    p = skip_space(c.p, c.end)
    if p >= c.end or p[0] != c":":
        return misfit(c)
    c.p = skip_space(p + 1, c.end)
    return True


cdef bint take_null(Cursor* c) noexcept nogil:
    if c.p >= c.end or c.p[0] != c"n":
        return False
    cdef const char* p = skip_word(c.p, c.end, b"null", 4)
    if p == NULL:
        return misfit(c)
    c.p = p
    return True


cdef bint take_text(Cursor* c, Text* out) noexcept nogil:
    cdef const char* p = c.p
    if p >= c.end or p[0] != c'"':
        return misfit(c)
    out.start = p + 1
    p = string_end(p + 1, c.end, &out.escaped)
    if p == NULL or out.escaped and not c.is_canonical:
        return misfit(c)
    out.size = p - out.start
    c.p = p + 1
    return True


cdef inline const char* take_digits(
        const char* p, const char* end, int most, uint64_t* value) noexcept nogil:
    """Append all digits that follow to a value; NULL: there are more than ``most``."""
    cdef const char* last = p + most
    cdef uint64_t word
    cdef int n
    while end - p >= 8 and p <= last:
        word = load8(p)
        n = digits_of(word)
        if n:
            value[0] = value[0] * TENS[n] + value_of(word, n)
            p += n
        if n < 8:
            return p if p <= last else NULL
    while p < end and is_digit(p[0]) and p <= last:
        value[0] = value[0] * 10 + <uint64_t>(p[0] - c"0")
        p += 1
    return p if p <= last else NULL


cdef inline const char* short_number(
        const char* p, const char* end, Number* out) noexcept nogil:
    """Read ``123`` or ``123.45`` of few digits; NULL for every other form."""
    cdef const char* first = p
    cdef uint64_t mantissa = 0
    cdef int digits, places = 0
    p = take_digits(p, end, SHORT_DIGITS, &mantissa)
    if p == NULL or p == first:
        return NULL
    digits = <int>(p - first)
    if first[0] == c"0" and digits > 1:
        return NULL
    if p < end and p[0] == c".":
        first = p + 1
        p = take_digits(first, end, SHORT_DIGITS - digits, &mantissa)
        if p == NULL or p == first:
            return NULL
        places = <int>(p - first)
    if p < end and (p[0] == c"e" or p[0] == c"E"):
        return NULL
    out.mantissa = <int64_t>mantissa
    out.exponent = -places
    return p


cdef bint take_number(Cursor* c, Number* out) noexcept nogil:
    cdef const char* p = short_number(c.p, c.end, out)
    if p != NULL:
        c.p = p
        return True
    if c.p >= c.end or c.p[0] != c"-" and not is_digit(c.p[0]):
        return misfit(c)
    p = parse_number(c.p, c.end, out)
    if p == NULL:
        out.mantissa = 0
        out.exponent = 0
        p = skip_number(c.p, c.end)
        if p == NULL:
            return misfit(c)
        c.p = p
        c.trouble |= TROUBLE_LONG
        return False
    c.p = p
    return True


cdef bint take_count(Cursor* c, int64_t* out) noexcept nogil:
    cdef Number number
    if not take_number(c, &number):
        return False
    if number.exponent == 0:
        out[0] = number.mantissa
    elif not to_fixed(number, 0, out):
        c.trouble |= TROUBLE_RANGE
        return False
    if out[0] < 0:
        c.trouble |= TROUBLE_RANGE
        return False
    return True


def is_json(bytes payload not None, Py_ssize_t size=-1):
    """Return whether a payload is one JSON value the scanner takes.

    Args:
        payload: the text.
        size: look at this many bytes only, the rest lies behind the end; -1 = all.

    Raises:
        ValueError: size is larger than the payload.
    """
    cdef const char* start = PyBytes_AS_STRING(payload)
    if size < 0:
        size = PyBytes_GET_SIZE(payload)
    if size > PyBytes_GET_SIZE(payload):
        raise ValueError(f"size {size} is past the {len(payload)} bytes there are")
    return bool(is_whole(start, start + size))
