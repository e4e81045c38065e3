"""One frame at a time, and the engine that is measured so."""

import pytest

from benchmarks.pipeline.each import (
    bare,
    clock_cost,
    each,
    has_two_requests,
    own_costs,
    percentiles,
)
from benchmarks.pipeline.ours import Reader, Script, Venue, dialogue, quoting
from benchmarks.shape import shape
from benchmarks.stream import frames


def test_the_clock_itself_is_taken_off():
    now = [0]

    def clock():
        now[0] += 30
        return now[0]

    def one(frame):
        now[0] += len(frame)

    assert each([b"1234", b"12"], one, clock=clock) == [4.0, 2.0]


def test_only_what_counts_is_timed_and_everything_is_followed_up():
    followed = []
    costs = each(
        [b"a", b"b", b"c"],
        lambda frame: frame,
        after=lambda: followed.append(1),
        counts=lambda given: given != b"b",
    )
    assert (len(costs), len(followed)) == (2, 3)


@pytest.mark.parametrize(
    ("given", "answer"), [(b"1\n2\n", True), (b"1\n", False), (b"", False)]
)
def test_two_requests(given, answer):
    assert has_two_requests(given) == answer


def test_percentiles():
    assert percentiles([float(n) for n in range(1, 1_001)]) == {
        "p50": 500.0,
        "p99": 990.0,
        "p99.9": 999.0,
    }


def test_an_interruption_is_not_a_frames_own_cost():
    assert own_costs([[1, 9, 70], [2, 3, 71], [90, 4, 72]]) == [2, 4, 71]
    with pytest.raises(ValueError, match="shorter"):
        own_costs([[1, 2], [1]])


def test_the_clock_of_nothing():
    now = iter(range(10**6))
    assert set(bare(lambda: next(now))) == {1.0}
    assert clock_cost(lambda: next(now)) == 1


@pytest.mark.parametrize("profile", ["raw", "100ms"])
def test_the_reader_follows_the_stream(profile):
    snapshot, *changes = frames(200, profile=profile)
    reader = Reader(snapshot)
    reader.play(changes)
    bid, ask = reader.touch()
    assert bid < ask
    assert shape([snapshot, *changes]).frames == 200
    counters = reader.core.snapshot()["counters"]
    assert (counters["book_frames"], counters["gaps"]) == (201, 0)
    assert counters["surprises"] == 0


def test_a_reader_that_missed_a_frame_has_no_touch():
    snapshot, _, after = frames(2)
    reader = Reader(snapshot)
    reader.play([after])
    with pytest.raises(ValueError, match="the book is gapped"):
        reader.touch()


@pytest.mark.parametrize("journals", [True, False])
def test_most_frames_at_the_touch_cause_both_requests(journals):
    snapshot, *changes = frames(200, at_touch=True)
    with quoting(snapshot, journals) as engine:
        assert engine.first.count(b"private/buy") == 1
        assert engine.first.count(b"private/sell") == 1
        both = 0
        for frame in changes:
            both += has_two_requests(engine.one(frame))
            engine.after()
        counters = engine.core.snapshot()["counters"]
    assert both > 150
    assert (counters["rejects"], counters["gaps"], counters["surprises"]) == (0, 0, 0)


def test_the_venue_refuses_what_a_quoter_does_not_ask():
    with pytest.raises(ValueError, match="private/cancel in a market"):
        Venue().answers(b'{"id":1,"method":"private/cancel","params":{}}\n')


@pytest.mark.parametrize("journals", [True, False])
def test_a_dialogue_played_again_is_the_same(journals):
    snapshot, *changes = frames(100, at_touch=True)
    said = dialogue(snapshot, changes)
    assert len(said) == 101
    with quoting(snapshot, journals, Script(said)) as engine:
        assert engine.first == said[0][0]
        for frame, (asked, _) in zip(changes, said[1:], strict=True):
            assert engine.one(frame) == asked
            engine.after()
        counters = engine.core.snapshot()["counters"]
    assert (counters["rejects"], counters["foreign_orders"]) == (0, 0)


def test_another_request_than_the_first_time_is_found():
    snapshot, *changes = frames(3, at_touch=True)
    said = dialogue(snapshot, changes)
    said[2] = (said[2][0] + b" ", said[2][1])
    with quoting(snapshot, False, Script(said)) as engine:
        engine.one(changes[0])
        engine.after()
        engine.one(changes[1])
        with pytest.raises(ValueError, match="the first time"):
            engine.after()
    with pytest.raises(ValueError, match="asked b'x'"):
        Script([]).answers(b"x")
