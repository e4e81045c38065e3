"""Rounds are interleaved, turn, and are compared within themselves."""

import pytest

from benchmarks.rounds import Timings, interleaved, percentile


def test_every_candidate_runs_once_a_round_and_the_order_turns():
    ran = []
    made = {name: lambda name=name: lambda: ran.append(name) for name in "abc"}
    interleaved(made, units=1, rounds=2)
    assert "".join(ran) == "abc" + "bca" + "cab"


def test_the_first_round_only_warms_up_and_units_divide():
    ticks = iter([0, 1_000, 0, 60, 0, 80])
    timings = interleaved(
        {"a": lambda: lambda: None}, units=20, rounds=2, clock=lambda: next(ticks)
    )
    assert timings.rounds == {"a": [3.0, 4.0]}


def test_work_may_time_itself():
    timings = interleaved({"a": lambda: lambda: 500.0}, units=10, rounds=1)
    assert timings.rounds == {"a": [50.0]}


def test_setups_are_made_anew_and_not_timed():
    now = [0]

    def setup():
        now[0] += 1_000
        return lambda: now.__setitem__(0, now[0] + 7)

    timings = interleaved({"a": setup}, 1, rounds=1, clock=lambda: now[0])
    assert timings.rounds == {"a": [7.0]}


def test_a_ratio_is_the_median_within_rounds():
    timings = Timings({"a": [10.0, 30.0, 90.0], "b": [5.0, 10.0, 30.0]})
    assert timings.median("a") == 30.0
    assert timings.ratio("a", to="b") == 3.0


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100)]
)
def test_percentile_is_a_value_that_was_measured(share, value):
    assert percentile(list(range(100, 0, -1)), share) == value


def test_percentile_of_nothing():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
