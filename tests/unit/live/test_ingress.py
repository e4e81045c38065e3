"""The parts of the ingress that need no socket."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.live.ingress import (
    DELAY_MAX_S,
    DELAY_MIN_S,
    HEALTHY_S,
    Backoff,
)


class HighEnd(random.Random):
    """A source that always draws the longest wait."""

    def uniform(self, a: float, b: float) -> float:
        return b


@settings(deadline=None)
@given(st.integers(), st.lists(st.floats(0, 2 * HEALTHY_S), min_size=1, max_size=40))
def test_every_wait_lies_between_its_bounds(seed: int, lives_s: list[float]) -> None:
    backoff = Backoff(random.Random(seed))
    for lived_s in lives_s:
        assert DELAY_MIN_S <= backoff.next_delay_s(lived_s) <= DELAY_MAX_S


def test_waits_double_up_to_the_limit_and_start_anew_after_health() -> None:
    backoff = Backoff(HighEnd())
    waits_s = [backoff.next_delay_s(0.0) for _ in range(8)]
    assert waits_s == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert backoff.next_delay_s(HEALTHY_S - 1) == 30.0
    assert backoff.next_delay_s(HEALTHY_S) == 1.0


def test_many_failures_do_not_overflow() -> None:
    backoff = Backoff(HighEnd())
    assert [backoff.next_delay_s(0.0) for _ in range(5000)][-1] == DELAY_MAX_S
