"""Volatility of the mid, sampled on a clock of its own.

Returns are taken on a fixed clock (100 ms by default), never at each update: at the
rate of the book they would measure the bounce of the touch between two levels, not the
price. Frames come when they come, so a sample falls due at the first event after the
interval, and both the return and its weight use the time that really passed. A book
that stands still is a return of 0: time passes for a signal whenever its strategy is
called.
"""

cimport cython
from libc.math cimport exp, sqrt

from engine._core.base.types cimport nanos_t
from engine._core.signals.decay cimport NS_PER_S, seconds
from engine._core.signals.touch cimport mid_of
from engine._core.state.book cimport Book

from engine._core.base.param import number, whole


@cython.final
cdef class EwmaVolatility(Signal):
    """Volatility: exponentially weighted average of squared mid returns.

    Ready: after warm_samples returns. A return over a time in which the book was cut
        counts unless it spans more than tau_s: then it is left out.
    Units: value in ticks per square root of a second, variance in ticks^2 per second;
        sample_s and tau_s are seconds, warm_samples counts returns.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: v <- a v + (1-a) r^2/dt, a = exp(-dt/tau): the RiskMetrics form (J.P.
        Morgan/Reuters, RiskMetrics Technical Document, 1996, ch. 5) for irregular
        times, here divided by the sum of the weights so that it is unbiased from the
        first return on.
    """

    def __cinit__(self, *, sample_s=0.1, tau_s=60.0, warm_samples=50):
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)
        self.sample_ns = <nanos_t>(
            number("sample_s", sample_s, 1e-9, self.tau_s) * <double>NS_PER_S + 0.5)
        self.warm_samples = whole("warm_samples", warm_samples, 1, 10**9)

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        """Take the mid; sample when it is time."""
        self.mid_ticks = mid_of(book)
        if self.was_cut and seconds(now_ns - self.sampled_ns) > self.tau_s:
            self.has_sample = False
        if not self.has_sample:
            self.has_sample = True
            self.was_cut = False
            self.sampled_ns = now_ns
            self.sampled_mid_ticks = self.mid_ticks
        elif now_ns - self.sampled_ns >= self.sample_ns:
            self._sample(now_ns)

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        self.was_cut = True

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        if (self.has_sample and not self.is_cut
                and now_ns - self.sampled_ns >= self.sample_ns):
            self._sample(now_ns)

    cdef void _sample(self, nanos_t now_ns) noexcept nogil:
        """Fold the return since the last sample into the variance."""
        cdef double dt_s = seconds(now_ns - self.sampled_ns)
        cdef double move_ticks = self.mid_ticks - self.sampled_mid_ticks
        cdef double keep = exp(-dt_s / self.tau_s)
        self.weighted_sum = (keep * self.weighted_sum
                             + (1.0 - keep) * move_ticks * move_ticks / dt_s)
        self.weight = keep * self.weight + (1.0 - keep)
        self.variance = self.weighted_sum / self.weight
        self.value = sqrt(self.variance)
        self.was_cut = False
        self.sampled_ns = now_ns
        self.sampled_mid_ticks = self.mid_ticks
        self.n_samples += 1
        self.is_warm = self.n_samples >= self.warm_samples
