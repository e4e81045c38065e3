"""``halfspread record``: public market data of any endpoint, to a file."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from engine.errors import ConfigError, EngineError, ProtocolError, RequestRejected
from engine.live.framefile import FrameFile
from engine.live.ingress import Ingress, Line

HELP = "record public market data of an endpoint to a file"

DESCRIPTION = """\
Subscribe to public channels without login and write every frame, both directions, one
line each. Ctrl-C, or --seconds, ends it cleanly; a lost line is dialled again. An
instrument is recorded as its book, ticker and trades; the raw interval usually needs a
login, which this command never has.

  halfspread record --url wss://www.deribit.com/ws/api/v2 \\
      --instrument BTC-PERPETUAL --instrument ETH-PERPETUAL --out today.jsonl.zst
  halfspread feed today.jsonl.zst --books      what the engine makes of it
"""

CHANNELS_PER_CALL_MAX = 400
"""Below the venue's limits: 500 channels a call, 32 kB a frame.

Source: docs.deribit.com, market data best practices and error codes, seen 2026-08-22.
"""
CHANNELS_MAX = 10_000
HEARTBEAT_S = 30
SILENT_MAX_S = 3 * HEARTBEAT_S
"""The venue sends a heartbeat at least this often; a line silent for longer is dead."""
FIRST_TRIES = 3
"""An endpoint that never answered is given up after this many attempts."""
TICK_S = 1.0

SUBSCRIBE_ID = 1
HEARTBEAT_ID = 900
TEST_ID = 901
INSTRUMENT_ID = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--url", required=True, help="ws:// or wss:// endpoint")
    parser.add_argument(
        "--instrument",
        action="append",
        default=[],
        metavar="NAME",
        help="record book, ticker and trades of this instrument; may be repeated",
    )
    parser.add_argument(
        "--channel",
        action="append",
        default=[],
        metavar="CHANNEL",
        help="record this public channel; may be repeated",
    )
    parser.add_argument(
        "--interval",
        choices=("raw", "100ms", "agg2"),
        default="100ms",
        help="interval of the instruments' channels (default: 100ms)",
    )
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="new file; .zst and .gz are compressed",
    )
    parser.add_argument("--seconds", type=float, help="end after this long")


def main(args: argparse.Namespace) -> int:
    """Record until told to stop; print what was recorded."""
    channels = wanted_channels(args)
    if args.seconds is not None and not args.seconds > 0:
        raise ConfigError("record", "--seconds", args.seconds, "more than 0")
    check_url(args.url)
    sink = FrameFile(args.out)
    recording = Recording(sink, channels, args.instrument)
    asyncio.run(record(recording, args.url, args.seconds))
    if recording.failure:
        raise recording.failure
    size = f", {args.out.stat().st_size} on disk" if args.out.is_file() else ""
    print(
        f"{args.out}: {recording.received} frames received in "
        f"{recording.lived_s:.1f} s, {recording.breaks} reconnects, "
        f"{sink.plain_bytes} bytes{size}"
    )
    return 0


def wanted_channels(args: argparse.Namespace) -> list[str]:
    """Return the channels asked for, each once.

    Raises:
        ConfigError: none, or too many.
    """
    names = [
        f"{kind}.{name}.{args.interval}"
        for name in args.instrument
        for kind in ("book", "ticker", "trades")
    ]
    channels = list(dict.fromkeys([*names, *args.channel]))
    if not 0 < len(channels) <= CHANNELS_MAX:
        raise ConfigError(
            "record",
            "--instrument, --channel",
            len(channels),
            f"1 to {CHANNELS_MAX} channels",
        )
    return channels


def check_url(url: str) -> None:
    """Raise ConfigError unless this is a WebSocket address without a secret in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.username:
        raise ConfigError(
            "record", "--url", url.rpartition("@")[2], "ws://HOST... or wss://HOST..."
        )


class Recording:
    """One recording: says what it wants on every new line, writes what comes.

    It is the ingress' handler. ``failure`` is set, and ``done``, when it must end.
    """

    def __init__(
        self, sink: FrameFile, channels: list[str], instruments: list[str]
    ) -> None:
        self.sink = sink
        self.channels = channels
        self.instruments = instruments
        self.done = asyncio.Event()
        self.failure: EngineError | None = None
        self.received = 0
        self.breaks = 0
        self.lived_s = 0.0
        self.heard_s = 0.0
        """Monotonic time of the last byte, s."""
        self.link: Line | None = None
        self._subscribed: set[str] = set()
        self.was_up = False
        self._refused_dials = 0

    def line_up(self, conn: int, link: Line) -> None:
        """Subscribe, and ask for heartbeats and the instruments' facts."""
        self.breaks += self.was_up
        self.was_up = True
        self.link = link
        self._subscribed.clear()
        self.heard_s = time.monotonic()
        frames = [
            request(
                SUBSCRIBE_ID + at // CHANNELS_PER_CALL_MAX,
                "public/subscribe",
                {"channels": self.channels[at : at + CHANNELS_PER_CALL_MAX]},
            )
            for at in range(0, len(self.channels), CHANNELS_PER_CALL_MAX)
        ]
        frames.append(
            request(HEARTBEAT_ID, "public/set_heartbeat", {"interval": HEARTBEAT_S})
        )
        frames.extend(
            request(
                INSTRUMENT_ID + at, "public/get_instrument", {"instrument_name": name}
            )
            for at, name in enumerate(self.instruments)
        )
        self._send(frames)

    def payloads(self, conn: int, payloads: list[bytes]) -> None:
        """Write what came; answer what asks for an answer."""
        wall_ns = time.time_ns()
        self.heard_s = time.monotonic()
        for payload in payloads:
            self.received += 1
            self._write(wall_ns, "recv", payload)
        # After the writes: an answer carries a later time than what came with it.
        for payload in payloads:
            if b'"subscription"' not in payload:
                self._control(payload)

    def line_down(self, conn: int, reason: str) -> None:
        """Note the break, in the file too."""
        self.link = None
        if not self.done.is_set():
            self.note(f"line down: {reason}")

    def wants_line(self, conn: int) -> bool:
        """See `ingress.Handler`. A recorder always comes back."""
        return True

    def redialling(self, conn: int, url: str, reason: str, delay_s: float) -> None:
        """Give up an endpoint that never answered."""
        self._refused_dials += not self.was_up
        if self._refused_dials >= FIRST_TRIES:
            self.fail(ProtocolError(f"{url} cannot be reached: {reason}"))
        elif not self.was_up:
            self.note(f"no line: {reason}")

    def fail(self, error: EngineError) -> None:
        """End the recording with an error; the first one counts."""
        self.failure = self.failure or error
        self.done.set()

    def note(self, text: str) -> None:
        """Say something to the watcher and to the file."""
        print(f"halfspread record: {text}", file=sys.stderr)
        self._write(time.time_ns(), "note", orjson.dumps({"note": text}))

    def _control(self, payload: bytes) -> None:
        """Answer a heartbeat; look at the answer to a subscription."""
        try:
            message = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return
        if not isinstance(message, dict):
            return
        params = message.get("params")
        if message.get("method") == "heartbeat" and isinstance(params, dict):
            if params.get("type") == "test_request":
                self._send([request(TEST_ID, "public/test", {})])
            return
        at = message.get("id")
        calls = -(-len(self.channels) // CHANNELS_PER_CALL_MAX)
        if isinstance(at, int) and SUBSCRIBE_ID <= at < SUBSCRIBE_ID + calls:
            self._subscription(at - SUBSCRIBE_ID, message)

    def _subscription(self, call: int, message: dict[str, object]) -> None:
        """Compare what was subscribed with what was wanted."""
        error, result = message.get("error"), message.get("result")
        if isinstance(error, dict):
            code, text = error.get("code"), str(error.get("message"))
            known = code if isinstance(code, int) else 0
            self.fail(RequestRejected("public/subscribe", known, text))
            return
        got = {str(name) for name in result} if isinstance(result, list) else set()
        start = call * CHANNELS_PER_CALL_MAX
        wanted = self.channels[start : start + CHANNELS_PER_CALL_MAX]
        self._subscribed |= got
        missing = [name for name in wanted if name not in got]
        if not got:
            self.fail(
                ProtocolError(
                    f"the venue subscribed none of the {len(wanted)} channels, "
                    f"{missing[0]} among them"
                )
            )
        elif missing:
            self.note(f"not subscribed by the venue: {', '.join(missing)}")

    def _send(self, frames: list[bytes]) -> None:
        if self.link is None:
            return
        wall_ns = time.time_ns()
        for frame in frames:
            self._write(wall_ns, "send", frame)
        self.link.write_turn(b"".join(frame + b"\n" for frame in frames))

    def _write(self, wall_ns: int, direction: str, frame: bytes) -> None:
        if self.failure is not None:
            return
        try:
            self.sink.write(wall_ns, direction, frame)
        except EngineError as error:
            self.fail(error)


def request(number: int, method: str, params: dict[str, object]) -> bytes:
    """Return one JSON-RPC request."""
    return orjson.dumps(
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    )


async def record(recording: Recording, url: str, seconds: float | None) -> None:
    """Record until the time is over, a signal comes, or the recording fails.

    The file is closed when this returns; what went wrong stands in ``failure``.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, recording.done.set)
    ingress = Ingress(0, [url], recording, rng=random.Random())
    ingress.start()
    since_s = time.monotonic()
    try:
        while not recording.done.is_set():
            recording.lived_s = time.monotonic() - since_s
            left_s = TICK_S if seconds is None else seconds - recording.lived_s
            if left_s <= 0:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(recording.done.wait(), min(TICK_S, left_s))
            every_second(recording, time.monotonic() - since_s)
    finally:
        recording.done.set()
        recording.lived_s = time.monotonic() - since_s
        await ingress.stop("recording ends")
        if not recording.was_up:
            recording.fail(ProtocolError(f"{url}: no line was ever open"))
        try:
            recording.sink.close()
        except EngineError as error:
            recording.fail(error)


def every_second(recording: Recording, lived_s: float) -> None:
    """Flush, look whether the line still lives, and say how far the recording is."""
    try:
        recording.sink.flush()
    except EngineError as error:
        recording.fail(error)
    silent_s = time.monotonic() - recording.heard_s
    if recording.link is not None and silent_s > SILENT_MAX_S:
        recording.link.cut(f"nothing heard for {silent_s:.0f} s")
    if sys.stderr.isatty():
        print(
            f"\r{lived_s:8.0f} s  {recording.received} frames  "
            f"{recording.sink.plain_bytes} bytes ",
            end="",
            file=sys.stderr,
            flush=True,
        )
