# What the touch alone says about where fair is; read when asked, nothing is kept.
# Call with a two-sided book: a missing price is a number like any other here.
from engine._core.base.types cimport ASK, BID
from engine._core.state.book cimport Book


# Half-way between best bid and best ask, ticks.
cdef inline double mid_of(Book book) noexcept nogil:
    return 0.5 * (<double>book.best(BID) + <double>book.best(ASK))


# (bid size - ask size) / (bid size + ask size) at the touch, -1..1.
cdef inline double imbalance_of(Book book) noexcept nogil:
    cdef double bid_lots = <double>book.best_qty(BID)
    cdef double ask_lots = <double>book.best_qty(ASK)
    return (bid_lots - ask_lots) / (bid_lots + ask_lots)


# Size-weighted mid, (qb Pa + qa Pb) / (qa + qb), ticks: the mid moved towards the
# thinner side; so written, the rounding error does not grow with the price.
cdef inline double weighted_mid_of(Book book) noexcept nogil:
    return mid_of(book) + 0.5 * imbalance_of(book) * <double>(
        book.best(ASK) - book.best(BID))
