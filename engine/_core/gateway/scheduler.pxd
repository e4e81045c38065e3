# Which of the planned requests go first, and which wait, when credits are short.
from libc.stdint cimport int32_t, int64_t

from engine._core.base.check cimport Fault
from engine._core.base.types cimport nanos_t
from engine._core.gateway.credits cimport CREDIT, Credits
from engine._core.gateway.differ cimport Action
from engine._core.gateway.place cimport Yardstick
from engine._core.quote.sheet cimport Permitted
from engine._core.state.orders cimport OrderTable


cdef extern from *:
    """
    #define HALFSPREAD_EASY 0.5
    """
    const double EASY "HALFSPREAD_EASY"    # a pool fuller than this has no price


cdef struct Offer:
    Action action
    int32_t instrument
    int pool
    int second_pool
    double value               # see value_of; decides who goes first
    bint is_held               # an own order of the other side was in the way


cdef class Scheduler:
    cdef:
        Offer* offers              # in the order of planning
        int32_t* heap              # numbers of offers, the most valuable first
        int32_t* held              # taken out of the heap, to be tried once more
        int capacity
        int n_offers
        int n_heap
        int n_held
        int n_retried

    # Take memory for all actions of so many instruments.
    cdef int reserve(self, int instruments) except -1
    cdef void clear(self) noexcept nogil
    cdef bint add(
        self, const Action* action, int32_t instrument, int pool, int second_pool,
        double value, Fault* fault) noexcept nogil
    # The most valuable offer left, NULL = none. Held ones come once more, at the end.
    cdef Offer* take(self) noexcept nogil
    cdef void hold(self, Offer* offer) noexcept nogil

    # Inside only.
    cdef bint _goes_before(self, int32_t a, int32_t b) noexcept nogil


# What sending an action saves or gains, in US dollars weighed by the chance of a fill.
cdef double value_of(
    const Action* action, OrderTable orders, const Yardstick* yard) noexcept nogil

# What is to be left in a pool, in nano-credits, for an offer to be sent.
cdef int64_t price_nano(
    Credits credits, int pool, const Offer* offer) noexcept nogil
cdef inline bint has_plenty(
        Credits credits, int pool, int n, nanos_t now_ns) noexcept nogil:
    cdef int64_t need = credits.need_nano(pool, False)
    return (credits.left_nano(pool, now_ns) - <int64_t>(n - 1) * CREDIT
            >= need + <int64_t>(EASY * <double>(credits.pools[pool].burst_nano - need)))


# Whether so many requests can be sent at once without anybody having to wait.
cdef inline bint is_plenty(
        Credits credits, int pool, int second_pool, int n, nanos_t now_ns
        ) noexcept nogil:
    return (pool >= 0 and has_plenty(credits, pool, n, now_ns)
            and (second_pool < 0 or has_plenty(credits, second_pool, n, now_ns)))


# Let a pool know what a request is typically worth there.
cdef void observe(Credits credits, int pool, double worth) noexcept nogil
# Fair value and reach. Units: prices in ticks; sigma in ticks per root second.
cdef void set_yardstick(
    Yardstick* yard, const Permitted* permitted, double micro_ticks,
    double mark_ticks, double sigma_ticks, double spread_ticks) noexcept nogil
# What the wish of an action earns where it stands: the measure of `observe`.
cdef double worth_of(const Action* action, const Yardstick* yard) noexcept nogil
