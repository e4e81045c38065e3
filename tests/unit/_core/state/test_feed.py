"""Feed lag: what both clocks have in common falls out, what grows is seen."""

import pytest

from engine._core.state.feed import beyond

MS = 1_000_000
WINDOW_MS = 300_000


def lags_ms(frames: list[tuple[int, int]]) -> list[float]:
    """Return the lag after frames given as (arrival, way), both in ms."""
    return [
        found / MS for found in beyond((now * MS, now - way) for now, way in frames)
    ]


@pytest.mark.parametrize("offset_ms", [-3_600_000, 0, 7, 3_600_000])
def test_a_constant_offset_of_the_clocks_is_no_lag(offset_ms: int) -> None:
    frames = [(1_000 + 10 * i, offset_ms) for i in range(50)]
    assert lags_ms(frames) == [0.0] * 50


def test_a_growing_way_is_a_lag_and_its_end_ends_it() -> None:
    frames = [(1_000, 5), (1_100, 25), (1_200, 105), (1_300, 5)]
    assert lags_ms(frames) == [0, 20, 100, 0]


def test_a_faster_way_than_ever_is_the_new_baseline() -> None:
    assert lags_ms([(1_000, 50), (1_010, 20), (1_020, 50)]) == [0, 0, 30]


def test_a_clock_that_was_set_is_forgiven_after_two_windows_not_before() -> None:
    step = [(1_000, 5), (2_000, 905)]
    first = [(1_000 + WINDOW_MS, 905), (1_000 + 2 * WINDOW_MS - 1, 905)]
    second = [(1_000 + 2 * WINDOW_MS, 905)]
    assert lags_ms(step + first + second) == [0, 900, 900, 900, 0]
