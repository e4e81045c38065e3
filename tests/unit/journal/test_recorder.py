"""The recorder: a core with a memory, and a disk that may fail under it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import JournalError
from engine.journal import Kind, Reader, Recorder, Writer
from tests.generators.stand_in_core import StandInCore
from tests.unit.journal.journals import HEADER

VERB = st.one_of(
    st.tuples(st.just("connection_made"), st.integers(0, 1)),
    st.tuples(st.just("connection_lost"), st.integers(0, 1)),
    st.tuples(
        st.just("receive_data"),
        st.integers(0, 1),
        st.sampled_from([b"{}", b"close", b"\n"]),
        st.booleans(),
    ),
    st.tuples(st.just("handle_timer")),
    st.tuples(st.just("command"), st.sampled_from([b'{"cmd":"stop"}'])),
)


def call(core, t_ns, verb):
    """Call one verb; the time goes where the verb wants it."""
    name, *rest = verb
    if name in ("connection_made", "connection_lost"):
        getattr(core, name)(rest[0], t_ns)
    elif name == "receive_data":
        core.receive_data(rest[0], t_ns, rest[1], rest[2])
    else:
        getattr(core, name)(t_ns, *rest)


@settings(max_examples=50, deadline=None)
@given(verbs=st.lists(VERB, max_size=30))
def test_recorder_is_the_core_and_remembers(verbs, tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "a.journal"
    plain, core = StandInCore(), StandInCore()
    recorder = Recorder(core, Writer(path, HEADER))
    connected = 0
    said = []
    for t_ns, verb in enumerate(verbs):
        call(plain, t_ns, verb)
        call(recorder, t_ns, verb)
        if verb[0] == "connection_made":
            connected = max(connected, verb[1] + 1)
        for conn in range(connected):
            data = recorder.data_to_send(conn)
            assert data == plain.data_to_send(conn)
            said += [(t_ns, conn, data)] if data else []
        assert recorder.connections_to_close() == plain.connections_to_close()
        assert recorder.errands() == plain.errands()
        assert recorder.next_timer_ns() == plain.next_timer_ns()
    recorder.close(len(verbs))
    assert core.calls == plain.calls
    with Reader(path) as reader:
        records = list(reader)
    outputs = [r for r in records if r.kind is Kind.DATA_TO_SEND]
    assert [(r.t_ns, r.conn, r.payload) for r in outputs] == said
    inputs = [r for r in records if not r.kind.is_output and r.kind is not Kind.END]
    assert [r.t_ns for r in inputs] == list(range(len(verbs)))


def test_answers_stand_behind_their_verb_however_late_they_are_asked_for(tmp_path):
    path = tmp_path / "a.journal"
    recorder = Recorder(StandInCore(), Writer(path, HEADER))
    recorder.connection_made(0, 1)
    recorder.command(2, b"{}")
    recorder.receive_data(0, 3, b"close")
    assert recorder.data_to_send(0).count(b"\n") >= 2
    assert recorder.data_to_send(0) == b""
    assert recorder.connections_to_close() == [(0, "asked for")]
    assert recorder.errands() == ["cancel_all"]
    assert recorder.errands() == []
    recorder.close(4)
    with Reader(path) as reader:
        kinds = [record.kind for record in reader]
    assert kinds[:4] == [
        Kind.CONNECTION_MADE,
        Kind.DATA_TO_SEND,
        Kind.COMMAND,
        Kind.DATA_TO_SEND,
    ]
    assert kinds[4] is Kind.RECEIVE_DATA
    assert kinds[-3:] == [Kind.CONNECTION_TO_CLOSE, Kind.ERRAND, Kind.END]


def test_what_a_lost_connection_did_not_get_is_dropped(tmp_path):
    recorder = Recorder(StandInCore(), Writer(tmp_path / "a.journal", HEADER))
    recorder.connection_made(0, 1)
    recorder.connection_lost(0, 2)
    assert recorder.data_to_send(0) == b""
    recorder.close(3)


def test_full_file_stops_the_journal_not_the_core(tmp_path):
    path = tmp_path / "a.journal"
    core = StandInCore()
    recorder = Recorder(core, Writer(path, HEADER, max_bytes=600))
    for t_ns in range(100):
        recorder.handle_timer(t_ns)
    recorder.command(100, b"{}")
    assert len(core.calls) == 101
    notes = [note for note in recorder.notes() if note[2] == "journal"]
    assert [level for _, level, _, _ in notes] == ["critical"]
    assert "is full" in notes[0][3]
    assert not recorder.flush_due(10**18)
    assert [note for note in recorder.notes() if note[2] == "journal"] == []
    assert path.stat().st_size <= 600
    with Reader(path) as reader:
        last = list(reader)[-1]
    assert last.kind is Kind.END
    assert b"is full" in last.payload


@pytest.mark.parametrize("step", ["flush", "close"])
def test_failing_disk_stops_the_journal_not_the_core(tmp_path, monkeypatch, step):
    core = StandInCore()
    recorder = Recorder(core, Writer(tmp_path / "a.journal", HEADER))
    recorder.handle_timer(1)

    def fail(*_):
        raise JournalError("a.journal", 9, "cannot be written: disk on fire")

    monkeypatch.setattr(recorder.writer, "flush", fail)
    getattr(recorder, step)(1)
    recorder.handle_timer(2)
    recorder.flush(3)
    recorder.close(4)
    assert len(core.calls) == 2
    notes = [note for note in recorder.notes() if note[2] == "journal"]
    assert len(notes) == 1
    assert "disk on fire" in notes[0][3]


def test_reads_pass_through(tmp_path):
    recorder = Recorder(StandInCore(7), Writer(tmp_path / "a.journal", HEADER))
    assert recorder.snapshot() == {"told": 7}
    assert recorder.notes() == [(0, "info", "stand-in", "hello")]
    recorder.close(1)
