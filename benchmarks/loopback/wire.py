"""One client against the venue: the time of its orders, or the cost of its frames."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loopback.clients import Client, Seat
from benchmarks.loopback.processes import (
    Command,
    Cores,
    FailedError,
    Lines,
    cpu_ns,
    last_words,
    started,
)
from benchmarks.loopback.tools import Tools

LIMIT_S = 30.0
SETTLE_S = 1.5
"""Until a client has done what it does once: the engine freezes its memory."""
COUNT_S = 5.0
REST_US = 300
"""The venue sleeps until so long before a tick: it shares its core with helpers."""


@dataclass(frozen=True)
class Bench:
    """What every measurement needs."""

    tools: Tools
    cores: Cores
    scratch: Path


@dataclass(frozen=True)
class Ticks:
    """Frames to send and orders to time. Units: us."""

    snapshot: Path
    changes: Path
    count: int
    warm: int
    interval_us: int = 1_000


@dataclass(frozen=True)
class Streamed:
    """What a stream cost. Units: ns; ``behind_ns``: ping to pong, in order."""

    frames: int
    cpu_ns: int
    wall_ns: int
    behind_ns: tuple[int, ...]
    calls: int = 0
    """Calls of strategies, without those by timers, of a client that counts them."""


@dataclass(frozen=True)
class Venue:
    """A running venue."""

    port: int
    lines: Lines
    process: subprocess.Popen[bytes]

    def go(self) -> None:
        """Have it stream."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()


@contextmanager
def _venue(
    bench: Bench, words: list[str], tls: bool, folder: Path, first: bool
) -> Iterator[Venue]:
    options = []
    if tls:
        options = ["--tls", str(bench.tools.certificate), str(bench.tools.key)]
    command = Command([str(bench.tools.venue), *options, *words])
    log = folder / "venue.log"
    with started(command, bench.cores.venue, log, first) as process:
        lines = Lines(process, LIMIT_S)
        yield Venue(int(lines.next("port")[0]), lines, process)


@contextmanager
def _seated(
    bench: Bench, client: Client, words: list[str], first: bool
) -> Iterator[tuple[Venue, subprocess.Popen[bytes]]]:
    """Run venue and client; what goes wrong is told with the client's last words."""
    with (
        tempfile.TemporaryDirectory(dir=bench.scratch) as name,
        _venue(bench, words, client.tls, Path(name), first) as venue,
    ):
        folder = Path(name)
        log = folder / "client.log"
        seat = Seat(venue.port, bench.cores.client, folder, bench.tools)
        core = None if client.pins_itself else bench.cores.client
        with started(client.command(seat), core, log, client.first) as running:
            try:
                yield venue, running
            except FailedError as error:
                raise FailedError(f"{error}; {last_words(log)}") from None
            if client.void and client.void in log.read_text("utf-8", "replace"):
                raise FailedError(client.void)


def tick_to_order(bench: Bench, client: Client, ticks: Ticks) -> list[float]:
    """Return the time from each tick to the order it caused, wire to wire. Units: us.

    Raises: FailedError with the client's last words.
    """
    words = ["ticks", str(ticks.snapshot), str(ticks.changes), str(ticks.count)]
    words += [str(ticks.warm), str(ticks.interval_us), str(REST_US)]
    with _seated(bench, client, words, first=True) as (venue, _):
        samples = [int(word) / 1_000 for word in venue.lines.next("latency")]
        if len(samples) < ticks.count:
            raise FailedError(f"{len(samples)} of {ticks.count} ticks answered")
        return samples


def stream(
    bench: Bench,
    client: Client,
    snapshot: Path,
    changes: Path,
    rate: float = 0.0,
    counts: bool = False,
) -> Streamed:
    """Stream frames to a client, and take its processor time meanwhile.

    ``rate``: frames a second; 0, as fast as they are taken. ``counts``: the client is
    one that is sent the snapshot unasked and tells how often its strategies were called
    when it is asked.

    Raises: FailedError with the client's last words.
    """
    words = ["--greet"] * counts + ["stream", str(snapshot), str(changes), str(rate)]
    with _seated(bench, client, words, first=False) as (venue, running):
        lines = venue.lines
        lines.next("book")
        calls = _calls(running) if counts else 0
        time.sleep(SETTLE_S)
        timers = _calls(running) - calls if counts else 0
        before = cpu_ns(running.pid)
        venue.go()
        frames, wall_ns = map(int, lines.next("sent"))
        time.sleep(client.behind_s)
        spent = cpu_ns(running.pid) - before
        behind = tuple(map(int, lines.next("behind")))
        calls = _calls(running) - calls - timers if counts else 0
        calls -= round(timers * wall_ns / (SETTLE_S * 1e9))
        return Streamed(frames, spent, wall_ns, behind, calls)


def _calls(client: subprocess.Popen[bytes]) -> int:
    client.send_signal(signal.SIGUSR1)
    return int(Lines(client, COUNT_S).next("calls")[0])
