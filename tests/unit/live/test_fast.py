"""The compiled half of the fast ingress: messages in, turns out, causes for Python."""

import gc
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.frames import Opcode

from engine._core.base.hist import Histogram
from engine._core.base.recordbuf import HAND_BYTES, RecordBuf
from engine.journal import Kind
from engine.journal.scribe import Scribe
from engine.live.fast import Turn
from tests.rig import MID, NAME, Rig
from tests.unit.live.wire import FakeTransport, Line, arrive, frame, frames_in

LET_IN_MAX = 1000
BEHIND_BYTES = 1 << 21


class Shell:
    """What a turn calls when Python code has something to do."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    def fail(self, error: Exception) -> None:
        self.calls.append(error)

    def send_signed(self, conn: int) -> None:
        self.calls.append("signed")

    def after_turn(self) -> None:
        self.calls.append("news")


class Joined:
    """A core with a wish, a line and a turn that joins them."""

    def __init__(self, conn: int = 0) -> None:
        self.rig = Rig()
        self.rig.wisher.bids, self.rig.wisher.asks = [(MID - 1, 5)], [(MID + 1, 5)]
        self.core = self.rig.core
        self.core.notes()
        self.core.measure(True)
        self.shell, self.transport, self.line = Shell(), FakeTransport(), Line()
        self.tick_to_order, self.write = Histogram(), Histogram()
        self.turn = Turn(self.core, self.shell, self.tick_to_order, self.write)
        self.line.start(self.transport, -1, b"")
        self.line.join(self.turn, conn)
        self.turn.armed_ns = 1

    def book(self, touch: int) -> bytes:
        """Return a snapshot around a price, as a frame."""
        self.rig.change_id += 10
        data = {
            "type": "snapshot",
            "timestamp": 1,
            "instrument_name": NAME,
            "change_id": self.rig.change_id,
            "bids": [["new", (touch - 1) * 0.5, 90.0]],
            "asks": [["new", (touch + 1) * 0.5, 90.0]],
        }
        params = {"channel": f"book.{NAME}.raw", "data": data}
        text = {"jsonrpc": "2.0", "method": "subscription", "params": params}
        return frame(json.dumps(text).encode())

    def turns(self) -> int:
        """Return how often the core has quoted or thought about it."""
        return int(self.core.snapshot()["counters"]["turns"])

    def sent(self) -> list[dict[str, Any]]:
        """Return the requests written since the last call."""
        data, self.transport.writes = b"".join(self.transport.writes), []
        return [json.loads(text) for _, text, _ in frames_in(data)]


def test_without_a_turn_messages_come_as_a_list_and_pings_are_answered() -> None:
    line, transport = Line(), FakeTransport()
    line.start(transport, -1, frame(b"early"))
    line.deliver()
    arrive(
        line,
        frame(b"o", fin=False)
        + frame(b"hello", Opcode.PING)
        + frame(b"ne", Opcode.CONT)
        + frame(b"", Opcode.PONG)
        + frame(b"two")
        + frame(b"thr")[:3],
    )
    arrive(line, frame(b"thr")[3:])
    assert line.lists == [[b"early"], [b"one", b"two"], [b"thr"]]
    ((opcode, payload, _),) = frames_in(b"".join(transport.writes))
    assert (opcode, payload) == (Opcode.PONG, b"hello")


def test_a_book_frame_becomes_both_orders_in_one_write() -> None:
    joined = Joined()
    arrive(joined.line, joined.book(MID))
    assert len(joined.transport.writes) == 1
    assert {each["method"] for each in joined.sent()} == {"private/buy", "private/sell"}
    assert joined.line.lists == []
    assert joined.tick_to_order.count == joined.write.count == 1
    assert joined.turn.bytes_written > 200
    assert joined.shell.calls == []


def test_a_burst_is_one_turn_and_a_half_frame_waits() -> None:
    joined = Joined()
    turns = joined.turns()
    whole = joined.book(MID)
    ping = frame(b"", Opcode.PING)
    last = joined.book(MID + 2)
    arrive(joined.line, whole * 2 + ping + last + whole[:9])
    assert joined.turns() == turns + 1
    assert joined.core.snapshot()["counters"]["book_frames"] == 3
    pong, *orders = frames_in(b"".join(joined.transport.writes))
    assert pong[0] == Opcode.PONG
    assert len(orders) == 2


def test_frames_leave_no_object_behind() -> None:
    joined = Joined()
    chunks = [joined.book(MID) + joined.book(MID) for _ in range(1_200)]
    for chunk in chunks[:200]:
        arrive(joined.line, chunk)
    joined.transport.writes.clear()
    gc.collect()
    before = sys.getallocatedblocks()
    for chunk in chunks[200:]:
        arrive(joined.line, chunk)
    left = sys.getallocatedblocks() - before
    assert joined.core.snapshot()["counters"]["book_frames"] == 2_400
    assert left < 20  # what the loops of this test hold; 2,000 frames came
    assert joined.shell.calls == []


def test_a_turn_hands_the_journal_over_when_it_is_time() -> None:
    joined, records = Joined(), RecordBuf(0, 1 << 40)
    joined.core.record(records)
    arrive(joined.line, joined.book(MID))
    assert b"private/buy" in records.take()
    arrive(joined.line, joined.book(MID))
    assert records.take() == b""
    assert records.held > 0


def test_a_turn_rings_for_the_journal_s_writer_once_a_hand_over() -> None:
    joined, records = Joined(), RecordBuf(0, 1 << 40)
    joined.core.record(records)
    bell, button = os.pipe()
    for end in (bell, button):
        os.set_blocking(end, False)
    scribe = Scribe(records, -1, 0, bell, button)
    turn = Turn(joined.core, joined.shell, Histogram(), Histogram(), scribe)
    joined.line.join(turn, 0)
    arrive(joined.line, joined.book(MID))
    assert os.read(bell, 9) == b"!"
    arrive(joined.line, joined.book(MID))
    with pytest.raises(BlockingIOError):
        os.read(bell, 9)
    records.take()
    records.append(Kind.COMMAND, 0, 1, bytes(HAND_BYTES))
    records.append(Kind.COMMAND, 0, 1)
    arrive(joined.line, joined.book(MID))
    assert os.read(bell, 9) == b"!"
    scribe.end()
    assert os.read(bell, 9) == b"!"
    arrive(joined.line, joined.book(MID))
    for end in (bell, button):
        os.close(end)


def test_a_journal_far_behind_is_let_in_while_it_moves_and_not_for_ever() -> None:
    joined, records = Joined(), RecordBuf(0, 1 << 40)
    joined.core.record(records)
    arrive(joined.line, joined.book(MID))
    assert joined.turn.rests == 0
    records.append(Kind.COMMAND, 0, 1, b"handed over, and not taken")
    records.give()
    records.append(Kind.COMMAND, 0, 1, bytes(BEHIND_BYTES))
    for _ in range(LET_IN_MAX + 20):
        arrive(joined.line, joined.book(MID))
    assert joined.turn.rests == LET_IN_MAX
    records.take()
    records.give()
    records.append(Kind.COMMAND, 0, 1, bytes(BEHIND_BYTES))
    arrive(joined.line, joined.book(MID))
    assert joined.turn.rests == LET_IN_MAX + 1


def test_a_turn_without_orders_is_no_tick_to_order() -> None:
    joined = Joined()
    joined.core.send(0, b'{"method":"public/test"}')
    arrive(joined.line, frame(b'{"id":1,"result":"ok"}'))
    assert joined.sent() == [{"method": "public/test"}]
    assert (joined.tick_to_order.count, joined.write.count) == (0, 1)


def test_control_frames_alone_end_no_turn() -> None:
    joined = Joined()
    joined.core.send(0, b'{"method":"public/test"}')
    turns = joined.turns()
    arrive(joined.line, frame(b"", Opcode.PONG))
    assert joined.transport.writes == []
    assert joined.turns() == turns


def test_a_placeholder_goes_through_the_signer() -> None:
    joined = Joined()
    joined.core.send(0, b'{"method":"public/auth","params":{"signature":"$SIGNATURE"}}')
    arrive(joined.line, frame(b'{"id":1,"result":"ok"}'))
    assert joined.shell.calls == ["signed"]
    assert joined.transport.writes == []
    assert b"$SIGNATURE" in joined.core.data_to_send(0)


def test_while_an_auth_answer_is_outstanding_payloads_come_as_objects() -> None:
    joined = Joined()
    joined.turn.watches_auth = True
    frames_before = joined.core.snapshot()["counters"]["frames"]
    arrive(joined.line, frame(b'{"id":1,"result":{}}'))
    assert joined.line.lists == [[b'{"id":1,"result":{}}']]
    joined.turn.watches_auth = False
    arrive(joined.line, frame(b'{"id":2,"result":{}}'))
    assert len(joined.line.lists) == 1
    assert joined.core.snapshot()["counters"]["frames"] == frames_before + 1


@pytest.mark.parametrize("kind", ["note", "close", "errand"])
def test_news_of_the_core_call_the_shell(kind: str) -> None:
    joined = Joined()
    if kind == "note":
        joined.core.note("info", "test", "a word")
    elif kind == "close":
        joined.core.close(0, "enough")
    else:
        joined.core.errand("cancel_all")
    arrive(joined.line, frame(b'{"id":1,"result":"ok"}'))
    assert joined.shell.calls == ["news"]


@pytest.mark.parametrize(("armed_ns", "calls"), [(0, 1), (1, 0), (2**62, 1)])
def test_an_earlier_timer_calls_the_shell(armed_ns: int, calls: int) -> None:
    joined = Joined()
    joined.turn.armed_ns = armed_ns
    arrive(joined.line, frame(b'{"id":1,"result":"ok"}'))
    assert joined.shell.calls == ["news"] * calls


def test_a_bug_in_the_core_is_told_and_the_next_bytes_are_read() -> None:
    joined = Joined(conn=1)  # the core has one connection, number 0
    arrive(joined.line, joined.book(MID) * 3 + joined.book(MID)[:5])
    (error,) = joined.shell.calls
    assert isinstance(error, IndexError)
    arrive(joined.line, b"")
    assert joined.shell.calls == [error]


def test_no_frame_is_written_after_the_close() -> None:
    line, transport = Line(), FakeTransport()
    line.start(transport, -1, b"")
    line.deliver()
    line.write_close(1000)
    line.write_close(1001)
    assert not line.write_turn(b"late\n")
    arrive(line, frame(b"", Opcode.PING) + frame(b"\x03\xe8bye", Opcode.CLOSE))
    ((opcode, payload, _),) = frames_in(b"".join(transport.writes))
    assert (opcode, payload) == (Opcode.CLOSE, b"\x03\xe8")
    assert line.said == [("close", 1000, "bye")]


def test_a_broken_stream_is_told_once() -> None:
    line = Line()
    line.start(FakeTransport(), -1, b"")
    line.deliver()
    arrive(line, frame(b"good") + b"\x83\x00" + frame(b"never"))
    arrive(line, frame(b"never"))
    assert line.lists == [[b"good"]]
    assert line.said == [("broken", 1002)]


@pytest.mark.parametrize("turn", [b"\n", b"a\n\n", b"no end", b"x" * 32_001 + b"\n"])
def test_what_is_no_text_is_refused(turn: bytes) -> None:
    line = Line()
    line.start(FakeTransport(), -1, b"")
    with pytest.raises(ValueError, match=r"newline|a text of"):
        line.write_turn(turn)


def test_every_frame_has_a_masking_key_of_its_own() -> None:
    line, transport = Line(), FakeTransport()
    line.start(transport, -1, b"")
    assert line.write_turn(b"x" * 32_000 + b"\n" + b"tick\n" * 199)
    frames = frames_in(transport.writes[0])
    assert [text for _, text, _ in frames] == [b"x" * 32_000] + [b"tick"] * 199
    assert len({key for _, _, key in frames}) > 195


def test_a_venue_that_reads_nothing_is_cut_off() -> None:
    line, transport = Line(unsent_max=1000), FakeTransport()
    line.start(transport, -1, b"")
    assert line.write_turn(b"first\n")
    transport.held = 1000
    assert line.write_turn(b"at the limit\n")
    transport.held = 1001
    assert not line.write_turn(b"past it\n")
    assert line.said == [("cut", "the venue stopped reading")]
    assert len(transport.writes) == 2


def test_more_behind_the_handshake_than_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="behind the handshake"):
        Line().start(FakeTransport(), -1, bytes(2**20))


@contextmanager
def on_a_socket(**options: int) -> Iterator[tuple[Line, FakeTransport, socket.socket]]:
    line, transport = Line(**options), FakeTransport()
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        line.start(transport, near.fileno(), b"")
        line.deliver()
        yield line, transport, far


def test_bytes_go_past_the_transport_in_one_send() -> None:
    with on_a_socket() as (line, transport, far):
        assert line.write_turn(b"one\ntwo\n")
        texts = [text for _, text, _ in frames_in(far.recv(1000))]
        assert texts == [b"one", b"two"]
        assert transport.writes == []


def test_what_the_socket_does_not_take_waits_in_order_behind_the_transport() -> None:
    with on_a_socket() as (line, transport, far):
        turn = b"".join(b"%030000d\n" % number for number in range(50))
        assert line.write_turn(turn)
        assert len(transport.writes) == 1
        transport.held = 1
        assert line.write_turn(b"last\n")
        far.setblocking(False)
        taken = b""
        while len(taken) + len(b"".join(transport.writes)) < 50 * 30_008 + 10:
            taken += far.recv(2**20)
        texts = [text for _, text, _ in frames_in(taken + b"".join(transport.writes))]
        assert texts == [*turn.splitlines(), b"last"]
        transport.held = 0
        transport.writes.clear()
        assert line.write_turn(b"past it again\n")
        assert transport.writes == []


def test_a_dead_socket_cuts_the_line() -> None:
    with on_a_socket() as (line, transport, far):
        far.close()
        assert not line.write_turn(b"anybody?\n")
        ((kind, reason),) = line.said
        assert kind == "cut"
        assert reason.startswith("connection lost: ")
        assert transport.writes == []


def test_after_the_drop_nothing_is_sent_or_fed() -> None:
    joined = Joined()
    joined.line.drop()
    assert not joined.line.write_turn(b"late\n")
    other = Line()
    other.start(joined.transport, -1, b"")
    other.join(joined.turn, 0)
    joined.line.drop()
    arrive(other, joined.book(MID))
    assert len(joined.sent()) == 2
