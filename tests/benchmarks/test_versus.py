"""Rivals agree before they are timed; the model in Python is the engine's."""

import pytest

from benchmarks.figures import Goal
from benchmarks.pipeline.ours import Reader
from benchmarks.pipeline.suite import agree
from benchmarks.rounds import Timings
from benchmarks.stream import frames
from benchmarks.versus import orjson_sorteddict, orjson_stack, suite
from benchmarks.versus.duties import Guard, RefusedError, completed
from benchmarks.versus.orjson_stack import ORDER_IDS
from benchmarks.versus.rival import DisagreementError, GapError, touch_of_all


def test_all_end_on_the_same_touch():
    made = {"ours": Reader, "theirs": orjson_sorteddict.Client}
    for profile in ("raw", "100ms"):
        bid, ask = touch_of_all(made, list(frames(200, profile=profile)))
        assert bid < ask


def test_a_rival_that_disagrees_is_named():
    class Wrong(orjson_sorteddict.Client):
        def touch(self):
            return 1.0, 2.0

    made = {"ours": Reader, "theirs": Wrong}
    with pytest.raises(DisagreementError, match=r"'theirs': \(1\.0, 2\.0\)"):
        touch_of_all(made, list(frames(5)))


def test_a_rival_checks_the_chain():
    snapshot, _, after = frames(2)
    with pytest.raises(GapError):
        orjson_sorteddict.Client(snapshot).play([after])


@pytest.mark.parametrize("profile", ["raw", "100ms"])
def test_a_stack_asks_for_the_prices_the_engine_asks_for(profile):
    agree(list(frames(150, profile=profile, at_touch=True)), orjson_stack.make)


@pytest.mark.parametrize("profile", ["raw", "100ms"])
def test_a_complete_stack_does_too(profile):
    made = completed(orjson_stack.make)
    agree(list(frames(150, profile=profile, at_touch=True)), made)


def test_a_complete_stack_does_what_it_says():
    """Every frame and request is recorded, counted, and known to the order table."""
    snapshot, *changes = frames(40, at_touch=True)
    stack = completed(orjson_stack.make)(snapshot)
    before = len(stack.journal.records)
    requests = [one for frame in changes for one in stack.one(frame)]
    assert before == len(stack.first) == 2
    assert 2 * len(changes) >= len(requests) > len(changes)
    assert stack.metrics.frames == len(changes)
    assert stack.metrics.requests == len(requests) + 2
    timed = {name: sum(counts) for name, counts in stack.metrics.counts.items()}
    assert timed == {"decode": 8, "quote": 8, "gateway": 8, "turn": len(changes)}
    assert len(stack.guard.by_request) == len(requests)
    stack.after()
    assert stack.guard.by_request == {}
    written = stack.journal.flush()
    assert all(one in written for one in (*changes, *requests))
    assert stack.journal.flush() == b""


@pytest.mark.parametrize(
    ("order_id", "price", "change", "said"),
    [
        (0, 83_990.0, {}, "crosses itself"),
        (1, 83_900.0, {}, "crosses itself"),
        (0, 83_900.0, {"position_lots": 991}, "position_max"),
        (1, 84_100.0, {"position_lots": -991}, "position_max"),
        (0, 83_900.0, {"credits": 0.5}, "credits"),
    ],
)
def test_a_complete_stack_refuses_what_ours_would(order_id, price, change, said):
    guard = Guard()
    for own, at in zip(ORDER_IDS, (83_950.0, 83_980.0), strict=True):
        guard.send(1, own, at, 0)
    guard.answered()
    for name, value in change.items():
        setattr(guard, name, value)
    with pytest.raises(RefusedError, match=said):
        guard.send(3, ORDER_IDS[order_id], price, 0)


def test_a_stack_with_another_model_is_found():
    def make(snapshot):
        stack = orjson_stack.make(snapshot)
        stack.model.c1 += 1.0
        return stack

    with pytest.raises(DisagreementError, match="frame 1"):
        agree(list(frames(5, at_touch=True)), make)


def test_a_figure_is_made_of_rounds():
    timings = Timings({suite.OURS: [10.0, 20.0, 30.0], "theirs": [50.0, 60.0, 90.0]})
    found = suite.compared(Goal("key", "title", rival="theirs"), timings, "theirs")
    assert (found.ours, found.rival, found.ratio) == (20.0, 60.0, 3.0)
