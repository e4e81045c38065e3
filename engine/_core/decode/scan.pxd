# JSON under a cursor: what every room of decode is made of. They look at each byte
# once, make no object, and never read past `end` but for the one byte that lies there.
from engine._core.base.fixed cimport Number
from libc.stdint cimport int64_t
from libc.string cimport memcmp

cdef enum:
    NESTING_MAX = 64           # containers in a skipped value; deeper is orjson's work


# What went wrong so far, as bits. SYNTAX and SHAPE end the reading; the others let it
# go on, so that the rest of the frame is still verified.
cdef enum Trouble:
    TROUBLE_SYNTAX = 1         # not JSON, or nested deeper than NESTING_MAX
    TROUBLE_SHAPE = 2          # not what was expected here; may be no JSON at all
    TROUBLE_LONG = 4           # a number with more digits than base/fixed holds
    TROUBLE_RANGE = 8          # a number off its grid or too large, a limit passed
    TROUBLE_STOP = TROUBLE_SYNTAX | TROUBLE_SHAPE


cdef struct Cursor:
    const char* p              # next byte
    const char* end            # one past the last; readable, its value means nothing
    int trouble
    bint is_first              # nothing was read yet in the container just entered
    bint is_canonical          # the text is orjson's: no duplicate keys, escapes only
                               # where no known word can have them


# A string where it lies in the payload, without its quotes.
cdef struct Text:
    const char* start
    Py_ssize_t size
    bint escaped               # has a backslash, so these bytes are not the text


cdef inline const char* skip_space(const char* p, const char* end) noexcept nogil:
    # The venue sends none: one compare, and on.
    while p < end and <unsigned char>p[0] <= 0x20 and (
            p[0] == c" " or p[0] == c"\n" or p[0] == c"\r" or p[0] == c"\t"):
        p += 1
    return p


# One value of any kind. Returns the byte after it; NULL: not JSON, or too deep.
# Verifies all of it: literals, commas, control characters, escapes, UTF-8.
cdef const char* skip_value(const char* p, const char* end) noexcept nogil

# Whether [p, end) is one value, white space around it allowed.
cdef bint is_whole(const char* p, const char* end) noexcept nogil

# Step over the value under the cursor.
cdef void skip(Cursor* c) noexcept nogil

# The rest of the payload must be white space.
cdef void finish(Cursor* c) noexcept nogil

# Containers: enter, then ask for one key (or item) after the other until False, reading
# each value in between. False is also what any trouble that stops gives.
cdef bint enter_object(Cursor* c) noexcept nogil
cdef bint next_key(Cursor* c, Text* key) noexcept nogil
cdef bint enter_array(Cursor* c) noexcept nogil
cdef bint next_item(Cursor* c) noexcept nogil

# Values. False: not one; the trouble says why. A null is taken by `take_null` only.
cdef bint take_null(Cursor* c) noexcept nogil
cdef bint take_text(Cursor* c, Text* out) noexcept nogil
cdef bint take_number(Cursor* c, Number* out) noexcept nogil
cdef bint take_count(Cursor* c, int64_t* out) noexcept nogil  # a whole number, >= 0

# Whether a text or key is exactly these n bytes.
cdef inline bint is_word(const Text* text, const char* word, int n) noexcept nogil:
    return text.size == n and memcmp(text.start, word, n) == 0


# Set `bit` in `seen`; a second time is a duplicate key, which is orjson's work.
cdef inline void mark(Cursor* c, int* seen, int bit) noexcept nogil:
    if seen[0] & bit:
        c.trouble |= TROUBLE_SHAPE
    seen[0] |= bit
