"""Signals: the touch as written in the textbook, and variance on a clock of its own."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.state.book import Book
from engine._core.state.signal import Signals

MS = 1_000_000
S = 1_000_000_000


def set_touch(book, bid, ask, bid_lots=1, ask_lots=1):
    book.apply_rows(
        [("bid", bid, bid_lots), ("ask", ask, ask_lots)],
        change_id=1,
        is_snapshot=True,
    )


def walk(signals, mids, dt_ns):
    """Show the signals a list of mids (in half ticks), dt_ns apart."""
    book = Book(window_ticks=64)
    for i, mid in enumerate(mids):
        set_touch(book, mid // 2 - 5, (mid + 1) // 2 + 5)
        signals.observe(book, i * dt_ns)


@given(
    bid=st.integers(-(10**9), 10**9),
    spread=st.integers(1, 10**6),
    bid_lots=st.integers(1, 10**9),
    ask_lots=st.integers(1, 10**9),
)
def test_touch_signals_are_the_textbook_ones(bid, spread, bid_lots, ask_lots):
    book, signals = Book(window_ticks=64), Signals()
    ask = bid + spread
    set_touch(book, bid, ask, bid_lots, ask_lots)
    signals.observe(book, 0)
    total = bid_lots + ask_lots
    assert signals.mid_ticks == (bid + ask) / 2
    assert signals.imbalance == pytest.approx((bid_lots - ask_lots) / total)
    micro = (bid_lots * ask + ask_lots * bid) / total
    assert signals.micro_ticks == pytest.approx(micro, rel=1e-12, abs=1e-6)
    assert bid <= signals.micro_ticks <= ask


def test_one_sided_book_changes_nothing():
    book, signals = Book(window_ticks=64), Signals()
    book.apply_rows([("bid", 10, 1)], change_id=1, is_snapshot=True)
    signals.observe(book, 5 * S)
    assert (signals.mid_ticks, signals.n_samples) == (0.0, 0)


def test_samples_wait_for_the_clock():
    book, signals = Book(window_ticks=64), Signals(sample_s=0.1)
    set_touch(book, 10, 12)
    signals.observe(book, 0)
    set_touch(book, 20, 22)
    signals.observe(book, 100 * MS - 1)
    assert signals.n_samples == 0
    assert signals.mid_ticks == 21
    # A move that came and went between two samples is not there.
    set_touch(book, 10, 12)
    signals.observe(book, 100 * MS)
    assert signals.n_samples == 1
    assert signals.variance == 0


def test_variance_is_the_weighted_mean_of_returns_squared_over_time():
    """Irregular times: each return is divided by its own dt and weighted by it."""
    signals = Signals(sample_s=0.1, tau_s=2.0)
    book = Book(window_ticks=64)
    rng = random.Random(7)
    mids, times = [1_000], [0]
    for _ in range(40):
        mids.append(mids[-1] + rng.randint(-8, 8))
        times.append(times[-1] + rng.randint(100 * MS, 3 * S))
    for mid, now_ns in zip(mids, times, strict=True):
        set_touch(book, mid - 1, mid + 1)
        signals.observe(book, now_ns)
    top = bottom = 0.0
    for i in range(1, len(mids)):
        age_s = (times[-1] - times[i]) / S
        dt_s = (times[i] - times[i - 1]) / S
        weight = math.exp(-age_s / 2.0) * (1 - math.exp(-dt_s / 2.0))
        top += weight * (mids[i] - mids[i - 1]) ** 2 / dt_s
        bottom += weight
    assert signals.n_samples == 40
    assert signals.variance == pytest.approx(top / bottom, rel=1e-9)
    assert signals.sigma_ticks == pytest.approx(math.sqrt(top / bottom), rel=1e-9)


@pytest.mark.parametrize("dt_ms", [100, 250, 1_000])
def test_volatility_of_a_known_walk_does_not_depend_on_the_clock(dt_ms):
    """A walk of 3 ticks per sqrt(second), seen at any rate, reads as about 3."""
    rng = random.Random(dt_ms)
    exact, mids = 50_000.0, []
    for _ in range(4_000):
        exact += rng.gauss(0, 3 * math.sqrt(dt_ms / 1_000))
        mids.append(round(2 * exact))
    signals = Signals(sample_s=0.1, tau_s=4_000 * dt_ms / 1_000)
    walk(signals, mids, dt_ms * MS)
    assert signals.sigma_ticks == pytest.approx(3.0, rel=0.08)


def test_warm_after_the_stated_number_of_returns():
    signals = Signals(sample_s=0.1, warm_samples=3)
    for n in range(1, 6):
        fresh = Signals(sample_s=0.1, warm_samples=3)
        walk(fresh, [100] * n, 100 * MS)
        assert fresh.is_warm == (n - 1 >= 3)
    assert not signals.is_warm


def test_a_clock_that_does_not_move_gives_no_sample():
    signals = Signals()
    walk(signals, [100, 200, 300], 0)
    assert signals.n_samples == 0
    assert math.isfinite(signals.variance)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_s", 0),
        ("sample_s", -1),
        ("sample_s", 61),
        ("sample_s", 1e-10),
        ("tau_s", 0),
        ("tau_s", math.nan),
        ("tau_s", math.inf),
        ("tau_s", "60"),
        ("warm_samples", 0),
        ("warm_samples", 1.5),
        ("warm_samples", True),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        Signals(**{name: value})
