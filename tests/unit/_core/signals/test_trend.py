"""The crossover is standard normal without a trend; the breakout knows its range."""

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.signals.trend import Breakout, EwmaCross
from engine._core.state.book import Book

S = 1_000_000_000
START_NS = 7 * S
BUCKETS = 64

paths = st.lists(
    st.tuples(st.integers(1, 4 * S), st.integers(-50, 50)), min_size=1, max_size=120
)


class Market:
    """A book whose mid a test sets, and the signals that hear it."""

    def __init__(self, *signals):
        self.signals, self.book = signals, Book(window_ticks=65_536)

    def show(self, now_ns, mid_ticks):
        self.book.apply_rows(
            [("bid", mid_ticks - 1, 5), ("ask", mid_ticks + 1, 5)],
            change_id=1,
            is_snapshot=True,
        )
        for signal in self.signals:
            signal.observe_book(self.book, now_ns)

    def cut(self, now_ns):
        self.book.mark_lost()
        for signal in self.signals:
            signal.observe_book(self.book, now_ns)


def average(path, tau_s, end_ns):
    """Return the exponential average of a mid over the time it stood, by its integral.

    Weight 1/tau exp(-age/tau) each; before the first mid there is that first mid.
    """
    total = 0.0
    for i, (at_ns, mid_ticks) in enumerate(path):
        until_ns = path[i + 1][0] if i + 1 < len(path) else end_ns
        old = math.exp(-(end_ns - at_ns) / S / tau_s) if i else 0.0
        total += mid_ticks * (math.exp(-(end_ns - until_ns) / S / tau_s) - old)
    return total


@given(path=paths, rest_ns=st.integers(0, 3 * S))
def test_the_averages_are_those_of_the_time_each_mid_stood(path, rest_ns):
    signal = EwmaCross(fast_s=2, slow_s=9)
    market, now_ns, mid_ticks, known = Market(signal), START_NS, 30_000, []
    for wait_ns, move_ticks in path:
        now_ns, mid_ticks = now_ns + wait_ns, mid_ticks + move_ticks
        market.show(now_ns, mid_ticks)
        known.append((now_ns, mid_ticks))
    signal.observe_time(now_ns + rest_ns)
    for found, tau_s in ((signal.fast_ticks, 2), (signal.slow_ticks, 9)):
        assert found == pytest.approx(
            average(known, tau_s, now_ns + rest_ns), rel=1e-12
        )


def test_how_often_frames_come_does_not_matter():
    often, seldom = EwmaCross(fast_s=2, slow_s=9), EwmaCross(fast_s=2, slow_s=9)
    for signal, step_ns in ((often, S // 100), (seldom, S)):
        market = Market(signal)
        for now_ns in range(START_NS, START_NS + 20 * S, step_ns):
            market.show(now_ns, 30_000 if now_ns < START_NS + 10 * S else 30_040)
        signal.observe_time(START_NS + 20 * S)
    assert often.fast_ticks == pytest.approx(seldom.fast_ticks, rel=1e-12)
    assert often.slow_ticks == pytest.approx(seldom.slow_ticks, rel=1e-12)


@pytest.mark.parametrize(("fast_s", "slow_s"), [(2, 8), (4, 64)])
def test_without_a_trend_it_is_a_standard_normal_number(fast_s, slow_s):
    """Deviation 1 whatever the spans and the volatility of the walk."""
    values = []
    for seed in range(12):
        signal, dice = EwmaCross(fast_s=fast_s, slow_s=slow_s), random.Random(seed)
        market, mid_ticks = Market(signal), 30_000.0
        for second in range(40 * slow_s):
            mid_ticks += dice.gauss(0, 12)
            market.show(START_NS + second * S, round(mid_ticks))
            if signal.is_ready and second % (2 * slow_s) == 0:
                values.append(signal.value)
    deviation = math.sqrt(fmean(value * value for value in values))
    # Its own volatility is an estimate, which makes the tails a little fatter.
    assert deviation == pytest.approx(1.0, abs=0.12)
    assert abs(fmean(values)) < 0.2


def test_a_trend_is_seen_and_its_sign_is_that_of_the_move():
    up, down = EwmaCross(fast_s=2, slow_s=8), EwmaCross(fast_s=2, slow_s=8)
    dice = random.Random(1)
    for signal, drift in ((up, 4), (down, -4)):
        market, mid_ticks = Market(signal), 30_000
        for second in range(60):
            mid_ticks += drift + dice.choice((-3, 3))
            market.show(START_NS + second * S, mid_ticks)
    assert up.value > 1.5
    assert down.value < -1.5


def test_warm_after_two_slow_spans_and_ready_with_a_book():
    signal = EwmaCross(fast_s=2, slow_s=8)
    market = Market(signal)
    for second in range(16):
        market.show(START_NS + second * S, 30_000 + second % 2)
        assert not signal.is_ready
    market.show(START_NS + 16 * S, 30_000)
    assert signal.is_ready
    market.cut(START_NS + 17 * S)
    assert not signal.is_ready
    market.show(START_NS + 18 * S, 30_000)
    assert signal.is_ready


def test_a_price_that_never_moved_has_no_trend():
    signal = EwmaCross(fast_s=2, slow_s=8)
    market = Market(signal)
    for second in range(60):
        market.show(START_NS + second * S, 30_000)
    assert signal.value == 0.0
    assert not signal.is_ready, "nothing to measure it by"


class SlowRange:
    """High and low of a window, by every mid that stood in any of its parts."""

    def __init__(self, window_s):
        self.bucket_ns = int(window_s * S / BUCKETS)
        self.stood = []

    def show(self, now_ns, mid_ticks):
        self.stood.append((now_ns, mid_ticks))

    def range(self, now_ns):
        first = now_ns // self.bucket_ns - BUCKETS + 1
        mids = []
        for i, (_, mid_ticks) in enumerate(self.stood):
            until_ns = self.stood[i + 1][0] if i + 1 < len(self.stood) else now_ns
            if until_ns // self.bucket_ns >= first:
                mids.append(mid_ticks)
        return min(mids), max(mids)


@given(path=paths, window_s=st.sampled_from([1, 7, 30]))
def test_the_range_is_that_of_the_window(path, window_s):
    signal, slow = Breakout(window_s=window_s), SlowRange(window_s)
    market, now_ns, mid_ticks = Market(signal), START_NS, 30_000
    for wait_ns, move_ticks in path:
        now_ns, mid_ticks = now_ns + wait_ns, mid_ticks + move_ticks
        market.show(now_ns, mid_ticks)
        slow.show(now_ns, mid_ticks)
        assert (signal.low_ticks, signal.high_ticks) == slow.range(now_ns)
        assert -1 <= signal.value <= 1


def test_a_full_window_keeps_a_row_for_each_of_its_parts():
    """A price that falls all the time: every part is the highest of what follows."""
    signal, slow = Breakout(window_s=64), SlowRange(64)
    market = Market(signal)
    for second in range(300):
        market.show(START_NS + second * S, 30_000 - second)
        slow.show(START_NS + second * S, 30_000 - second)
        found = (signal.low_ticks, signal.high_ticks)
        assert found == slow.range(START_NS + second * S)


def test_time_alone_makes_the_window_forget():
    signal = Breakout(window_s=10)
    market = Market(signal)
    market.show(START_NS, 30_000)
    market.show(START_NS + S, 30_100)
    assert (signal.low_ticks, signal.high_ticks) == (30_000, 30_100)
    signal.observe_time(START_NS + 12 * S)
    assert (signal.low_ticks, signal.high_ticks) == (30_100, 30_100)


def test_the_place_goes_from_low_to_high_and_is_smoothed():
    signal = Breakout(window_s=100, smooth_s=5)
    market = Market(signal)
    market.show(START_NS, 30_000)
    market.show(START_NS + S, 30_100)
    assert signal.value == 0.0
    signal.observe_time(START_NS + 6 * S)
    assert signal.value == pytest.approx(1 - math.exp(-1))
    market.show(START_NS + 60 * S, 30_000)
    before = signal.value
    signal.observe_time(START_NS + 65 * S)
    assert signal.value == pytest.approx(-1 + (before + 1) * math.exp(-1))


def test_warm_after_a_window():
    signal = Breakout(window_s=10)
    market = Market(signal)
    market.show(START_NS, 30_000)
    signal.observe_time(START_NS + 10 * S - 1)
    assert not signal.is_ready
    signal.observe_time(START_NS + 10 * S)
    assert signal.is_ready


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda: EwmaCross(fast_s=0, slow_s=1), "fast_s"),
        (lambda: EwmaCross(fast_s=2, slow_s=2), "slow_s"),
        (lambda: EwmaCross(fast_s=2, slow_s=3, sample_s=4), "sample_s"),
        (lambda: Breakout(window_s=math.nan), "window_s"),
        (lambda: Breakout(window_s=1, smooth_s=0), "smooth_s"),
    ],
)
def test_bad_parameters_are_named(made, name):
    with pytest.raises(ValueError, match=f"{name} must be a number"):
        made()
