"""Volatility of the mid, sampled on a clock of its own.

Returns are taken on a fixed clock (100 ms by default), never at each update: at the
rate of the book they would measure the bounce of the touch between two levels, not the
price. Frames come when they come, so a sample falls due at the first event after the
interval, and both the return and its weight use the time that really passed. A book
that stands still is a return of 0: time passes for a signal whenever its strategy is
called.

A return over a time in which the book was cut counts, unless it spans more than tau_s:
then it is left out.
"""

cimport cython
from libc.math cimport exp, sqrt

from engine._core.base.types cimport nanos_t
from engine._core.signals.decay cimport NS_PER_S, seconds
from engine._core.signals.touch cimport mid_of
from engine._core.state.book cimport Book

from engine._core.base.param import age, number, same, whole, young
from engine._core.signals.past import checked

cdef double LEARNED_SPANS = 3.0   # 95 % of the weight
cdef double LEARNED_STEPS = 20.0


cdef class SampledMid(Signal):
    """Base: takes the mid when it is due, and hands the returns on."""

    cdef int _set_clock(self, sample_s, tau_s, warm_samples) except -1:
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)
        self.sample_ns = <nanos_t>(
            number("sample_s", sample_s, 1e-9, self.tau_s) * <double>NS_PER_S + 0.5)
        self.warm_samples = whole("warm_samples", warm_samples, 1, 10**9)
        return 0

    cdef void on_sample(self, double dt_s, double move_ticks) noexcept nogil:
        pass

    cdef void on_restart(self) noexcept nogil:
        pass

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        self.take(mid_of(book), now_ns)

    cdef inline void take(self, double mid_ticks, nanos_t now_ns) noexcept nogil:
        """Take the mid; sample when it is time."""
        self.mid_ticks = mid_ticks
        if self.was_cut and seconds(now_ns - self.sampled_ns) > self.tau_s:
            self.has_sample = False
        if not self.has_sample:
            self.has_sample = True
            self.was_cut = False
            self.sampled_ns = now_ns
            self.sampled_mid_ticks = self.mid_ticks
            self.on_restart()
        elif now_ns - self.sampled_ns >= self.sample_ns:
            self._sample(now_ns)

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        self.was_cut = True

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        if (self.has_sample and not self.is_cut
                and now_ns - self.sampled_ns >= self.sample_ns):
            self._sample(now_ns)

    cdef inline void _sample(self, nanos_t now_ns) noexcept nogil:
        self.n_samples += 1
        self.is_warm = self.n_samples >= self.warm_samples
        self.on_sample(seconds(now_ns - self.sampled_ns),
                       self.mid_ticks - self.sampled_mid_ticks)
        self.was_cut = False
        self.sampled_ns = now_ns
        self.sampled_mid_ticks = self.mid_ticks


@cython.final
cdef class EwmaVolatility(SampledMid):
    """Volatility: exponentially weighted average of squared mid returns.

    Ready: after warm_samples returns. With `learns` candles of the past are returns,
        too, where tau_s is twenty of them and more: they are of last trades, so over
        minutes they are the mid's but for the spread.
    Units: value in ticks per square root of a second, variance in ticks^2 per second;
        sample_s and tau_s are seconds, warm_samples counts returns.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: v <- a v + (1-a) r^2/dt, a = exp(-dt/tau): the RiskMetrics form (J.P.
        Morgan/Reuters, RiskMetrics Technical Document, 1996, ch. 5) for irregular
        times, here divided by the sum of the weights so that it is unbiased from the
        first return on.
    """

    def __cinit__(self, *, sample_s=0.1, tau_s=60.0, warm_samples=50, learns=False):
        self._set_clock(sample_s, tau_s, warm_samples)
        self.learns = bool(learns)

    @property
    def past_s(self):
        is_cold = self.learns and not self.has_sample
        return LEARNED_SPANS * self.tau_s if is_cold else 0.0

    @property
    def past_step_s(self):
        return self.tau_s / LEARNED_STEPS

    def learn(self, candles, nanos_t now_ns):
        if not self.past_s:
            raise ValueError("it has heard something already, or is not to learn")
        for age_ns, _, _, close in checked(candles):
            self.take(close, now_ns - age_ns)
        self.was_cut = True

    def dump(self, nanos_t now_ns):
        if not self.has_sample or self.weight <= 0.0:
            return {}
        return {"sample_ns": self.sample_ns, "tau_s": self.tau_s,
                "samples": self.n_samples, "sum": self.weighted_sum,
                "weight": self.weight, "mid_ticks": self.sampled_mid_ticks,
                "age_ns": now_ns - self.sampled_ns}

    def load(self, found, nanos_t now_ns, nanos_t away_ns):
        same(found, sample_ns=self.sample_ns, tau_s=self.tau_s)
        young("tau_s", self.tau_s, away_ns)
        samples = whole("samples", found["samples"], 1, 10**15)
        total = number("sum", found["sum"], 0, 1e30)
        weight = number("weight", found["weight"], 0, 1, open_low=True)
        mid_ticks = number("mid_ticks", found["mid_ticks"], -1e15, 1e15)
        age_ns = age("age_ns", found["age_ns"])
        self.n_samples, self.weighted_sum, self.weight = samples, total, weight
        self.is_warm = self.n_samples >= self.warm_samples
        self.variance = self.weighted_sum / self.weight
        self.value = sqrt(self.variance)
        self.has_sample = self.was_cut = True
        self.mid_ticks = self.sampled_mid_ticks = mid_ticks
        self.sampled_ns = now_ns - away_ns - age_ns

    cdef void on_sample(self, double dt_s, double move_ticks) noexcept nogil:
        """Fold the return since the last sample into the variance."""
        cdef double keep = exp(-dt_s / self.tau_s)
        self.weighted_sum = (keep * self.weighted_sum
                             + (1.0 - keep) * move_ticks * move_ticks / dt_s)
        self.weight = keep * self.weight + (1.0 - keep)
        self.variance = self.weighted_sum / self.weight
        self.value = sqrt(self.variance)


@cython.final
cdef class TwoScaleVolatility(SampledMid):
    """Volatility without the noise of the mid: two clocks, one subtracted.

    A mid that is the price plus noise of its own at each sample (bounce, a quote that
    flickers) adds 2 noise^2 to every squared return, however short. Squared returns
    over `scales` samples, divided by `scales`, have a `scales`-th of it: the difference
    of both has none, and what is left over is the noise.

    variance = (sum r_slow^2 / K - sum r_fast^2 / K) / (sum s_slow / K - sum s_fast / K)
    with K = scales, s the seconds a return spans, and all sums discounted by age with
    tau_s. noise_ticks^2 = (sum r_fast^2 - variance sum s_fast) / (2 n).

    Ready: after warm_samples returns, the first of them once the ring of `scales`
        samples is full. A cut longer than tau_s empties the ring, not the sums.
    Units: value in ticks per square root of a second, variance in ticks^2 per second,
        noise_ticks in ticks; sample_s and tau_s in seconds; scales counts samples.
        An estimate below 0, which little data can give, is 0.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: Zhang, Mykland, Ait-Sahalia, A Tale of Two Time Scales (J. Am. Stat. Assoc.
        100(472), 2005), the estimator with the correction for finite samples of
        section 4, here over irregular times and with exponential weights.
    """

    def __cinit__(self, *, sample_s=0.1, scales=20, tau_s=300.0, warm_samples=200):
        self._set_clock(sample_s, tau_s, warm_samples)
        self.scales = whole("scales", scales, 2, SCALES_MAX)

    cdef void on_restart(self) noexcept nogil:
        self.n_kept = 0
        self._keep()

    cdef void on_sample(self, double dt_s, double move_ticks) noexcept nogil:
        cdef double keep = exp(-dt_s / self.tau_s)
        cdef double slow_ticks
        cdef int oldest
        self.clock_s += dt_s
        self.fast_sum *= keep
        self.fast_s *= keep
        self.slow_sum *= keep
        self.slow_s *= keep
        self.weight *= keep
        if self.n_kept == self.scales:
            oldest = (self.newest + 1) % self.scales
            slow_ticks = self.mid_ticks - self.mids_ticks[oldest]
            self.fast_sum += move_ticks * move_ticks
            self.fast_s += dt_s
            self.slow_sum += slow_ticks * slow_ticks / self.scales
            self.slow_s += (self.clock_s - self.at_s[oldest]) / self.scales
            self.weight += 1.0
            self._estimate()
        else:
            self.n_samples -= 1
            self.is_warm = self.n_samples >= self.warm_samples
        self._keep()

    cdef void _keep(self) noexcept nogil:
        """Put the newest sample into the ring."""
        self.newest = (self.newest + 1) % self.scales
        self.mids_ticks[self.newest] = self.mid_ticks
        self.at_s[self.newest] = self.clock_s
        if self.n_kept < self.scales:
            self.n_kept += 1

    cdef void _estimate(self) noexcept nogil:
        cdef double span_s = self.slow_s - self.fast_s / self.scales
        cdef double variance = (
            (self.slow_sum - self.fast_sum / self.scales) / span_s
            if span_s > 0.0 else 0.0)
        cdef double noise
        self.variance = variance if variance > 0.0 else 0.0
        self.value = sqrt(self.variance)
        noise = (self.fast_sum - self.variance * self.fast_s) / (2.0 * self.weight)
        self.noise_ticks = sqrt(noise) if noise > 0.0 else 0.0
