"""The recorder: a core with a memory, and a disk that may fail under it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine._core.core import Core
from engine.journal import Kind, Reader, Recorder, Writer
from tests.generators.recording import Recorded
from tests.rig import SilentSession
from tests.unit.journal.journals import HEADER

CONNECTIONS = 2


class Parrot(SilentSession):
    """A session that has the core say what a command or a payload lists."""

    def __init__(self, core: Core) -> None:
        super().__init__()
        self._core = core

    def on_command(self, t_ns: int, cmd: dict[str, Any]) -> None:
        """Say it all."""
        for conn, text in cmd.get("say", []):
            self._core.send(conn, text.encode())
        for conn, why in cmd.get("close", []):
            self._core.close(conn, why)
        for name in cmd.get("errands", []):
            self._core.errand(name)

    def on_control(self, conn: int, t_ns: int, payload: bytes) -> None:
        """Answer on the line it came from, and on the other."""
        for each in range(CONNECTIONS):
            self._core.send(each, payload[: 8 + each])


def a_core() -> Core:
    core = Core(7, connections=CONNECTIONS)
    core.attach(Parrot(core))
    return core


SAYINGS = ("{}", "x" * 300)
CONN = st.integers(0, CONNECTIONS - 1)
SAID = st.fixed_dictionaries(
    {"cmd": st.just("say")},
    optional={
        "say": st.lists(st.tuples(CONN, st.sampled_from(SAYINGS)), max_size=3),
        "close": st.lists(st.tuples(CONN, st.sampled_from(["a", "b"])), max_size=3),
        "errands": st.lists(st.sampled_from(["cancel_all", "cancel_ours"]), max_size=3),
    },
).map(orjson.dumps)
VERB = st.one_of(
    st.tuples(st.just("connection_made"), CONN),
    st.tuples(st.just("connection_lost"), CONN),
    st.tuples(
        st.just("receive_data"),
        CONN,
        st.sampled_from([b'{"id":1,"result":"ok"}', b"{}", b"", b"\n\xff"]),
        st.booleans(),
    ),
    st.tuples(st.just("handle_timer")),
    st.tuples(st.just("command"), st.one_of(st.just(b"no command"), SAID)),
)


def call(core: Any, t_ns: int, verb: tuple[Any, ...]) -> None:
    """Call one verb; the time goes where the verb wants it."""
    name, *rest = verb
    if name in ("connection_made", "connection_lost"):
        getattr(core, name)(rest[0], t_ns)
    elif name == "receive_data":
        core.receive_data(rest[0], t_ns, rest[1], rest[2])
    else:
        getattr(core, name)(t_ns, *rest)


@settings(max_examples=100, deadline=None)
@given(verbs=st.lists(st.tuples(VERB, st.booleans()), max_size=40))
def test_the_journal_is_each_verb_and_its_answers_whenever_they_are_taken(
    verbs: list[tuple[tuple[Any, ...], bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    plain = Recorded(a_core(), Writer(folder / "plain.journal", HEADER))
    core = a_core()
    recorder = Recorder(core, Writer(folder / "core.journal", HEADER))
    for t_ns, (verb, takes) in enumerate(verbs, start=1):
        call(plain, t_ns, verb)
        call(core, t_ns, verb)
        if takes:
            for conn in range(CONNECTIONS):
                core.data_to_send(conn)
            core.connections_to_close()
            core.errands()
    plain.writer.close(len(verbs))
    recorder.close(len(verbs))
    assert recorder.notes() == []
    expected = (folder / "plain.journal").read_bytes()
    assert (folder / "core.journal").read_bytes() == expected


def test_what_is_said_does_not_depend_on_a_journal(tmp_path: Path) -> None:
    said = orjson.dumps({"cmd": "say", "say": [[0, "{}"]], "errands": ["cancel_all"]})
    alone, kept = a_core(), a_core()
    recorder = Recorder(kept, Writer(tmp_path / "a.journal", HEADER))
    for core in (alone, kept):
        core.connection_made(0, 1)
        core.command(2, said)
        core.command(3, said)
    assert alone.data_to_send(0) == kept.data_to_send(0) == b"{}\n{}\n"
    assert alone.errands() == kept.errands() == ["cancel_all", "cancel_all"]
    recorder.close(4)


def test_full_file_stops_the_journal_not_the_core(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    core = a_core()
    recorder = Recorder(core, Writer(path, HEADER, max_bytes=600))
    core.connection_made(0, 1)
    for t_ns in range(100):
        core.handle_timer(t_ns)
    assert recorder.flush_due(100)
    recorder.flush(100)
    core.command(101, orjson.dumps({"cmd": "say", "say": [[0, "{}"]]}))
    assert core.data_to_send(0) == b"{}\n"
    ((_, level, kind, text),) = recorder.notes()
    assert (level, kind) == ("critical", "journal")
    assert "is full: its limit is 600 bytes" in text
    assert not recorder.flush_due(10**18)
    recorder.flush(10**18)
    recorder.close(10**18)
    assert recorder.notes() == []
    assert path.stat().st_size <= 600
    with Reader(path) as reader:
        last = list(reader)[-1]
    assert last.kind is Kind.END
    assert b"is full" in last.payload


def test_a_file_found_full_at_the_end_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    core = a_core()
    recorder = Recorder(core, Writer(path, HEADER, max_bytes=600))
    for t_ns in range(100):
        core.handle_timer(t_ns)
    recorder.close(100)
    ((_, level, _, text),) = recorder.notes()
    assert level == "critical"
    assert "is full" in text
    with Reader(path) as reader:
        assert b"is full" in list(reader)[-1].payload


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("in_background", [False, True])
@pytest.mark.parametrize("step", ["flush", "close"])
def test_failing_disk_stops_the_journal_not_the_core(
    tmp_path: Path, step: str, in_background: bool
) -> None:
    core = a_core()
    writer = Writer(tmp_path / "a.journal", HEADER, in_background=in_background)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, writer.fileno())
    os.close(full)
    recorder = Recorder(core, writer)
    core.connection_made(0, 1)
    if step == "flush":
        recorder.flush(1)
    core.command(2, orjson.dumps({"cmd": "say", "say": [[0, "{}"]]}))
    recorder.close(3)
    assert core.data_to_send(0) == b"{}\n"
    ((_, level, _, text),) = recorder.notes()
    assert level == "critical"
    assert "No space left" in text
    assert not recorder.is_recording
