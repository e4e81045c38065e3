"""Histogram: exact below 32 ns, within 1/32 above, and honest about sums and bounds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.base.hist import Histogram

values = st.one_of(
    st.integers(0, 100),
    st.integers(0, 10**6),
    st.integers(0, 2**44 - 1),
    st.integers(0, 43).map(lambda power: 2**power),
    st.integers(1, 44).map(lambda power: 2**power - 1),
)


def filled(samples):
    histogram = Histogram()
    for value in samples:
        histogram.observe(value)
    return histogram


def test_empty():
    histogram = Histogram()
    assert histogram.summary() == {"count": 0, "p50": 0, "p99": 0, "p999": 0, "max": 0}
    assert histogram.cumulative([0, 10]) == [0, 0]
    assert (histogram.count, histogram.total_ns, histogram.max_ns) == (0, 0, 0)


def test_small_values_are_exact():
    histogram = filled(range(32))
    assert [histogram.quantile((i + 1) / 32) for i in range(32)] == list(range(32))


def test_negative_counts_as_zero():
    histogram = filled([-5, -(2**62)])
    assert (histogram.count, histogram.total_ns, histogram.max_ns) == (2, 0, 0)
    assert histogram.quantile(1) == 0


@given(st.lists(values, min_size=1, max_size=60), st.floats(0, 1))
def test_quantile_is_at_most_a_32nd_above_the_true_one(samples, q):
    rank = max(1, math.ceil(q * len(samples)))
    true_ns = sorted(samples)[rank - 1]
    found_ns = filled(samples).quantile(q)
    assert true_ns <= found_ns <= min(max(samples), true_ns + true_ns / 32)


@given(st.lists(values, min_size=1, max_size=60))
def test_count_total_max_are_exact(samples):
    histogram = filled(samples)
    assert histogram.count == len(samples)
    assert histogram.total_ns == sum(samples)
    assert histogram.max_ns == max(samples)
    assert histogram.summary()["max"] == histogram.quantile(1) == max(samples)


@given(st.lists(values, max_size=60), st.lists(values, max_size=8))
def test_cumulative_never_counts_what_may_be_above(samples, bounds):
    histogram = filled(samples)
    for bound, counted in zip(bounds, histogram.cumulative(bounds), strict=True):
        assert counted <= sum(value <= bound for value in samples)
        assert counted >= sum(value <= bound - bound / 32 for value in samples)
    edges = [2**power - 1 for power in range(45)]
    exact = [sum(value <= edge for value in samples) for edge in edges]
    assert histogram.cumulative(edges) == exact


def test_cumulative_of_negative_and_endless_bounds():
    histogram = filled([0, 5])
    assert histogram.cumulative([-1, 0, 4, 5, 2**62]) == [0, 1, 1, 2, 2]


@pytest.mark.parametrize("value", [2**44 - 1, 2**44, 2**44 + 1, 2**63 - 1])
def test_last_bucket_and_one_past(value):
    histogram = filled([1, value])
    assert histogram.quantile(1) == value
    assert histogram.max_ns == value
    assert histogram.cumulative([value - 1, value]) == [1, 2]


def test_total_saturates_instead_of_turning_negative():
    assert filled([2**63 - 1, 2**63 - 1]).total_ns == 2**63 - 1


@pytest.mark.parametrize("q", [-0.01, 1.01, math.nan])
def test_bad_quantile_is_refused(q):
    with pytest.raises(ValueError, match="q must be"):
        Histogram().quantile(q)
