"""Order-flow imbalance: net demand at the touch out of orders, cancels and trades.

Between two books the bid side gains what is there now if its price did not fall, and
loses what was there before if its price did not rise; the ask side likewise. Over one
event this is the signed size that arrived at, or left, the best prices.
"""

cimport cython

from engine._core.base.types cimport ASK, BID, nanos_t, price_t, qty_t
from engine._core.signals.decay cimport NS_PER_S, decay
from engine._core.state.book cimport Book

from engine._core.base.param import number


@cython.final
cdef class OrderFlowImbalance(Signal):
    """Sum of the events e_n, each forgotten exponentially with tau_s.

    e_n = 1{Pb_n >= Pb_(n-1)} qb_n - 1{Pb_n <= Pb_(n-1)} qb_(n-1)
        - 1{Pa_n <= Pa_(n-1)} qa_n + 1{Pa_n >= Pa_(n-1)} qa_(n-1).

    Ready: tau_s after the first book, while the book is usable. After a cut the next
        book is compared with nothing; what was summed before goes on being forgotten.
    Units: value and depth_lots in lots, above 0 is buying; move_ticks in ticks, the
        move of the mid that the flow explains, value / (2 depth); tau_s, depth_tau_s in
        seconds.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: Cont, Kukanov, Stoikov, The Price Impact of Order Book Events (2014, arXiv
        1011.6402), eq. for e_n in section 2.2 and dP = OFI / (2D) in 2.1. The paper
        sums over a window of 10 s; here the window is exponential.
    """

    def __cinit__(self, *, tau_s=2.0, depth_tau_s=60.0):
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)
        self.depth_tau_s = number("depth_tau_s", depth_tau_s, 1e-9, 1e9)

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        cdef price_t bid_ticks = book.best(BID), ask_ticks = book.best(ASK)
        cdef qty_t bid_lots = book.best_qty(BID), ask_lots = book.best_qty(ASK)
        cdef qty_t event_lots = 0
        if self.has_touch:
            if bid_ticks >= self.bid_ticks:
                event_lots += bid_lots
            if bid_ticks <= self.bid_ticks:
                event_lots -= self.bid_lots
            if ask_ticks <= self.ask_ticks:
                event_lots -= ask_lots
            if ask_ticks >= self.ask_ticks:
                event_lots += self.ask_lots
            self._average_depth(now_ns)
        else:
            self.has_touch = True
            self.depth_ns = now_ns
            if not self.has_seen:
                self.has_seen = True
                self.since_ns = self.flow_ns = now_ns
                self.depth_lots = 0.5 * <double>(bid_lots + ask_lots)
        self.bid_ticks, self.ask_ticks = bid_ticks, ask_ticks
        self.bid_lots, self.ask_lots = bid_lots, ask_lots
        self._settle(now_ns, <double>event_lots)

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        if self.has_touch:
            self._average_depth(now_ns)
            self.has_touch = False

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        if self.has_touch:
            self._average_depth(now_ns)
        self._settle(now_ns, 0.0)

    cdef void _average_depth(self, nanos_t now_ns) noexcept nogil:
        """Let the touch that stood until now weigh as long as it did."""
        cdef double keep = decay(now_ns - self.depth_ns, self.depth_tau_s)
        if keep < 1.0:
            self.depth_sum = (keep * self.depth_sum + (1.0 - keep)
                              * 0.5 * <double>(self.bid_lots + self.ask_lots))
            self.depth_weight = keep * self.depth_weight + (1.0 - keep)
            self.depth_lots = self.depth_sum / self.depth_weight
            self.depth_ns = now_ns

    cdef void _settle(self, nanos_t now_ns, double event_lots) noexcept nogil:
        self.value = self.value * decay(now_ns - self.flow_ns, self.tau_s) + event_lots
        if now_ns > self.flow_ns:
            self.flow_ns = now_ns
        self.move_ticks = self.value / (2.0 * self.depth_lots) if (
            self.depth_lots > 0.0) else 0.0
        self.is_warm = (
            self.has_seen
            and <double>(now_ns - self.since_ns) >= self.tau_s * <double>NS_PER_S)
