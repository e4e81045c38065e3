"""Does the served venue keep up with many clients on two cores?

A server process of its own, and here as many raw connections as asked for, each
subscribed to as many channels, and requests at a fixed rate spread over them. A request
is timed from when it was due, not from when it could be sent, so that a stall of the
server counts in full. Frames are counted, not parsed: this process must not be what is
measured. Excluded: TLS, the network, decoding at the client.
"""

from __future__ import annotations

import json
import re
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.frames import Frame, Opcode

CONFIG = """
[venue]
credits = false
connections_per_ip = 10_000
matching_rate = 10_000
matching_burst = 100_000
"""
HANDSHAKE = (
    b"GET /ws/api/v2 HTTP/1.1\r\nHost: load\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
ANSWER = re.compile(rb'^\{"jsonrpc":"2\.0","id":(\d+)')
STAMP = re.compile(rb'"timestamp":(\d{13})')
STAMPED = 50  # every so many notifications, one tells its age
TICK_S = 0.001
FIRST_ID = 1_000
PER_FUTURE = (
    "book.{}.raw",
    "ticker.{}.100ms",
    "trades.{}.100ms",
    "quote.{}",
    "book.{}.100ms",
    "incremental_ticker.{}",
)
PER_OTHER = ("book.{}.100ms", "ticker.{}.100ms")


@dataclass
class Seen:
    """What came in. Units: latencies and ages in ms."""

    notifications: int = 0
    octets: int = 0
    latencies: list[float] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    closed: int = 0


class Line:
    """One raw WebSocket connection."""

    def __init__(self, port: int) -> None:
        self.tcp = socket.create_connection(("127.0.0.1", port))
        self.tcp.sendall(HANDSHAKE)
        self._buffer = bytearray()
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self.tcp.recv(65_536)
        del self._buffer[: self._buffer.index(b"\r\n\r\n") + 4]
        self.tcp.setblocking(False)

    def call(self, number: int, method: str, **params: Any) -> None:
        """Send one request."""
        frame = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        text = json.dumps(frame).encode()
        self.tcp.setblocking(True)
        self.tcp.sendall(Frame(Opcode.TEXT, text).serialize(mask=True))
        self.tcp.setblocking(False)

    def payloads(self) -> Iterator[bytes]:
        """Return what has come; raises EOFError at the end."""
        with suppress(BlockingIOError):
            data = self.tcp.recv(1 << 20)
            if not data:
                raise EOFError
            self._buffer += data
        at, buffer = 0, self._buffer
        while len(buffer) - at >= 2:
            size, head = buffer[at + 1], 2
            if size > 125:
                head = 4 if size == 126 else 10
                size = int.from_bytes(buffer[at + 2 : at + head], "big")
            if len(buffer) < at + head + size:
                break
            yield bytes(buffer[at + head : at + head + size])
            at += head + size
        del buffer[:at]


@contextmanager
def server() -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Run the venue as a process; yields it and its ready line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sim.toml")
        path.write_text(CONFIG)
        words = ("sim", "--listen", "127.0.0.1:0", "--config", str(path))
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", *words], stdout=subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait()


def channels(http: str) -> list[str]:
    """Return the channels of every instrument, those of futures first."""
    with urlopen(f"{http}/public/get_instruments?currency=any") as answer:
        rows = json.load(answer)["result"]
    futures = [row["instrument_name"] for row in rows if row["kind"] == "future"]
    others = [row["instrument_name"] for row in rows if row["kind"] != "future"]
    found = [form.format(name) for name in futures for form in PER_FUTURE]
    return found + [form.format(name) for name in others for form in PER_OTHER]


def connect(port: int, count: int, per_line: int, names: list[str]) -> list[Line]:
    """Return connections, logged in, each subscribed to its share of the channels."""
    lines = []
    for number in range(count):
        line = Line(port)
        login = {"client_id": "maker", "client_secret": "maker-secret"}
        line.call(1, "public/auth", grant_type="client_credentials", **login)
        shared = names[: per_line // 2]
        rest = names[per_line // 2 :]
        at = number * per_line // 2 % max(len(rest) - per_line, 1)
        own = rest[at : at + per_line - len(shared)]
        line.call(2, "private/subscribe", channels=shared + own)
        lines.append(line)
    return lines


def watch(lines: list[Line], seconds: float, rate: float) -> Seen:
    """Read for some time while requests go out at a rate."""
    seen, poll = Seen(), select.poll()
    by_number = {line.tcp.fileno(): line for line in lines}
    for number in by_number:
        poll.register(number, select.POLLIN)
    start, sent = time.time(), 0
    while (passed := time.time() - start) < seconds:
        while sent < int(passed * rate):
            method = "public/ticker" if sent % 2 else "private/get_position"
            line = lines[sent % len(lines)]
            with suppress(ConnectionError):  # counted where it is read
                line.call(FIRST_ID + sent, method, instrument_name="BTC-PERPETUAL")
            sent += 1
        for number, _ in poll.poll(TICK_S * 1e3):
            try:
                for payload in by_number[number].payloads():
                    take(seen, payload, start, rate)
            except (EOFError, ConnectionError):
                poll.unregister(number)
                seen.closed += 1
    return seen


def take(seen: Seen, payload: bytes, start_s: float, rate: float) -> None:
    """Count one payload."""
    seen.octets += len(payload)
    if answer := ANSWER.match(payload):
        number = int(answer[1]) - FIRST_ID
        if number >= 0:
            due_s = start_s + (number + 1) / rate
            seen.latencies.append((time.time() - due_s) * 1e3)
        return
    seen.notifications += 1
    if seen.notifications % STAMPED == 0 and (stamp := STAMP.search(payload)):
        seen.ages.append(time.time() * 1e3 - int(stamp[1]))


def usage(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Return CPU seconds and resident MB of a process, as Linux tells them."""
    stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{process.pid}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+)", status)
    return (int(stat[11]) + int(stat[12])) / 100, int(resident[1]) / 1e3


def spread(values: list[float]) -> str:
    """Return the percentiles of some times in ms."""
    values = sorted(values) or [float("nan")]
    marks = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))
    return "  ".join(
        f"{name} {values[min(int(share * len(values)), len(values) - 1)]:.1f}"
        for name, share in marks
    )


def load(connections: int, per_line: int, rate: float, seconds: float) -> None:
    """Print what the server does under load."""
    started = time.time()
    with server() as (process, ready):
        print(f"ready after {time.time() - started:.2f} s")
        names = channels(ready["http"])
        port = int(ready["ws"].split(":")[2].split("/")[0])
        lines = connect(port, connections, per_line, names)
        watch(lines, 5.0, 0)  # the snapshots
        cpu_s, before_mb = usage(process)
        seen = watch(lines, seconds, rate)
        after_s, after_mb = usage(process)
    print(f"{connections} connections x {per_line} subscriptions, {seconds:g} s")
    print(f"notifications   {seen.notifications / seconds:,.0f}/s")
    print(f"bytes           {seen.octets / seconds / 1e6:.1f} MB/s")
    print(f"answers         {len(seen.latencies) / seconds:,.0f}/s of {rate:,.0f}/s")
    print(f"answer after    {spread(seen.latencies)} ms")
    print(f"message age     {spread(seen.ages)} ms")
    print(f"server          {100 * (after_s - cpu_s) / seconds:.0f} % of a core")
    print(f"resident        {before_mb:.0f} MB, then {after_mb:.0f} MB")
    print(f"cut off         {seen.closed} of {connections}")
