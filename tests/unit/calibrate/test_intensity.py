"""A and k against a likelihood searched by brute force, and against known truth."""

import itertools
import math
from collections import Counter
from random import Random

import pytest

from engine.calibrate.intensity import (
    DEEPER_MIN,
    TAKES_MIN,
    dispersion_of,
    fit,
    goodness,
    open_s,
)

SECONDS = {2: 150.0, 3: 300.0, 4: 150.0}


def poisson(rng, mean):
    """Return a Poisson number, by waiting times."""
    n, waited = 0, rng.expovariate(1)
    while waited < mean:
        n, waited = n + 1, waited + rng.expovariate(1)
    return n


def drawn(seed, a, k, seconds=SECONDS):
    """Return taker orders as the model has them."""
    rng = Random(seed)
    orders = Counter()
    for spread, time_s in seconds.items():
        for depth in range(spread, spread + 400, 2):
            mean = 2 * time_s * a * math.exp(-k * depth / 2) * -math.expm1(-k)
            if mean < 1e-9:
                break
            orders[spread, depth] += poisson(rng, mean)
    return orders


def log_likelihood(orders, seconds, a, k, deepest):
    """Return the Poisson likelihood, depth by depth, up to a constant."""
    total = 0.0
    counts = Counter()
    for (_, depth), n in orders.items():
        counts[depth] += n
    for depth in range(deepest + 1):
        time_s = sum(
            t for s, t in seconds.items() if s <= depth and (depth - s) % 2 == 0
        )
        if time_s:
            mean = 2 * time_s * a * math.exp(-k * depth / 2) * (1 - math.exp(-k))
            total += counts[depth] * math.log(mean) - mean
    return total


def test_the_fit_is_the_top_of_the_likelihood_and_its_errors_are_its_curvature():
    orders = drawn(3, 0.8, 0.6)
    found = fit(orders, SECONDS)
    a, k = found.a_per_s.value, found.k_per_tick.value
    deepest = round(2 * found.deepest_ticks)

    def at(da, dk):
        return log_likelihood(orders, SECONDS, a * math.exp(da), k + dk, deepest)

    for da, dk in itertools.product((-0.02, 0, 0.02), (-0.01, 0, 0.01)):
        assert at(da, dk) <= at(0, 0)
    h = 1e-4
    aa = -(at(h, 0) - 2 * at(0, 0) + at(-h, 0)) / h**2
    kk = -(at(0, h) - 2 * at(0, 0) + at(0, -h)) / h**2
    ak = -(at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h)
    determinant = aa * kk - ak * ak
    assert found.k_per_tick.standard_error == pytest.approx(
        math.sqrt(aa / determinant), rel=1e-3
    )
    assert found.a_per_s.standard_error == pytest.approx(
        a * math.sqrt(kk / determinant), rel=1e-3
    )
    assert found.correlation == pytest.approx(-ak / math.sqrt(aa * kk), rel=1e-3)


@pytest.mark.parametrize(
    ("a", "k", "seconds"),
    [
        (0.8, 0.6, SECONDS),
        (0.05, 1.5, {1: 9000.0, 2: 3000.0}),
        (2.0, 0.1, {2: 300.0, 3: 100.0}),
    ],
)
def test_the_intervals_cover_as_often_as_they_say(a, k, seconds):
    covered, poor, n = Counter(), 0, 300
    for seed in range(n):
        found = fit(drawn(seed, a, k, seconds), seconds)
        covered["a"] += found.a_per_s.low <= a <= found.a_per_s.high
        covered["k"] += found.k_per_tick.low <= k <= found.k_per_tick.high
        poor += found.fit_probability < 0.05
    # Binomial: outside of 271..297 of 300 at 95 % has probability 1 in 1,000.
    assert 271 <= covered["a"] <= 297
    assert 271 <= covered["k"] <= 297
    assert 3 <= poor <= 29


def test_counting_without_half_ticks_would_be_wrong():
    # The naive way: every depth over all the time, one grid. It is off by far more
    # than the error; ours is not.
    seconds = {1: 3000.0, 4: 3000.0}
    orders = drawn(1, 1.0, 0.5, seconds)
    found = fit(orders, seconds)
    assert found.k_per_tick.low < 0.5 < found.k_per_tick.high
    reached = [
        sum(n for (_, x), n in orders.items() if x >= depth) for depth in (1, 2, 3, 4)
    ]
    naive = math.log(reached[0] / reached[3]) / 1.5
    assert abs(naive - 0.5) > 5 * found.k_per_tick.standard_error


def test_a_depth_is_open_while_the_spread_has_its_parity_and_is_not_wider():
    assert open_s(2, SECONDS) == 150.0
    assert open_s(3, SECONDS) == 300.0
    assert open_s(4, SECONDS) == 300.0
    assert open_s(1, SECONDS) == 0.0


def test_rates_count_what_could_have_been_reached():
    orders = Counter({(2, 2): 30, (2, 6): 4, (4, 4): 10, (3, 3): 7})
    found = {rate.depth_ticks: rate for rate in fit(orders, SECONDS).rates}
    assert found[1.0].reached == 34
    assert found[1.5].reached == 7
    assert found[2.0].reached == 14
    assert found[2.0].seconds == 300.0
    assert found[2.0].per_s == pytest.approx(14 / 600)
    assert found[2.0].low_per_s < 14 / 600 < found[2.0].high_per_s


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        (Counter(), "0 taker orders"),
        (Counter({(2, 2): TAKES_MIN // 2, (2, 4): TAKES_MIN // 2 - 1}), "99 taker"),
        (
            Counter({(2, 2): 900, (2, 4): DEEPER_MIN - 1, (3, 3): 500}),
            f"{DEEPER_MIN - 1} taker orders went beyond the touch",
        ),
        (Counter({(2, 2): 100, (2, 4): 200, (2, 6): 400}), "do not get rarer"),
    ],
)
def test_too_little_is_said_and_nothing_is_made_up(orders, words):
    found = fit(orders, SECONDS)
    assert words in found.why_not
    assert found.k_per_tick is None
    assert found.a_per_s is None
    assert not found.holds


def test_just_enough_is_fitted():
    found = fit(Counter({(2, 2): TAKES_MIN - DEEPER_MIN, (2, 4): DEEPER_MIN}), SECONDS)
    assert not found.why_not


def test_the_deepest_hundredth_is_left_out_unless_told():
    orders = Counter({(2, 2): 800, (2, 4): 400, (2, 400): 12})
    assert fit(orders, SECONDS).used == 1200
    told = fit(orders, SECONDS, depth_max_ticks=1000)
    assert told.used == 1212
    assert told.k_per_tick.value < fit(orders, SECONDS).k_per_tick.value


def test_the_depths_between_two_limits_are_fitted_alone():
    # Far from the touch another k holds: each stretch has its own.
    seconds = {2: 20_000.0}
    near, far = drawn(1, 1.0, 1.5, seconds), drawn(2, 0.05, 0.2, seconds)
    orders = Counter({key: n for key, n in (near + far).items() if n})
    found = fit(orders, seconds, depth_min_ticks=8, depth_max_ticks=25)
    assert found.k_per_tick.low < 0.2 < found.k_per_tick.high
    assert found.a_per_s.low < 0.05 < found.a_per_s.high
    assert (found.least_ticks, found.deepest_ticks) == (8.0, 25.0)
    assert found.used == sum(n for (_, x), n in orders.items() if 16 <= x <= 50)
    # The picture still has them all.
    assert found.rates[0].depth_ticks == 1.0
    assert fit(orders, seconds).k_per_tick.low > 0.3


def test_fills_that_are_not_exponential_do_not_fit():
    heavy = Counter({(2, 2 * d): round(30_000 / d**2) for d in range(1, 60)})
    found = fit(heavy, {2: 5000.0}, depth_max_ticks=30)
    assert found.fit_probability < 1e-6
    assert not found.holds


def in_blocks(orders, place):
    """Return the orders in forty blocks; ``place`` says where each depth may go."""
    rng = Random(5)
    blocks = [Counter() for _ in range(40)]
    for (_, depth), n in orders.items():
        for _ in range(n):
            blocks[rng.choice(place(depth))][depth] += 1
    return blocks


def test_uneven_numbers_widen_a_alone():
    orders = drawn(3, 0.8, 0.6)
    calm = fit(orders, SECONDS, in_blocks(orders, lambda depth: range(40)))
    wild = fit(orders, SECONDS, in_blocks(orders, lambda depth: range(15)))
    assert (calm.clusters_a, calm.clusters_k) == (1.0, 1.0)
    assert wild.clusters_a > 5
    assert wild.clusters_k == 1.0
    assert wild.k_per_tick == calm.k_per_tick
    assert wild.a_per_s.value == calm.a_per_s.value
    assert wild.a_per_s.standard_error > 1.5 * calm.a_per_s.standard_error


def test_deep_and_shallow_stretches_widen_k():
    orders = drawn(3, 0.8, 0.6)
    apart = in_blocks(orders, lambda x: range(20) if x > 5 else range(10, 40))
    found = fit(orders, SECONDS, apart)
    assert found.clusters_k > 3
    calm = fit(orders, SECONDS)
    assert found.k_per_tick.standard_error == pytest.approx(
        calm.k_per_tick.standard_error * math.sqrt(found.clusters_k)
    )


def test_few_blocks_say_nothing_of_clusters():
    assert dispersion_of([100.0, 0.0, 0.0], 33.3, 100.0) == 1.0
    assert dispersion_of([0.0] * 20, 0.0, 0.0) == 1.0
    assert dispersion_of([], 0.0, 0.0) == 1.0


def test_chance_alone_seldom_looks_like_clusters():
    rows = [
        [float(poisson(Random(seed * 97 + n), 8)) for n in range(80)]
        for seed in range(300)
    ]
    found = [dispersion_of(row, sum(row) / 80, sum(row)) for row in rows]
    # At most four looks at 1 in 1,000 each: above 7 of 300 has probability 1 in 10,000.
    assert sum(each > 1 for each in found) <= 7


def test_the_intervals_cover_under_clusters_too():
    a, k, time_s, covered = 0.8, 0.6, 1800.0, Counter()
    for seed in range(100):
        rng, at, end_s, is_busy = Random(seed), 0.0, 0.0, False
        times = []
        while at < time_s:
            # Busy and quiet times of 20 s on average, the truth their mean.
            if at >= end_s:
                is_busy, end_s = not is_busy, at + rng.expovariate(1 / 20)
            rate = 2 * a * math.exp(-k) * (1.7 if is_busy else 0.3)
            step = rng.expovariate(rate)
            at = min(at + step, end_s)
            if at < end_s and at < time_s:
                times.append(at)
        orders, blocks = Counter(), [Counter() for _ in range(100)]
        for moment in times:
            depth = 2 + 2 * int(rng.expovariate(k))
            orders[2, depth] += 1
            blocks[int(moment / time_s * 100)][depth] += 1
        found = fit(orders, {2: time_s}, blocks)
        covered["a"] += found.a_per_s.low <= a <= found.a_per_s.high
        covered["k"] += found.k_per_tick.low <= k <= found.k_per_tick.high
    # Binomial: below 87 of 100 at 95 % has probability 1 in 1,000.
    assert covered["a"] >= 87
    assert covered["k"] >= 87


def test_rare_depths_are_put_together_for_the_test():
    chi_square, freedom = goodness(
        {1: 10, 2: 7, 3: 2, 4: 1}, {1: 10.0, 2: 6.0, 3: 3.0, 4: 1.0}
    )
    assert freedom == 0
    assert chi_square == pytest.approx((10 - 10) ** 2 / 10 + (10 - 10) ** 2 / 10)
    assert goodness({}, {}) == (0, 0)


def test_json_has_everything():
    found = fit(drawn(3, 0.8, 0.6), SECONDS).as_json()
    assert found["k_per_tick"].keys() == {"value", "low", "high", "standard_error"}
    assert found["rates"][0].keys() >= {"depth_ticks", "reached", "fitted_per_s"}
    assert fit(Counter(), {}).as_json()["k_per_tick"] is None
