"""Volatility of the mid: squared returns on a clock of their own."""

import math
import random

import pytest

from engine._core.signals.volatility import EwmaVolatility, TwoScaleVolatility
from engine._core.state.book import Book

MS = 1_000_000
S = 1_000_000_000


def set_touch(book, bid, ask, bid_lots=1, ask_lots=1):
    book.apply_rows(
        [("bid", bid, bid_lots), ("ask", ask, ask_lots)],
        change_id=1,
        is_snapshot=True,
    )


def walk(signal, mids, dt_ns):
    """Show a signal a list of mids (in half ticks), dt_ns apart."""
    book = Book(window_ticks=64)
    for i, mid in enumerate(mids):
        set_touch(book, mid // 2 - 5, (mid + 1) // 2 + 5)
        signal.observe_book(book, i * dt_ns)


def test_an_unusable_book_changes_nothing():
    book, signal = Book(window_ticks=64), EwmaVolatility()
    book.apply_rows([("bid", 10, 1)], change_id=1, is_snapshot=True)
    signal.observe_book(book, 5 * S)
    assert (signal.value, signal.n_samples) == (0.0, 0)
    assert not signal.is_ready


def test_a_book_that_stands_still_has_no_volatility():
    signal = EwmaVolatility(sample_s=0.1, tau_s=2.0)
    walk(signal, [100, 140] * 30, 100 * MS)
    stormy = signal.value
    for now_ms in range(6_000, 36_000, 250):
        signal.observe_time(now_ms * MS)
    assert stormy > 10
    assert signal.value < 1e-3 * stormy


def test_a_move_over_a_long_cut_is_no_return():
    book, signal = Book(window_ticks=64), EwmaVolatility(sample_s=0.1, tau_s=2.0)
    walk(signal, [100, 101] * 30, 100 * MS)
    before = signal.value
    for cut_s, is_sampled in ((1, True), (3, False)):
        seen, now_ns = signal.n_samples, signal.heard_ns
        book.mark_lost()
        signal.observe_book(book, now_ns)
        assert not signal.is_ready
        assert signal.is_warm
        signal.observe_time(now_ns + S)
        assert signal.n_samples == seen
        set_touch(book, 45, 55)
        signal.observe_book(book, now_ns + cut_s * S)
        assert signal.is_ready
        assert signal.n_samples == seen + is_sampled
    assert signal.value == pytest.approx(before, rel=0.5)


def test_samples_wait_for_the_clock():
    book, signal = Book(window_ticks=64), EwmaVolatility(sample_s=0.1)
    set_touch(book, 10, 12)
    signal.observe_book(book, 0)
    set_touch(book, 20, 22)
    signal.observe_book(book, 100 * MS - 1)
    assert signal.n_samples == 0
    # A move that came and went between two samples is not there.
    set_touch(book, 10, 12)
    signal.observe_book(book, 100 * MS)
    assert signal.n_samples == 1
    assert signal.variance == 0


def test_variance_is_the_weighted_mean_of_returns_squared_over_time():
    """Irregular times: each return is divided by its own dt and weighted by it."""
    signal = EwmaVolatility(sample_s=0.1, tau_s=2.0)
    book = Book(window_ticks=64)
    rng = random.Random(7)
    mids, times = [1_000], [0]
    for _ in range(40):
        mids.append(mids[-1] + rng.randint(-8, 8))
        times.append(times[-1] + rng.randint(100 * MS, 3 * S))
    for mid, now_ns in zip(mids, times, strict=True):
        set_touch(book, mid - 1, mid + 1)
        signal.observe_book(book, now_ns)
    top = bottom = 0.0
    for i in range(1, len(mids)):
        age_s = (times[-1] - times[i]) / S
        dt_s = (times[i] - times[i - 1]) / S
        weight = math.exp(-age_s / 2.0) * (1 - math.exp(-dt_s / 2.0))
        top += weight * (mids[i] - mids[i - 1]) ** 2 / dt_s
        bottom += weight
    assert signal.n_samples == 40
    assert signal.variance == pytest.approx(top / bottom, rel=1e-9)
    assert signal.value == pytest.approx(math.sqrt(top / bottom), rel=1e-9)


@pytest.mark.parametrize("dt_ms", [100, 250, 1_000])
def test_volatility_of_a_known_walk_does_not_depend_on_the_clock(dt_ms):
    """A walk of 3 ticks per sqrt(second), seen at any rate, reads as about 3."""
    rng = random.Random(dt_ms)
    exact, mids = 50_000.0, []
    for _ in range(4_000):
        exact += rng.gauss(0, 3 * math.sqrt(dt_ms / 1_000))
        mids.append(round(2 * exact))
    signal = EwmaVolatility(sample_s=0.1, tau_s=4_000 * dt_ms / 1_000)
    walk(signal, mids, dt_ms * MS)
    assert signal.value == pytest.approx(3.0, rel=0.08)


def test_warm_after_the_stated_number_of_returns():
    signal = EwmaVolatility(sample_s=0.1, warm_samples=3)
    for n in range(1, 6):
        fresh = EwmaVolatility(sample_s=0.1, warm_samples=3)
        walk(fresh, [100] * n, 100 * MS)
        assert fresh.is_warm == (n - 1 >= 3)
    assert not signal.is_warm


def test_a_clock_that_does_not_move_gives_no_sample():
    signal = EwmaVolatility()
    walk(signal, [100, 200, 300], 0)
    assert signal.n_samples == 0
    assert math.isfinite(signal.variance)


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
        EwmaVolatility(**{name: value})


def two_scale_slowly(samples, scales, tau_s):
    """The estimator, from the whole list of (seconds, mid)."""
    fast, fast_s, slow, slow_s, n = 0.0, 0.0, 0.0, 0.0, 0.0
    last_s = samples[-1][0]
    for i in range(scales, len(samples)):
        weight = math.exp(-(last_s - samples[i][0]) / tau_s)
        n += weight
        fast += weight * (samples[i][1] - samples[i - 1][1]) ** 2
        fast_s += weight * (samples[i][0] - samples[i - 1][0])
        slow += weight * (samples[i][1] - samples[i - scales][1]) ** 2 / scales
        slow_s += weight * (samples[i][0] - samples[i - scales][0]) / scales
    variance = max(0.0, (slow - fast / scales) / (slow_s - fast_s / scales))
    return variance, math.sqrt(max(0.0, (fast - variance * fast_s) / (2 * n)))


@pytest.mark.parametrize("scales", [2, 3, 20])
def test_two_scales_are_the_estimator_written_out(scales):
    """Irregular times, over a ring that has been round many times."""
    signal = TwoScaleVolatility(scales=scales, tau_s=5.0, warm_samples=10)
    book, rng = Book(window_ticks=64), random.Random(scales)
    samples, mid, now_ns = [], 1_000, 0
    for n in range(150):
        mid += rng.randint(-8, 8)
        now_ns += rng.randint(100 * MS, 900 * MS)
        set_touch(book, mid - 1, mid + 1)
        signal.observe_book(book, now_ns)
        samples.append((now_ns / S, mid))
        assert signal.n_samples == max(0, n + 1 - scales)
        assert signal.is_ready == (n + 1 - scales >= 10)
        if n >= scales:
            variance, noise = two_scale_slowly(samples, scales, 5.0)
            assert signal.variance == pytest.approx(variance, rel=1e-7, abs=1e-7)
            assert signal.noise_ticks == pytest.approx(noise, rel=1e-6, abs=1e-4)


def test_two_scales_see_through_the_noise_that_deceives_the_plain_one():
    """A walk of 3 ticks per sqrt(second), each mid off by 2 ticks of its own."""
    plain = EwmaVolatility(tau_s=3_000.0)
    signal = TwoScaleVolatility(scales=20, tau_s=3_000.0)
    rng, book, exact = random.Random(5), Book(window_ticks=64), 50_000.0
    for i in range(30_000):
        exact += rng.gauss(0, 3 * math.sqrt(0.1))
        noisy = round(exact + rng.gauss(0, 2))
        set_touch(book, noisy - 5, noisy + 5)
        for one in (plain, signal):
            one.observe_book(book, i * 100 * MS)
    assert plain.value > 8
    assert signal.value == pytest.approx(3.0, rel=0.1)
    # The rounding to a tick adds a twelfth to the variance of the noise.
    assert signal.noise_ticks == pytest.approx(math.sqrt(4 + 1 / 12), rel=0.05)


def test_two_scales_after_a_long_cut_compare_nothing_across_it():
    signal, book = TwoScaleVolatility(scales=2, tau_s=2.0), Book(window_ticks=64)
    for i in range(10):
        set_touch(book, 100, 102)
        signal.observe_book(book, i * 100 * MS)
    seen = signal.n_samples
    book.mark_lost()
    signal.observe_book(book, S)
    assert not signal.is_ready
    for i in range(5):
        set_touch(book, 900, 902)
        signal.observe_book(book, 10 * S + i * 100 * MS)
    assert signal.value == 0.0
    assert signal.n_samples == seen + 3


@pytest.mark.parametrize("value", [0, 1, 257, 2.5, True, None])
def test_a_bad_number_of_scales_is_named(value):
    with pytest.raises(ValueError, match="scales"):
        TwoScaleVolatility(scales=value)
