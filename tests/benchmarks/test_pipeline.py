"""Many books at once, and what frames leave behind."""

import pytest

from benchmarks.pipeline.each import Sweep
from benchmarks.pipeline.left import left_behind
from benchmarks.pipeline.many import Options, frames_a_second


def test_every_tick_reaches_its_strategy():
    options = Options(seed=1, books=20)
    assert frames_a_second(options, 100) > 0
    counters = options.core.snapshot()["counters"]
    assert (counters["gaps"], counters["malformed"], counters["surprises"]) == (0, 0, 0)
    assert counters["book_frames"] == 20 + 5 * 100


def test_a_tick_that_does_not_is_found():
    options = Options(seed=1, books=2)
    options.core.set_quoting(False, "test")
    options.frames(1)
    with pytest.raises(ValueError, match=r"\d+ of 10 reached it"):
        frames_a_second(options, 10)


def test_what_is_kept_is_counted():
    kept = []
    blocks, _ = left_behind(lambda: kept.append(object()), 100)
    assert blocks >= 100


def test_nothing_is_counted_for_nothing():
    blocks, passes = left_behind(lambda: None, 100)
    assert (blocks, passes) == (0, 0)


def test_a_sweep_reads_all_of_it():
    assert Sweep(1_000)() == 0
