# The words every room shares: integer units, sides, and the named limits of the core.
from libc.stdint cimport int64_t, INT64_MIN

ctypedef int64_t price_t   # a price in ticks: price / the instrument's base tick_size
ctypedef int64_t qty_t     # a size in lots: amount / the instrument's lot_size
ctypedef int64_t nanos_t   # nanoseconds, monotonic

cdef enum Side:
    BID = 0
    ASK = 1

cdef enum:
    LEVELS_MAX = 8                       # quoted levels a side
    TAKE_SLOT = LEVELS_MAX               # the slot of the immediate-or-cancel wish
    SLOTS_PER_SIDE = LEVELS_MAX + 1
    SLOTS_PER_INSTRUMENT = 2 * SLOTS_PER_SIDE
    CONNECTIONS_MAX = 2                  # orders and market data
    ORDER_ID_MAX = 40                    # bytes of a venue order id we can hold
    LABEL_MAX = 64                       # venue limit on a label, bytes
    FEE_CURRENCY_MAX = 16                # bytes of a currency's name we can hold
    NAME_MAX = 64                        # bytes of an instrument name we can hold
    GATEWAY_ID_MIN = 1000000             # request ids: the gateway's from here, the
                                         # session's below

# "There is no such price." Never a legal one; combos may be negative: 0 is not free.
cdef extern from *:
    """
    #define HALFSPREAD_NO_PRICE INT64_MIN
    """
    const price_t NO_PRICE "HALFSPREAD_NO_PRICE"


cdef inline price_t price_min(price_t a, price_t b) noexcept nogil:
    return a if a < b else b


cdef inline price_t price_max(price_t a, price_t b) noexcept nogil:
    return a if a > b else b


cdef inline qty_t qty_min(qty_t a, qty_t b) noexcept nogil:
    return a if a < b else b


cdef inline qty_t qty_max(qty_t a, qty_t b) noexcept nogil:
    return a if a > b else b


# A number cut to -most..most; what is no number counts as the most.
cdef inline double clip(double value, double most) noexcept nogil:
    value = value if value < most else most
    return value if value > -most else -most
