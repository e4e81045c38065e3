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
SETTLE_S = 0.5
COUNT_S = 5.0
SLEEPING_REST_US = 300
"""A venue that shares its core sleeps until so long before a tick."""


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
    shares_core: bool = False


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


def tick_to_order(bench: Bench, client: Client, ticks: Ticks) -> list[float]:
    """Return the time from each tick to the order it caused, wire to wire. Units: us.

    Raises: FailedError with the client's last words.
    """
    rest_us = SLEEPING_REST_US if ticks.shares_core else 0
    words = ["ticks", str(ticks.snapshot), str(ticks.changes), str(ticks.count)]
    words += [str(ticks.warm), str(ticks.interval_us), str(rest_us)]
    with (
        tempfile.TemporaryDirectory(dir=bench.scratch) as name,
        _venue(bench, words, client.tls, Path(name), ticks.shares_core) as venue,
    ):
        folder, lines = Path(name), venue.lines
        seat = Seat(venue.port, bench.cores.client, folder, bench.tools)
        log = folder / "client.log"
        with started(client.command(seat), bench.cores.client, log):
            try:
                samples = [int(word) / 1_000 for word in lines.next("latency")]
            except FailedError as error:
                raise FailedError(f"{error}; {last_words(log)}") from None
            if len(samples) < ticks.count:
                why = f"{len(samples)} of {ticks.count} ticks answered"
                raise FailedError(f"{why}; {last_words(log)}")
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
    with (
        tempfile.TemporaryDirectory(dir=bench.scratch) as name,
        _venue(bench, words, client.tls, Path(name), first=False) as venue,
    ):
        folder, lines = Path(name), venue.lines
        seat = Seat(venue.port, bench.cores.client, folder, bench.tools)
        log = folder / "client.log"
        with started(client.command(seat), bench.cores.client, log) as running:
            try:
                lines.next("book")
                calls = _calls(running) if counts else 0
                time.sleep(SETTLE_S)
                timers = _calls(running) - calls if counts else 0
                before = cpu_ns(running.pid)
                venue.go()
                frames, wall_ns = map(int, lines.next("sent"))
                spent = cpu_ns(running.pid) - before
                behind = tuple(map(int, lines.next("behind")))
                calls = _calls(running) - calls - timers if counts else 0
            except FailedError as error:
                raise FailedError(f"{error}; {last_words(log)}") from None
            calls -= round(timers * wall_ns / (SETTLE_S * 1e9))
            return Streamed(frames, spent, wall_ns, behind, calls)


def _calls(client: subprocess.Popen[bytes]) -> int:
    client.send_signal(signal.SIGUSR1)
    return int(Lines(client, COUNT_S).next("calls")[0])
