"""The player: equal journals pass, every kind of difference is named with its place."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal import Kind, Reader, Record, Writer
from engine.replay.player import play
from tests.generators.recording import Recorded
from tests.generators.stand_in_core import StandInCore
from tests.unit.journal.journals import HEADER


def journal(path, seed=0, verbs=20, close=True):
    """Record a random dialogue with the stand-in; return its records."""
    rng = Random(seed)
    recorder = Recorded(StandInCore(seed), Writer(path, HEADER))
    recorder.connection_made(0, 1)
    recorder.connection_made(1, 1)
    for t_ns in range(2, verbs):
        which = rng.randrange(5)
        if which == 0:
            recorder.handle_timer(t_ns)
        elif which == 1:
            recorder.command(t_ns, b'{"cmd":"entropy"}')
        elif which == 2:
            recorder.connection_lost(1, t_ns)
        else:
            data = rng.choice([b"{}", b"close"])
            recorder.receive_data(rng.randrange(2), t_ns, data, rng.random() < 0.3)
    if close:
        recorder.writer.close(verbs)
    else:
        recorder.writer.flush(verbs)
        recorder.writer.abandon()
    with Reader(path) as reader:
        return list(reader)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_same_core_gives_no_difference(seed, tmp_path_factory):
    records = journal(tmp_path_factory.mktemp("j") / "a.journal", seed)
    progress, difference = play(StandInCore(seed), records)
    assert difference is None
    outputs = [r for r in records if r.kind.is_output]
    assert progress.records == len(records)
    assert progress.verbs == len(records) - len(outputs) - 1
    assert progress.bytes_compared == sum(len(r.payload) for r in outputs)
    assert (progress.first_ns, progress.last_ns) == (1, 20)


def test_another_core_differs_at_the_first_answer(tmp_path):
    records = journal(tmp_path / "a.journal")
    progress, difference = play(StandInCore(1), records)
    first = next(r for r in records if r.kind.is_output)
    assert difference.record == first.number == 2
    assert difference.offset == first.offset
    assert difference.recorded == first.payload
    assert difference.replayed not in (None, first.payload)
    assert progress.bytes_compared == 0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), pick=st.integers(0, 10**6))
def test_one_changed_answer_is_named(seed, pick, tmp_path_factory):
    records = journal(tmp_path_factory.mktemp("j") / "a.journal", seed)
    outputs = [i for i, r in enumerate(records) if r.kind.is_output]
    at = outputs[pick % len(outputs)]
    records[at] = records[at]._replace(payload=records[at].payload + b"x")
    _, difference = play(StandInCore(seed), records)
    assert difference.record == at + 1
    assert difference.recorded == difference.replayed + b"x"


def test_an_answer_the_journal_lacks_is_named_at_its_verb(tmp_path):
    records = journal(tmp_path / "a.journal")
    at = next(i for i, r in enumerate(records) if r.kind.is_output)
    missing = records.pop(at)
    _, difference = play(StandInCore(0), records)
    assert difference.record == records[at - 1].number
    assert difference.recorded is None
    assert difference.replayed == missing.payload


def test_an_answer_the_replay_lacks_is_named(tmp_path):
    records = journal(tmp_path / "a.journal")
    extra = Record(99, 999, Kind.DATA_TO_SEND, 0, 1, b"extra\n")
    _, difference = play(StandInCore(0), [*records[:-1], extra, records[-1]])
    assert (difference.record, difference.offset) == (99, 999)
    assert difference.recorded == b"extra\n"
    assert difference.replayed is None


def test_an_answer_on_another_connection_is_a_difference(tmp_path):
    records = journal(tmp_path / "a.journal")
    at = next(i for i, r in enumerate(records) if r.kind.is_output)
    records[at] = records[at]._replace(conn=1)
    _, difference = play(StandInCore(0), records)
    assert difference.record == at + 1
    assert difference.replayed is None


def test_a_torn_journal_may_lack_the_last_answers(tmp_path):
    records = journal(tmp_path / "a.journal", close=False)
    last = max(i for i, r in enumerate(records) if r.kind.is_output)
    _, difference = play(StandInCore(0), records[:last])
    assert difference is None
    end = Record(99, 999, Kind.END, 0, 20, b"closed")
    _, difference = play(StandInCore(0), [*records[:last], end])
    assert difference is not None


def test_a_journal_that_was_full_may_lack_the_last_answers(tmp_path):
    records = journal(tmp_path / "a.journal", close=False)
    last = max(i for i, r in enumerate(records) if r.kind.is_output)
    end = Record(99, 999, Kind.END, 0, 20, b"the file is full: its limit is 600 bytes")
    _, difference = play(StandInCore(0), [*records[:last], end])
    assert difference is None
    _, difference = play(StandInCore(1), [*records[:last], end])
    assert difference is not None


def test_an_empty_journal_is_equal():
    progress, difference = play(StandInCore(), [])
    assert difference is None
    assert progress.records == 0


@pytest.mark.parametrize("more", [False, True])
def test_more_coming_is_played_as_recorded(tmp_path, more):
    recorder = Recorded(StandInCore(), Writer(tmp_path / "a", HEADER))
    recorder.receive_data(0, 1, b"{}", more)
    recorder.writer.close(2)
    core = StandInCore()
    with Reader(tmp_path / "a") as reader:
        play(core, reader)
    assert core.calls == [("data", 0, 1, b"{}", more)]
