"""Recording against a WebSocket server in the test, on loopback."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest
from websockets.asyncio.server import serve
from websockets.sync.server import serve as serve_in_thread

from engine.errors import ConfigError, EngineError, ProtocolError, RequestRejected
from engine.live import framefile, ingress
from engine.live import record as command
from engine.live.framefile import FrameFile
from engine.recording import Recording as Frames

pytestmark = pytest.mark.loopback

BOOK = (
    '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.X.100ms",'
    '"data":{"type":"snapshot","timestamp":1,"instrument_name":"X","change_id":1,'
    '"bids":[["new",1.50,2.5e4]],"asks":[]}}}'
)
HEARTBEAT = '{"params":{"type":"test_request"},"method":"heartbeat","jsonrpc":"2.0"}'


@pytest.fixture(autouse=True)
def _dial_again_at_once(monkeypatch):
    monkeypatch.setattr(ingress, "DELAY_MIN_S", 0.0)


def arguments(url, out, *more):
    """Return the parsed arguments of the command."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(["--url", url, "--out", str(out), *more])


async def accept(socket):
    """Answer the requests of a new line; return the subscribed channels."""
    request = json.loads(await socket.recv())
    assert request["method"] == "public/subscribe"
    channels = request["params"]["channels"]
    await socket.send(
        json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": channels})
    )
    return channels


def run_against(handler, tmp_path, name="out.jsonl", channels=("book.X.100ms",)):
    """Record from a server with this handler; return the recording."""

    async def both():
        recording = command.Recording(FrameFile(tmp_path / name), list(channels), [])
        async with serve(lambda socket: handler(socket, recording), "127.0.0.1") as own:
            port = own.sockets[0].getsockname()[1]
            await asyncio.wait_for(
                command.record(recording, f"ws://127.0.0.1:{port}", None), 20
            )
        return recording

    return asyncio.run(both())


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
def test_frames_are_written_as_they_came(tmp_path, name):
    sent = [BOOK, "not json", '{\n "pretty": true\n}', HEARTBEAT, "{}"]

    async def handler(socket, recording):
        await accept(socket)
        for text in sent:
            await socket.send(text)
        async for text in socket:
            if json.loads(text)["method"] == "public/test":
                recording.done.set()

    recording = run_against(handler, tmp_path, name)
    assert recording.failure is None
    frames = list(Frames(tmp_path / name))
    received = [frame.payload.decode() for frame in frames if frame.direction == "recv"]
    assert received[1:] == sent
    assert recording.received == len(received)
    asked = [json.loads(f.payload) for f in frames if f.direction == "send"]
    assert [a["method"] for a in asked] == [
        "public/subscribe",
        "public/set_heartbeat",
        "public/test",
    ]
    times = [frame.t_ns for frame in frames]
    assert None not in times
    assert times == sorted(times)


def test_a_lost_line_is_dialled_again_and_noted(tmp_path):
    lines = []

    async def handler(socket, recording):
        lines.append(await accept(socket))
        await socket.send(BOOK)
        if len(lines) == 3:
            await socket.send(HEARTBEAT)
            async for text in socket:
                if json.loads(text)["method"] == "public/test":
                    recording.done.set()
        socket.transport.abort()

    recording = run_against(handler, tmp_path)
    assert recording.failure is None
    assert recording.breaks == 2
    assert lines == [["book.X.100ms"]] * 3
    frames = list(Frames(tmp_path / "out.jsonl"))
    notes = [frame for frame in frames if frame.direction == "note"]
    assert sum(b"line down" in note.payload for note in notes) == 2
    assert sum(frame.payload == BOOK.encode() for frame in frames) == 3


def test_missing_channels_are_noted(tmp_path, capsys):
    async def handler(socket, recording):
        request = json.loads(await socket.recv())
        await socket.send(json.dumps({"id": request["id"], "result": ["a"]}))
        await socket.send(HEARTBEAT)
        async for text in socket:
            if json.loads(text)["method"] == "public/test":
                recording.done.set()

    recording = run_against(handler, tmp_path, channels=("a", "b.raw"))
    assert recording.failure is None
    assert "not subscribed by the venue: b.raw" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ({"result": []}, ProtocolError, "none of the 1 channels"),
        ({"error": {"code": 13778, "message": "raw"}}, RequestRejected, "13778 raw"),
        ({"error": {"code": "?"}}, RequestRejected, "public/subscribe"),
    ],
)
def test_a_refused_subscription_ends_it(tmp_path, answer, error, text):
    async def handler(socket, recording):
        request = json.loads(await socket.recv())
        await socket.send(json.dumps({"id": request["id"], **answer}))
        await socket.wait_closed()

    recording = run_against(handler, tmp_path)
    assert isinstance(recording.failure, error)
    assert text in str(recording.failure)


def test_many_channels_go_in_several_calls(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "CHANNELS_PER_CALL_MAX", 2)
    got = []

    async def handler(socket, recording):
        async for text in socket:
            request = json.loads(text)
            if request["method"] == "public/subscribe":
                got.append(request["params"]["channels"])
                result = request["params"]["channels"]
                await socket.send(json.dumps({"id": request["id"], "result": result}))
            elif request["method"] == "public/set_heartbeat":
                recording.done.set()

    recording = run_against(handler, tmp_path, channels=("a", "b", "c", "d", "e"))
    assert recording.failure is None
    assert got == [["a", "b"], ["c", "d"], ["e"]]


def test_an_endpoint_that_never_answers_is_given_up(tmp_path):
    args = arguments("ws://127.0.0.1:1", tmp_path / "out.jsonl", "--channel", "a")
    with pytest.raises(ProtocolError, match="cannot be reached") as error:
        command.main(args)
    assert error.value.exit_code == 3


@pytest.mark.parametrize(
    ("url", "more", "text"),
    [
        ("ws://127.0.0.1:1", [], "1 to 10000 channels"),
        ("http://127.0.0.1:1", ["--channel", "a"], "ws://HOST"),
        ("wss://", ["--channel", "a"], "ws://HOST"),
        ("ws://127.0.0.1:1", ["--channel", "a", "--seconds", "0"], "more than 0"),
    ],
)
def test_usage_errors(tmp_path, url, more, text):
    with pytest.raises(ConfigError, match=text):
        command.main(arguments(url, tmp_path / "out.jsonl", *more))
    assert not (tmp_path / "out.jsonl").exists()


def test_a_url_with_a_secret_is_refused_without_showing_it(tmp_path):
    args = arguments("wss://me:hunter2@host", tmp_path / "o", "--channel", "a")
    with pytest.raises(ConfigError) as error:
        command.main(args)
    assert "hunter2" not in str(error.value)


def test_instruments_name_their_channels(tmp_path):
    more = ["--instrument", "X", "--interval", "agg2", "--channel", "book.X.agg2"]
    args = arguments("ws://127.0.0.1:1", tmp_path / "o", *more)
    assert command.wanted_channels(args) == [
        "book.X.agg2",
        "ticker.X.agg2",
        "trades.X.agg2",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_a_clear_error(tmp_path):
    async def handler(socket, recording):
        await accept(socket)
        for _ in range(3):
            await socket.send('{"pad":"' + "x" * framefile.io.DEFAULT_BUFFER_SIZE * 16)
        await socket.wait_closed()

    recording = run_against(handler, Path("/dev"), "full")
    assert isinstance(recording.failure, EngineError)
    assert "cannot be written: No space left" in str(recording.failure)


def test_a_silent_line_is_cut(tmp_path, monkeypatch):
    cut = []

    class Link:
        def cut(self, reason):
            cut.append(reason)

    recording = command.Recording(FrameFile(tmp_path / "o"), ["a"], [])
    recording.link = Link()
    clock = iter([command.SILENT_MAX_S, command.SILENT_MAX_S + 1])
    monkeypatch.setattr(command.time, "monotonic", lambda: next(clock))
    command.every_second(recording, 1.0)
    assert cut == []
    command.every_second(recording, 2.0)
    assert cut == ["nothing heard for 91 s"]
    recording.sink.close()


def test_sigint_ends_it_cleanly(tmp_path):
    subscribed = threading.Event()

    def handler(socket):
        request = orjson.loads(socket.recv())
        channels = request["params"]["channels"]
        socket.send(orjson.dumps({"id": request["id"], "result": channels}).decode())
        socket.send(BOOK)
        for text in socket:
            if b"get_instrument" in orjson.dumps(orjson.loads(text)):
                subscribed.set()

    with serve_in_thread(handler, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        out = tmp_path / "out.jsonl.zst"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "engine.cli", "record", "--url", url),
                *("--instrument", "X", "--out", str(out)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert subscribed.wait(20)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=20)
        server.shutdown()
        thread.join()
    assert process.returncode == 0
    assert "2 frames received" in text
    assert [f.payload for f in Frames(out)][-1] == BOOK.encode()


def test_a_recording_without_a_line_is_an_error(tmp_path):
    recording = command.Recording(FrameFile(tmp_path / "o"), ["a"], [])
    recording.done.set()
    asyncio.run(command.record(recording, "ws://127.0.0.1:1", None))
    assert isinstance(recording.failure, ProtocolError)
    assert "no line was ever open" in str(recording.failure)
