"""One frame at a time, and the engine that is measured so."""

import pytest

from benchmarks.pipeline.each import each, has_two_requests, percentiles
from benchmarks.pipeline.ours import Reader, Venue, quoting
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
