"""Signals of one instrument's book: where fair is, and how fast it moves.

Mid, micro-price and imbalance are read from the touch at each update. The variance is
an exponentially weighted average of squared mid returns. Returns are taken on a clock
of their own (100 ms by default), never at each update: at the rate of the book they
would measure the bounce of the touch between two levels, not the price. Book updates
come when they come, so a sample falls due at the first update after the interval, and
both the return and its weight use the time that really passed.
"""

from libc.math cimport INFINITY, exp, sqrt

from engine._core.base.types cimport ASK, BID, NO_PRICE, nanos_t, price_t
from engine._core.state.book cimport Book

cdef double NS_PER_S = 1e9


def positive(name, value):
    """Return a finite positive number as a float.

    Raises:
        ValueError: it is none; names the parameter and the value.
    """
    if (isinstance(value, bool) or not isinstance(value, (int, float))
            or not 0 < value < INFINITY):
        raise ValueError(f"{name} must be a number above 0, not {value!r}")
    return float(value)


cdef class Signals:
    """Fair price and volatility out of one book, constant cost per update.

    Units: mid_ticks and micro_ticks in ticks; imbalance -1..1; variance in ticks^2 per
        second; sigma_ticks in ticks per square root of a second. sample_s and tau_s are
        seconds, warm_samples counts returns.
    Empty: 0 until the first update; sigma_ticks counts only once is_warm.
    Raises: ValueError for a parameter that is not positive, or a sample_s above tau_s.
    Source: mid-return EWMA v <- a v + (1-a) r^2/dt, a = exp(-dt/tau): the RiskMetrics
        form (J.P. Morgan/Reuters, RiskMetrics Technical Document, 1996, ch. 5) for
        irregular times, here divided by the sum of the weights so that it is unbiased
        from the first return on. Weighted mid: (qb Pa + qa Pb)/(qa + qb), folklore.
    """

    def __cinit__(self, *, sample_s=0.1, tau_s=60.0, warm_samples=50):
        self.tau_s = positive("tau_s", tau_s)
        self.sample_ns = <nanos_t>round(positive("sample_s", sample_s) * NS_PER_S)
        self.warm_samples = <long>positive("warm_samples", warm_samples)
        if self.warm_samples != warm_samples:
            raise ValueError(
                f"warm_samples must be a whole number above 0, not {warm_samples}")
        if not 1 <= self.sample_ns <= self.tau_s * NS_PER_S:
            raise ValueError(
                f"sample_s must be from 1e-9 to tau_s ({tau_s}), not {sample_s}")

    cdef void update(self, Book book, nanos_t now_ns) noexcept nogil:
        """Read the touch; sample when it is time. A one-sided book is left out."""
        cdef price_t bid = book.best(BID), ask = book.best(ASK)
        cdef double bid_lots, ask_lots
        if bid == NO_PRICE or ask == NO_PRICE:
            return
        bid_lots = <double>book.best_qty(BID)
        ask_lots = <double>book.best_qty(ASK)
        self.mid_ticks = 0.5 * (<double>bid + <double>ask)
        self.imbalance = (bid_lots - ask_lots) / (bid_lots + ask_lots)
        # The weighted mid, written so that the rounding error does not grow with price.
        self.micro_ticks = (self.mid_ticks
                            + 0.5 * self.imbalance * <double>(ask - bid))
        if not self.has_sample:
            self.has_sample = True
            self.sampled_ns = now_ns
            self.sampled_mid_ticks = self.mid_ticks
        elif now_ns - self.sampled_ns >= self.sample_ns:
            self._sample(now_ns)

    cdef void _sample(self, nanos_t now_ns) noexcept nogil:
        """Fold the return since the last sample into the variance."""
        cdef double dt_s = <double>(now_ns - self.sampled_ns) / NS_PER_S
        cdef double move_ticks = self.mid_ticks - self.sampled_mid_ticks
        cdef double keep = exp(-dt_s / self.tau_s)
        self.weighted_sum = (keep * self.weighted_sum
                             + (1.0 - keep) * move_ticks * move_ticks / dt_s)
        self.weight = keep * self.weight + (1.0 - keep)
        self.variance = self.weighted_sum / self.weight
        self.sigma_ticks = sqrt(self.variance)
        self.sampled_ns = now_ns
        self.sampled_mid_ticks = self.mid_ticks
        self.n_samples += 1
        self.is_warm = self.n_samples >= self.warm_samples

    def observe(self, Book book not None, nanos_t now_ns):
        """Update from a book, as the core does after each frame; now_ns in ns."""
        self.update(book, now_ns)
