"""Copies of histograms: what they show, and that they stay as they were."""

import pytest

from engine._core.base.hist import Histogram
from engine.metrics.reading import BOUNDS_NS, Stage


def test_bounds_rise_from_100_ns_to_10_s() -> None:
    assert BOUNDS_NS[0] == 100
    assert BOUNDS_NS[-1] == 10**10
    assert list(BOUNDS_NS) == sorted(set(BOUNDS_NS))


def test_a_stage_is_cumulative_complete_and_a_copy() -> None:
    histogram = Histogram()
    taken_ns = [90, 150, 3_000, 2_000_000, 20_000_000_000]
    for latency_ns in taken_ns:
        histogram.observe(latency_ns)
    stage = Stage.copy(histogram)
    histogram.observe(90)
    assert len(stage.cumulative) == len(BOUNDS_NS)
    assert stage.cumulative == sorted(stage.cumulative)
    assert stage.cumulative[0] == 1
    assert stage.cumulative[-1] == len(taken_ns) - 1
    assert stage.count == len(taken_ns)
    assert stage.total_ns == pytest.approx(sum(taken_ns))
