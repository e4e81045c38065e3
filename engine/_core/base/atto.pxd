# Exact money inside the core: integers of 1e-18 of a coin, in 128 bits.
from libc.stdint cimport int64_t, uint64_t

from engine._core.base.fixed cimport Number
from engine._core.base.instrument cimport Instrument
from engine._core.base.types cimport price_t, qty_t

cdef extern from *:
    """
    typedef __int128 hs_atto_t;

    /* n / d to the nearest, halves away from zero; d > 0. */
    static inline hs_atto_t hs_divide(hs_atto_t n, hs_atto_t d) {
        hs_atto_t whole = n / d, rest = n % d;
        if (rest < 0) rest = -rest;
        if (rest >= d - rest) whole += n < 0 ? -1 : 1;
        return whole;
    }

    /* a * n / d, rounded once; right whenever the result fits. n, d > 0. */
    static inline hs_atto_t hs_scale(hs_atto_t a, int64_t n, int64_t d) {
        return a / d * n + hs_divide(a % d * n, d);
    }

    static inline hs_atto_t hs_power10(int n) {
        hs_atto_t found = 1;
        while (n-- > 0) found *= 10;
        return found;
    }

    static inline hs_atto_t hs_times(hs_atto_t a, int64_t b) { return a * b; }
    static inline int64_t hs_high(hs_atto_t a) { return (int64_t)(a >> 64); }
    static inline uint64_t hs_low(hs_atto_t a) { return (uint64_t)a; }
    static inline hs_atto_t hs_join(int64_t high, uint64_t low) {
        return ((hs_atto_t)high << 64) | low;
    }
    static inline double hs_coins(hs_atto_t a) { return (double)a * 1e-18; }
    """
    ctypedef long long atto_t "hs_atto_t"
    atto_t scaled "hs_scale"(atto_t a, int64_t n, int64_t d) noexcept nogil
    atto_t divided "hs_divide"(atto_t n, atto_t d) noexcept nogil
    atto_t power10 "hs_power10"(int n) noexcept nogil
    atto_t times "hs_times"(atto_t a, int64_t b) noexcept nogil
    int64_t high "hs_high"(atto_t a) noexcept nogil
    uint64_t low "hs_low"(atto_t a) noexcept nogil
    atto_t join "hs_join"(int64_t high, uint64_t low) noexcept nogil
    double coins "hs_coins"(atto_t a) noexcept nogil


# A price as an exact ratio; num 0 = there is none.
cdef struct Ratio:
    int64_t num
    int64_t den


# Half a tick is the unit of a mid: bid and ask added up.
cdef Ratio ratio_of_halves(const Instrument* row, int64_t half_ticks) noexcept nogil
# What was written off the grid; num 0 when it has more digits than fit.
cdef Ratio ratio_of_number(Number number) noexcept nogil

# Money that was written, rounded where it has more than 18 decimals.
cdef atto_t atto_of(Number number) noexcept nogil

# Lots in atto of the unit of amounts.
cdef atto_t units_of(const Instrument* row, qty_t lots) noexcept nogil

# What so many atto of the unit of amounts are worth at a price to whoever holds them:
# what an inverse future is worth is owed, so it is below 0. 0 without a price.
cdef atto_t worth_of(const Instrument* row, atto_t units, Ratio price) noexcept nogil

# To Python and back.
cdef object atto_int(atto_t value)
cdef int atto_from(object value, atto_t* out) except -1
