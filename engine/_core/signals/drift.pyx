"""Whether the market is still the one the models were configured for.

A, k, the volatility and the adverse move of passive fills, each forgotten
exponentially, beside what was configured. The definitions are those of ``halfspread
calibrate``; what an O(1) estimate needs otherwise:

* k comes from how far taker orders go beyond the touch they meet. A spread of s ticks
  given, the excess of an exponential depth is geometric: its mean is 1/(exp(k) - 1).
  So the spread is not asked, and half ticks drop out. An excess of more than
  3/k configured is only known to be that large (right-censored): one order that clears
  the book must not move k, as it does not in the batch.
* A is the number of taker orders over 2 sum T_s exp(-k s/2), T_s the time the spread
  was s, with the configured k where there is one: a k that drifts is told as k, not as
  A.
* The volatility is an exponential average of squared moves over SAMPLE_S: long enough
  for the flicker of the touch to weigh little, so no second scale is needed.
* The adverse move is averaged over fills in thought at the touch, each looked at a
  horizon later.

Off is what is beyond the configured number by more than the ratio even at the near end
of its 95 % interval; it is well again once the number itself is within the root of the
ratio. So noise alone sets off nothing, and what is off does not flicker. Of the adverse
move only the worse direction counts.

Source: docs/calibration.md has the equations.
"""

cimport cython
from libc.math cimport ceil, exp, fabs, log, log1p, sqrt
from libc.stdint cimport int64_t

from engine._core.base.event cimport Print
from engine._core.base.types cimport ASK, BID, nanos_t
from engine._core.signals.decay cimport NS_PER_S, seconds
from engine._core.signals.volatility cimport EwmaVolatility
from engine._core.state.book cimport Book

from engine._core.base.param import number, whole

DRIFT_NAMES = ("k_per_tick", "a_per_s", "sigma_ticks", "adverse_ticks")

cdef double SAMPLE_S = 2.0
cdef long SAMPLES_MIN = 30             # for the volatility to count
cdef double CENSORED = 3.0             # excesses beyond this over k are cut off
cdef double REACH = 1.96               # standard errors to the end of an interval
cdef double INDEPENDENT_MIN = 20.0      # moves, for their average to count
cdef double WEIGHT_MAX = 1e100         # above it all sums are scaled down
cdef nanos_t JUDGED_NS = NS_PER_S      # judged once a second


@cython.final
cdef class Drift(Signal):
    """Live parameters of one instrument, compared with the configured ones.

    Ready: takes_min taker orders were seen, by effective number.
    Units: value counts what is off, 0 to 4; k_per_tick in 1/tick, a_per_s in taker
        orders a second on one side at depth 0, sigma_ticks in ticks per square root of
        a second, adverse_ticks in ticks a fill after horizon_s; tau_s in seconds;
        ratio_max a ratio above 1. A configured number of 0 is measured, not watched.
    Empty: a live number is 0 until it is known.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __cinit__(self, *, k_per_tick=0.0, a_per_s=0.0, sigma_ticks=0.0,
                  adverse_ticks=0.0, tau_s=1800.0, horizon_s=10.0, ratio_max=1.5,
                  takes_min=200):
        self.gauges[<int>WATCH_K].configured = number("k_per_tick", k_per_tick, 0, 1e6)
        self.gauges[<int>WATCH_A].configured = number("a_per_s", a_per_s, 0, 1e9)
        self.gauges[<int>WATCH_SIGMA].configured = number(
            "sigma_ticks", sigma_ticks, 0, 1e9)
        self.gauges[<int>WATCH_ADVERSE].configured = number(
            "adverse_ticks", adverse_ticks, 0, 1e9)
        self.tau_s = number("tau_s", tau_s, 10, 1e7)
        self.horizon_s = number("horizon_s", horizon_s, 0.01, self.tau_s / 10)
        self.excess_max = <double>SPREADS_MAX
        if k_per_tick > 0:
            self.excess_max = max(1.0, ceil(CENSORED / k_per_tick))
        self.ratio_max = number("ratio_max", ratio_max, 1, 1e6, open_low=True)
        self.takes_min = whole("takes_min", takes_min, 20, 10**9)
        self.volatility = EwmaVolatility(
            sample_s=SAMPLE_S, tau_s=self.tau_s, warm_samples=SAMPLES_MIN)

    # What is heard.

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        self._mature(now_ns)
        self._stay(now_ns)
        if book.venue_ms > self.stand.venue_ms:
            self.stand_before = self.stand
            self.stand.venue_ms = book.venue_ms
        self.stand.mid_half_ticks = book.best(BID) + book.best(ASK)
        self.stand.spread_ticks = book.best(ASK) - book.best(BID)
        self.volatility.hear_book(book, now_ns, True)
        self._judge_all(now_ns)

    cdef void on_cut(self, nanos_t now_ns) noexcept nogil:
        self._mature(now_ns)
        self._stay(now_ns)
        # Nothing is measured from a touch of before, nor across the gap.
        self.stand.spread_ticks = self.stand_before.spread_ticks = 0
        self.n_fills = 0
        self.volatility.hear_cut(now_ns)

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        self._mature(now_ns)
        self._stay(now_ns)
        self.volatility.hear_time(now_ns)
        self._judge_all(now_ns)

    cdef void on_print(self, const Print* trade, nanos_t now_ns) noexcept nogil:
        cdef Stand* met = &self.stand
        cdef double side = 1.0 if trade.side == ASK else -1.0
        cdef double weight, excess
        cdef int at
        if trade.venue_ms <= met.venue_ms:
            met = &self.stand_before
        if (met.spread_ticks == 0 or met.spread_ticks >= SPREADS_MAX
                or trade.venue_ms <= met.venue_ms):
            return
        self._rescale(now_ns)
        weight = self._weight(now_ns)
        excess = 0.5 * (side * <double>(2 * trade.price_ticks - met.mid_half_ticks)
                        - <double>met.spread_ticks)
        excess = excess if excess > 0.0 else 0.0
        excess = excess if excess < self.excess_max else self.excess_max
        if trade.venue_ms == self.last_ms and side == self.last_side:
            # One more level of the same taker order.
            if excess > self.last_excess:
                self.excess += weight * (excess - self.last_excess)
                if excess == self.excess_max:
                    self.ended_weight -= self.last_weight
                self.last_excess = excess
            return
        self.last_ms, self.last_side, self.last_excess = trade.venue_ms, side, excess
        self.last_weight = weight
        self.take_weight += weight
        self.take_square += weight * weight
        self.excess += weight * excess
        if excess < self.excess_max:
            self.ended_weight += weight
        if self.n_fills < FILLS_MAX:
            at = (self.fill_first + self.n_fills) % FILLS_MAX
            self.fills[at].due_ns = now_ns + <nanos_t>(self.horizon_s * NS_PER_S)
            self.fills[at].mid_ticks = 0.5 * <double>met.mid_half_ticks
            self.fills[at].side = side
            self.n_fills += 1

    # Sums. Weights grow with time, so that nothing that was summed is touched again.

    cdef double _weight(self, nanos_t now_ns) noexcept nogil:
        return exp(seconds(now_ns - self.origin_ns) / self.tau_s)

    cdef void _rescale(self, nanos_t now_ns) noexcept nogil:
        """Move the origin to now when the weights have become large."""
        cdef double keep
        cdef int i
        if self.origin_ns == 0:
            self.origin_ns = now_ns
        if self._weight(now_ns) < WEIGHT_MAX:
            return
        keep = exp(-seconds(now_ns - self.origin_ns) / self.tau_s)
        for i in range(SPREADS_MAX):
            self.spread_weights[i] *= keep
        self.take_weight *= keep
        self.take_square *= keep * keep
        self.excess *= keep
        self.ended_weight *= keep
        self.last_weight *= keep
        self.move_weight *= keep
        self.move_square *= keep * keep
        self.move_sum *= keep
        self.move_squared_sum *= keep
        self.origin_ns = now_ns

    cdef void _stay(self, nanos_t now_ns) noexcept nogil:
        """Count the time since the last call for the spread that stood."""
        cdef int64_t spread = self.stand.spread_ticks
        self._rescale(now_ns)
        if self.since_ns and now_ns > self.since_ns and 0 < spread < SPREADS_MAX:
            # The integral of the weight over the time.
            self.spread_weights[spread] += self.tau_s * (
                self._weight(now_ns) - self._weight(self.since_ns))
        self.since_ns = now_ns

    cdef void _mature(self, nanos_t now_ns) noexcept nogil:
        """Book the moves of fills whose horizon is over; the mid is the last one."""
        cdef PassiveFill* fill
        cdef double move_ticks, weight
        while self.n_fills and self.fills[self.fill_first].due_ns <= now_ns:
            fill = &self.fills[self.fill_first]
            move_ticks = fill.side * (
                0.5 * <double>self.stand.mid_half_ticks - fill.mid_ticks)
            weight = self._weight(fill.due_ns)
            self.move_weight += weight
            self.move_square += weight * weight
            self.move_sum += weight * move_ticks
            self.move_squared_sum += weight * move_ticks * move_ticks
            self.fill_first = (self.fill_first + 1) % FILLS_MAX
            self.n_fills -= 1

    # What comes of them.

    cdef void _judge_all(self, nanos_t now_ns) noexcept nogil:
        cdef int i
        if now_ns - self.judged_ns < JUDGED_NS:
            return
        self.judged_ns = now_ns
        self.takes = (self.take_weight * self.take_weight / self.take_square
                      if self.take_square > 0.0 else 0.0)
        self.is_warm = self.takes >= <double>self.takes_min
        self._measure_fills()
        self._measure_moves()
        self.value = 0.0
        for i in range(<int>WATCHED_KINDS):
            self._compare(<Watched>i)
            self.value += self.gauges[i].is_off

    cdef void _measure_fills(self) noexcept nogil:
        """k from the excess, A from the number of taker orders."""
        cdef Gauge* k = &self.gauges[<int>WATCH_K]
        cdef Gauge* a = &self.gauges[<int>WATCH_A]
        cdef double q, used_k, chances = 0.0
        cdef int i
        k.is_known = self.is_warm and self.excess > 0.0 and self.ended_weight > 0.0
        a.is_known = False
        if k.is_known:
            self.k_per_tick = k.live = log1p(self.ended_weight / self.excess)
            q = exp(-k.live)
            k.error = (1.0 - q) / sqrt(q * self.takes)
        used_k = k.configured if k.configured > 0.0 else k.live
        if not self.is_warm or used_k == 0.0:
            return
        for i in range(1, SPREADS_MAX):
            chances += self.spread_weights[i] * exp(-0.5 * used_k * i)
        if chances > 0.0:
            a.is_known = True
            self.a_per_s = a.live = 0.5 * self.take_weight / chances
            a.error = a.live / sqrt(self.takes)

    cdef void _measure_moves(self) noexcept nogil:
        """The volatility, and the average adverse move."""
        cdef Gauge* sigma = &self.gauges[<int>WATCH_SIGMA]
        cdef Gauge* adverse = &self.gauges[<int>WATCH_ADVERSE]
        cdef double independent, variance
        sigma.is_known = self.volatility.is_warm
        if sigma.is_known:
            self.sigma_ticks = sigma.live = self.volatility.value
            # The root of an average of squares of a normal move.
            independent = min(<double>self.volatility.n_samples,
                              2.0 * self.tau_s / SAMPLE_S)
            sigma.error = sigma.live / sqrt(2.0 * independent)
        # Fills within one horizon share their move: they count once.
        independent = 0.0
        if self.move_square > 0.0:
            independent = min(self.move_weight * self.move_weight / self.move_square,
                              2.0 * self.tau_s / self.horizon_s)
        adverse.is_known = self.is_warm and independent >= INDEPENDENT_MIN
        if adverse.is_known:
            self.adverse_ticks = adverse.live = self.move_sum / self.move_weight
            variance = self.move_squared_sum / self.move_weight - adverse.live ** 2
            adverse.error = sqrt(max(0.0, variance) / independent)

    cdef void _compare(self, Watched what) noexcept nogil:
        cdef Gauge* one = &self.gauges[<int>what]
        cdef double beyond, error
        if not one.is_known or one.configured == 0.0:
            return
        if what == WATCH_ADVERSE:
            if one.is_off:
                one.is_off = one.live > one.configured * sqrt(self.ratio_max)
            else:
                one.is_off = (one.live - REACH * one.error
                              > one.configured * self.ratio_max)
            return
        if one.live <= 0.0:
            # A price that stands still is as far below any volatility as can be.
            one.is_off = True
            return
        beyond = fabs(log(one.live / one.configured))
        error = REACH * one.error / one.live
        if one.is_off:
            one.is_off = beyond > 0.5 * log(self.ratio_max)
        else:
            one.is_off = beyond - error > log(self.ratio_max)

    def readings(self):
        """Return each number by name: live, its standard error, configured, is_off.

        Empty: live and standard_error None until known, configured None if not watched.
        """
        found = {}
        for i, name in enumerate(DRIFT_NAMES):
            found[name] = {
                "live": self.gauges[i].live if self.gauges[i].is_known else None,
                "standard_error": (
                    self.gauges[i].error if self.gauges[i].is_known else None),
                "configured": self.gauges[i].configured or None,
                "is_off": bool(self.gauges[i].is_off),
            }
        return found
