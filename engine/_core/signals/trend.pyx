"""Trend: the distance of two averages of the mid, and its place in a range.

Both follow the mid in continuous time: a mid counts for as long as it stood, however
often frames come, and stands while the book is cut. So they do not depend on the rate
of the feed, and they hear nothing but the touch.

A price without drift, dX = sigma dW, has E_fast - E_slow = integral of (exp(-u/slow) -
exp(-u/fast)) dX, a normal number of variance

    sigma^2 (slow - fast)^2 / (2 (slow + fast)).

In units of its root the crossover is a standard normal number, whatever the instrument
and the spans; beyond 2 it is seen one time in twenty without any trend.
"""

cimport cython
from libc.math cimport sqrt
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t
from engine._core.signals.decay cimport NS_PER_S, decay, seconds
from engine._core.signals.touch cimport mid_of
from engine._core.state.book cimport Book

from engine._core.base.param import age, number, same, young
from engine._core.signals.past import checked

cdef double WARM_SPANS = 2.0   # slow ones: 98 % of the variance is there then
cdef double LEARNED_STEPS = 5.0   # candles in the shortest span, at least
cdef long WARM_SAMPLES = 16    # of the volatility


@cython.final
cdef class EwmaCross(Signal):
    """Fast less slow average of the mid, in deviations of a price without drift.

    Ready: two slow spans after the first book, and when the volatility is. While the
        book is cut the mid stands.
    Units: value in standard deviations, above 0 when the price rose; fast_ticks and
        slow_ticks in ticks; spans in seconds, the time constants of the averages (a
        span of n samples, as elsewhere, is a time constant of about n/2 of them).
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: R. Carver, Systematic Trading, 2015, appendix B (EWMAC); the normalisation
        is derived above.
    """

    def __cinit__(self, *, fast_s, slow_s, sample_s=None):
        self.fast_s = number("fast_s", fast_s, 1e-3, 1e8)
        self.slow_s = number("slow_s", slow_s, self.fast_s, 1e9, open_low=True)
        if sample_s is None:
            sample_s = min(1.0, 0.1 * self.fast_s)
        self.volatility = EwmaVolatility(
            sample_s=number("sample_s", sample_s, 1e-3, self.slow_s),
            tau_s=self.slow_s, warm_samples=WARM_SAMPLES, learns=True)
        self.spread_per_sigma = (self.slow_s - self.fast_s) / sqrt(
            2.0 * (self.slow_s + self.fast_s))

    @property
    def past_s(self):
        return 0.0 if self.has_mid else WARM_SPANS * self.slow_s

    @property
    def past_step_s(self):
        return self.fast_s / LEARNED_STEPS

    def learn(self, candles, nanos_t now_ns):
        if self.has_mid:
            raise ValueError("it has heard something already")
        self.volatility.learn(candles, now_ns)  # and check them
        for age_ns, _, _, close in candles:
            self._take(close, now_ns - age_ns)

    def dump(self, nanos_t now_ns):
        pace = self.volatility.dump(now_ns)
        if not self.has_mid or not pace:
            return {}
        return {"fast_s": self.fast_s, "slow_s": self.slow_s, "volatility": pace,
                "fast_ticks": self.fast_ticks, "slow_ticks": self.slow_ticks,
                "mid_ticks": self.mid_ticks, "age_ns": now_ns - self.since_ns,
                "folded_age_ns": now_ns - self.folded_ns}

    def load(self, found, nanos_t now_ns, nanos_t away_ns):
        same(found, fast_s=self.fast_s, slow_s=self.slow_s)
        young("fast_s", self.fast_s, away_ns)
        fast, slow, mid = (number(name, found[name], -1e15, 1e15) for name in
                           ("fast_ticks", "slow_ticks", "mid_ticks"))
        age_ns, folded_age_ns = (age(name, found[name]) for name in
                                 ("age_ns", "folded_age_ns"))
        self.volatility.load(found["volatility"], now_ns, away_ns)
        self.fast_ticks, self.slow_ticks, self.mid_ticks = fast, slow, mid
        self.has_mid = True
        self.since_ns = now_ns - away_ns - age_ns
        self.folded_ns = now_ns - away_ns - folded_age_ns

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        self.volatility.hear_book(book, now_ns, True)
        self._take(mid_of(book), now_ns)

    cdef void _take(self, double mid_ticks, nanos_t now_ns) noexcept nogil:
        if not self.has_mid:
            self.has_mid = True
            self.since_ns = self.folded_ns = now_ns
            self.fast_ticks = self.slow_ticks = mid_ticks
        self._fold(now_ns)
        self.mid_ticks = mid_ticks
        self._judge_value(now_ns)

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        self.volatility.hear_cut(now_ns)

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        self.volatility.hear_time(now_ns)
        if self.has_mid:
            self._fold(now_ns)
            self._judge_value(now_ns)

    cdef void _fold(self, nanos_t now_ns) noexcept nogil:
        """Let the mid that stood until now count for as long as it did."""
        cdef nanos_t span_ns = now_ns - self.folded_ns
        if span_ns <= 0:
            return
        self.fast_ticks += (self.mid_ticks - self.fast_ticks) * (
            1.0 - decay(span_ns, self.fast_s))
        self.slow_ticks += (self.mid_ticks - self.slow_ticks) * (
            1.0 - decay(span_ns, self.slow_s))
        self.folded_ns = now_ns

    cdef void _judge_value(self, nanos_t now_ns) noexcept nogil:
        cdef double sigma_ticks = self.volatility.value
        self.value = (0.0 if sigma_ticks <= 0.0 else (
            self.fast_ticks - self.slow_ticks) / (sigma_ticks * self.spread_per_sigma))
        self.is_warm = (self.volatility.is_warm and sigma_ticks > 0.0
                        and seconds(now_ns - self.since_ns)
                        >= WARM_SPANS * self.slow_s)


cdef list rows_of(const Falling* side, int64_t bucket_ns, nanos_t now_ns):
    """Return ``[age of the part, ns; extreme, ticks]`` of each row, oldest first."""
    cdef int i
    cdef const Extreme* row
    found = []
    for i in range(side.n):
        row = &side.rows[(side.first + i) % (BUCKETS_MAX + 1)]
        found.append([now_ns - row.bucket * bucket_ns, row.ticks])
    return found


cdef Falling falling_of(found, int64_t bucket_ns, nanos_t then_ns) except *:
    """Return such rows as they were, then."""
    cdef Falling side
    side.first, side.n = 0, 0
    if not 1 <= len(found) <= BUCKETS_MAX + 1:
        raise ValueError(f"1 to {BUCKETS_MAX + 1} extremes, not {len(found)}")
    for age_ns, ticks in found:
        age("age_ns", age_ns)
        side.rows[side.n].bucket = part_at(then_ns - <nanos_t>age_ns, bucket_ns)
        side.rows[side.n].ticks = number("ticks", ticks, -1e15, 1e15)
        if side.n and not (
                side.rows[side.n].ticks < side.rows[side.n - 1].ticks
                and side.rows[side.n].bucket > side.rows[side.n - 1].bucket):
            raise ValueError("extremes do not fall")
        side.n += 1
    return side


cdef inline int64_t part_at(nanos_t at_ns, int64_t bucket_ns) noexcept nogil:
    """Return the part of the window at a time; a run's clock may begin after it."""
    cdef int64_t part = at_ns // bucket_ns
    return part - 1 if part * bucket_ns > at_ns else part


cdef inline void enter(Falling* side, int64_t bucket, double ticks) noexcept nogil:
    """Take a value in; what can be the highest no more goes."""
    cdef int last = 0
    while side.n:          # ends: one row fewer each time, BUCKETS_MAX + 1 at most
        last = (side.first + side.n - 1) % (BUCKETS_MAX + 1)
        if side.rows[last].ticks > ticks:
            break
        side.n -= 1
    if side.n and side.rows[last].bucket == bucket:
        return             # a higher one of the same part leaves with it
    last = (side.first + side.n) % (BUCKETS_MAX + 1)
    side.rows[last].bucket = bucket
    side.rows[last].ticks = ticks
    side.n += 1


cdef inline double highest(Falling* side, int64_t bucket) noexcept nogil:
    """Return the highest of the window that ends with a part; older ones go."""
    while side.n > 1 and side.rows[side.first].bucket <= bucket - BUCKETS_MAX:
        side.first = (side.first + 1) % (BUCKETS_MAX + 1)
        side.n -= 1
    return side.rows[side.first].ticks


@cython.final
cdef class Breakout(Signal):
    """Where the mid is between the low and the high of a window.

    The window slides in BUCKETS_MAX steps, so its length is right to one part in 64.
    The place, -1 at the low and 1 at the high, is smoothed exponentially.

    Ready: one window after the first book. While the book is cut the mid stands.
    Units: value from -1 to 1; high_ticks and low_ticks in ticks; window_s in seconds;
        smooth_s, the time constant of the smoothing, in seconds, a quarter of the
        window unless given.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: R. Carver, Breakouts, qoppac.blogspot.com, 2016 (place in the range,
        smoothed over a quarter of the window).
    Cost: O(1) amortised; BUCKETS_MAX + 1 steps at most.
    """

    def __cinit__(self, *, window_s, smooth_s=None):
        self.window_s = number("window_s", window_s, 1e-3, 1e9)
        if smooth_s is None:
            smooth_s = 0.25 * self.window_s
        self.smooth_s = number("smooth_s", smooth_s, 1e-6, 1e9)
        self.bucket_ns = <nanos_t>(self.window_s * <double>NS_PER_S / BUCKETS_MAX)

    @property
    def past_s(self):
        # One for the range; the places in it that are smoothed want one before them.
        return 0.0 if self.has_mid else 2.0 * self.window_s

    @property
    def past_step_s(self):
        return min(2.0 * self.window_s / BUCKETS_MAX, self.smooth_s / LEARNED_STEPS)

    def learn(self, candles, nanos_t now_ns):
        if self.has_mid:
            raise ValueError("it has heard something already")
        for age_ns, low, high, close in checked(candles):
            for price in (low, high, close):
                self._take(price, now_ns - age_ns)

    def dump(self, nanos_t now_ns):
        if not self.has_mid:
            return {}
        return {"window_s": self.window_s, "smooth_s": self.smooth_s,
                "value": self.value, "place": self.place, "mid_ticks": self.mid_ticks,
                "age_ns": now_ns - self.since_ns,
                "folded_age_ns": now_ns - self.folded_ns,
                "highs": rows_of(&self.highs, self.bucket_ns, now_ns),
                "lows": rows_of(&self.lows, self.bucket_ns, now_ns)}

    def load(self, found, nanos_t now_ns, nanos_t away_ns):
        cdef nanos_t then_ns = now_ns - away_ns
        cdef Falling highs, lows
        same(found, window_s=self.window_s, smooth_s=self.smooth_s)
        young("smooth_s", self.smooth_s, away_ns)
        value, place = (number(name, found[name], -1, 1) for name in ("value", "place"))
        mid = number("mid_ticks", found["mid_ticks"], -1e15, 1e15)
        age_ns, folded_age_ns = (age(name, found[name]) for name in
                                 ("age_ns", "folded_age_ns"))
        highs = falling_of(found["highs"], self.bucket_ns, then_ns)
        lows = falling_of(found["lows"], self.bucket_ns, then_ns)
        self.value, self.place, self.mid_ticks = value, place, mid
        self.highs, self.lows, self.has_mid = highs, lows, True
        self.since_ns, self.folded_ns = then_ns - age_ns, then_ns - folded_age_ns

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        self._take(mid_of(book), now_ns)

    cdef void _take(self, double mid_ticks, nanos_t now_ns) noexcept nogil:
        if not self.has_mid:
            self.has_mid = True
            self.since_ns = self.folded_ns = now_ns
            self.mid_ticks = mid_ticks
        self._fold(now_ns)
        self.mid_ticks = mid_ticks
        self._place(now_ns)

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        if self.has_mid:
            self._fold(now_ns)
            self._place(now_ns)

    cdef void _fold(self, nanos_t now_ns) noexcept nogil:
        """Let the place that was held until now count for as long as it was."""
        if now_ns > self.folded_ns:
            self.value += (self.place - self.value) * (
                1.0 - decay(now_ns - self.folded_ns, self.smooth_s))
            self.folded_ns = now_ns
        # It stood until this moment, so it belongs to this part of the window as well.
        enter(&self.highs, part_at(now_ns, self.bucket_ns), self.mid_ticks)
        enter(&self.lows, part_at(now_ns, self.bucket_ns), -self.mid_ticks)

    cdef void _place(self, nanos_t now_ns) noexcept nogil:
        cdef int64_t bucket = part_at(now_ns, self.bucket_ns)
        cdef double middle, half
        enter(&self.highs, bucket, self.mid_ticks)
        enter(&self.lows, bucket, -self.mid_ticks)
        self.high_ticks = highest(&self.highs, bucket)
        self.low_ticks = -highest(&self.lows, bucket)
        middle = 0.5 * (self.high_ticks + self.low_ticks)
        half = 0.5 * (self.high_ticks - self.low_ticks)
        self.place = (self.mid_ticks - middle) / half if half > 0.0 else 0.0
        self.is_warm = seconds(now_ns - self.since_ns) >= self.window_s
