"""Many books at once, and what frames leave behind."""

import itertools

import pytest
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.pipeline.each import Sweep
from benchmarks.pipeline.left import left_behind
from benchmarks.pipeline.many import BOOKS, Options, frames_a_second
from benchmarks.pipeline.ours import quoting
from benchmarks.pipeline.scrape import STAGES, Scrape
from benchmarks.stream import frames
from engine.metrics.exposition import LINES_AT_ONCE
from tests.memory import resident_bytes


def test_every_tick_reaches_its_strategy():
    options = Options(seed=1, books=20)
    assert frames_a_second(options, 100) > 0
    counters = options.core.snapshot()["counters"]
    assert (counters["gaps"], counters["malformed"], counters["surprises"]) == (0, 0, 0)
    assert counters["book_frames"] == 20 + 5 * 100


def test_eight_hundred_books_of_options_fit():
    before = resident_bytes()
    options = Options(seed=1, books=BOOKS)
    options.play(options.frames(2_000))
    # docs/hot-path.md says about 30 kB each, with 20 levels a side.
    assert resident_bytes() - before < BOOKS * 64_000


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


def test_a_scrape_is_cut_where_it_lets_go_of_the_interpreter():
    snapshot, change = frames(1, at_touch=True)
    with quoting(snapshot, journals=False) as engine:
        engine.one(change)
        engine.after()
        ticks = itertools.count()
        found, answer = Scrape(engine, clock=lambda: next(ticks)).once()
    text = answer.partition(b"\r\n\r\n")[2].decode()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert len(names) > 50
    assert text.count('le="+Inf"') == STAGES
    samples = sum(not line.startswith("#") for line in text.splitlines())
    # The copy in two pieces, what is written in some, letting go in one, and the rest.
    assert found.whole >= 4 + samples // (2 * LINES_AT_ONCE)
    assert found.longest == 1
