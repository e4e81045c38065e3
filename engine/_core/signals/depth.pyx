"""Imbalance of the depth near the mid, and how unusual it is."""

cimport cython
from libc.math cimport fabs, sqrt

from engine._core.base.types cimport ASK, BID, Side, nanos_t
from engine._core.signals.decay cimport decay, seconds
from engine._core.signals.touch cimport mid_of
from engine._core.state.book cimport Book, BookLevel

from engine._core.base.param import number, whole


@cython.final
cdef class DepthImbalance(Signal):
    """Bid depth against ask depth, size counting less the farther from the mid.

    value = (B - A) / (B + A), with B and A the sum over a side's levels of
    size * max(0, 1 - distance from the mid / reach_ticks). 0 when nothing is in reach.
    score = (value - mean) / deviation, both over time with tau_s, because the usual
    imbalance of an instrument is not 0 and its range is its own.

    Ready: tau_s after the first book, while the book is usable. A cut is no time.
    Units: value -1..1, above 0 there is more to buy at; bid_lots, ask_lots in lots;
        reach_ticks in ticks; levels a number a side; tau_s in seconds.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Cost: grows with levels, at every frame.
    Source: order-book imbalance as in Cartea, Jaimungal, Penalva, Algorithmic and
        High-Frequency Trading (2015), section 12, over depth instead of the touch; the
        taper and the standard score are ours.
    """

    def __cinit__(self, *, reach_ticks, levels=10, tau_s=300.0):
        self.reach_ticks = number("reach_ticks", reach_ticks, 0.5, 1e9)
        self.levels = whole("levels", levels, 1, DEPTH_LEVELS_MAX)
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)
        self.hears_depth = True

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        cdef double mid_ticks = mid_of(book)
        cdef double both_lots
        if self.value_ns:
            self._average(now_ns)
        elif not self.has_seen:
            self.has_seen = True
            self.since_ns = now_ns
        self.bid_lots = self._depth(book, BID, mid_ticks)
        self.ask_lots = self._depth(book, ASK, mid_ticks)
        both_lots = self.bid_lots + self.ask_lots
        self.value = 0.0 if both_lots <= 0.0 else (
            (self.bid_lots - self.ask_lots) / both_lots)
        self.value_ns = now_ns if now_ns > 0 else 1
        self._judge_score()
        self.is_warm = self.is_warm or seconds(now_ns - self.since_ns) >= self.tau_s

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        self._average(now_ns)
        self.value_ns = 0

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        if self.value_ns:
            self._average(now_ns)
            self._judge_score()
            self.is_warm = self.is_warm or (
                seconds(now_ns - self.since_ns) >= self.tau_s)

    cdef double _depth(self, Book book, Side side, double mid_ticks) noexcept nogil:
        cdef BookLevel[DEPTH_LEVELS_MAX] found
        cdef int i, count = book.top(side, self.levels, found)
        cdef double lots = 0.0, weight
        for i in range(count):
            weight = 1.0 - fabs(
                <double>found[i].price_ticks - mid_ticks) / self.reach_ticks
            if weight <= 0.0:
                break
            lots += weight * <double>found[i].qty_lots
        return lots

    cdef void _average(self, nanos_t now_ns) noexcept nogil:
        """Let the value that stood until now weigh as long as it did."""
        cdef double keep = decay(now_ns - self.value_ns, self.tau_s)
        if keep < 1.0:
            self.mean_sum = keep * self.mean_sum + (1.0 - keep) * self.value
            self.square_sum = (
                keep * self.square_sum + (1.0 - keep) * self.value * self.value)
            self.weight = keep * self.weight + (1.0 - keep)
            self.value_ns = now_ns

    cdef void _judge_score(self) noexcept nogil:
        cdef double mean, variance
        self.score = 0.0
        if self.weight > 0.0:
            mean = self.mean_sum / self.weight
            variance = self.square_sum / self.weight - mean * mean
            # Below this it is rounding: a book that never changed has no usual range.
            if variance > 1e-12:
                self.score = (self.value - mean) / sqrt(variance)
