"""Queue sense against the simulated venue, which knows the true queue."""

import pytest

from tests.simulation.queue_truth import Truth

pytestmark = pytest.mark.simulation


def test_the_estimate_is_near_the_truth_and_the_front_is_the_front() -> None:
    truth = Truth()
    for seed in (1, 2):
        truth.run(seed, 12)
    figures = truth.figures()
    assert figures["looks"] > 1_000
    assert figures["abs_p50_pct"] < 1
    assert figures["exact"] > 0.6
    assert figures["front_is_front"] > 0.9
