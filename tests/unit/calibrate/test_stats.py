"""The three distribution functions against closed forms, and block averages."""

import math
from random import Random

import pytest

from engine.calibrate.stats import (
    BLOCKS_MIN,
    block_average,
    chi_square_tail,
    log_interval,
    student_quantile,
    student_tail,
)

VALUES = (0.01, 0.3, 1.0, 2.5, 7.0, 30.0, 90.0)


@pytest.mark.parametrize("x", VALUES)
def test_chi_square_has_its_closed_forms(x):
    assert chi_square_tail(x, 1) == pytest.approx(math.erfc(math.sqrt(x / 2)), 1e-9)
    assert chi_square_tail(x, 2) == pytest.approx(math.exp(-x / 2), 1e-9)
    poisson = math.exp(-x / 2) * sum(
        (x / 2) ** n / math.factorial(n) for n in range(20)
    )
    assert chi_square_tail(x, 40) == pytest.approx(poisson, 1e-9)


def test_chi_square_of_nothing_is_certain():
    assert chi_square_tail(0.0, 3) == 1.0


@pytest.mark.parametrize("t", VALUES)
def test_student_has_its_closed_forms(t):
    assert student_tail(t, 1) == pytest.approx(math.atan2(1, t) / math.pi, 1e-9)
    # 1 - t/root, written so that nothing cancels.
    root = math.sqrt(2 + t * t)
    assert student_tail(t, 2) == pytest.approx(1 / (root * (root + t)), 1e-9)
    assert student_tail(t, 10**7) == pytest.approx(
        math.erfc(t / math.sqrt(2)) / 2, rel=1e-3, abs=1e-12
    )


def test_student_is_symmetric():
    assert student_tail(0.0, 5) == 0.5


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (5, 2.57058), (30, 2.04227)]
)
def test_student_quantiles_are_those_of_the_tables(freedom, quantile):
    assert student_quantile(0.975, freedom) == pytest.approx(quantile, rel=1e-5)


def test_an_interval_of_the_logarithm_is_symmetric_there():
    found = log_interval(2.0, 0.1)
    assert found.low * found.high == pytest.approx(4.0)
    assert math.log(found.high / 2.0) == pytest.approx(0.195996, rel=1e-5)
    assert found.standard_error == pytest.approx(0.2)


def test_blocks_of_equal_weight_are_a_plain_average_with_its_error():
    values = [1.0, 3.0, 2.0, 5.0, 4.0, 1.0, 3.0, 2.0, 5.0, 4.0]
    found = block_average(values, [1.0] * 10)
    error = math.sqrt(sum((v - 3.0) ** 2 for v in values) / 9 / 10)
    assert found.value == pytest.approx(3.0)
    assert found.standard_error == pytest.approx(error)
    assert found.high == pytest.approx(3.0 + 2.262157 * error, rel=1e-6)


def test_a_floor_cuts_the_interval_alone():
    found = block_average([0.0, 1.0] * 10, [1.0] * 20, floor=0.4)
    assert (found.value, found.low) == (0.5, 0.4)


def test_few_blocks_have_no_interval():
    found = block_average([1.0] * (BLOCKS_MIN - 1), [1.0] * (BLOCKS_MIN - 1))
    assert (found.value, found.low, found.high) == (1.0, None, None)
    assert block_average([1.0] * BLOCKS_MIN, [1.0] * BLOCKS_MIN).low is not None


def test_blocks_without_weight_do_not_count():
    with pytest.raises(ValueError, match="nothing to average"):
        block_average([0.0], [0.0])
    padded = block_average([1.0] * 9 + [0.0] * 5, [1.0] * 9 + [0.0] * 5)
    assert padded.low is None


def test_the_intervals_of_a_ratio_cover_as_often_as_they_say():
    held = 0
    for seed in range(400):
        rng = Random(seed)
        weights = [float(rng.randint(1, 9)) for _ in range(25)]
        sums = [rng.gauss(0.7 * w, math.sqrt(w)) for w in weights]
        found = block_average(sums, weights)
        held += found.low <= 0.7 <= found.high
    # Binomial: below 362 of 400 at 95 % has probability 1 in 10,000.
    assert 362 <= held <= 396
