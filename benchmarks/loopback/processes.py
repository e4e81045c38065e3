"""Processes on a leash: pinned, given a time, and killed with all they have started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.loopback.tools import AbsentError

ROOT = Path(__file__).resolve().parents[2]
END_S = 5.0
LAST_WORDS = 300
FIRST_PRIORITY = 2
BUSY_LOOP = "while True: pass"


@dataclass(frozen=True)
class Command:
    """What to start, and where."""

    words: Sequence[str]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)


class FailedError(RuntimeError):
    """A process did not do what it was started for; with its last words."""


@dataclass(frozen=True)
class Cores:
    """Where the two sides of the wire run."""

    client: int
    venue: int

    @classmethod
    def here(cls) -> Cores:
        """Return the first two this process may use. Raises: AbsentError."""
        if not hasattr(os, "sched_getaffinity"):
            raise AbsentError("this system pins no process to a core")
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) < 2:
            raise AbsentError("client and venue need a core each")
        return cls(usable[0], usable[1])


@contextmanager
def started(
    command: Command, core: int | None, log: Path, first: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process on a core, in a group of its own, and kill the group at the end.

    ``core`` None: on any. ``first``: before ordinary programs, where that is allowed.
    """

    def prepare() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})
        if first:
            with contextlib.suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(FIRST_PRIORITY))

    with log.open("wb") as words:
        process = subprocess.Popen(
            command.words,
            cwd=command.folder,
            env={**os.environ, **command.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            start_new_session=True,
            preexec_fn=prepare,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(END_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # What was still to be written finds nobody.
                with contextlib.suppress(OSError):
                    pipe.close()


@contextmanager
def busy(cores: Sequence[int], folder: Path) -> Iterator[None]:
    """Keep cores busy with ordinary programs, one each."""
    with contextlib.ExitStack() as stack:
        for core in cores:
            command = Command([sys.executable, "-c", BUSY_LOOP])
            stack.enter_context(started(command, core, folder / f"busy{core}.log"))
        yield


class Lines:
    """What a process says, line by line, with a limit of time."""

    def __init__(self, process: subprocess.Popen[bytes], limit_s: float) -> None:
        if process.stdout is None:
            raise ValueError("the process has no standard output of ours")
        self._process = process
        self._fd = process.stdout.fileno()
        self._end_s = time.monotonic() + limit_s
        self._text = b""

    def next(self, word: str) -> list[str]:
        """Return the words of the next line that begins with a word, without it.

        Raises: FailedError at the end of the output or of the time.
        """
        while True:  # ends: the process or the time does
            line, found, rest = self._text.partition(b"\n")
            if found:
                self._text = rest
                words = line.decode().split()
                if words[:1] == [word]:
                    return words[1:]
                continue
            left_s = self._end_s - time.monotonic()
            if left_s <= 0 or not select.select([self._fd], [], [], left_s)[0]:
                raise FailedError(f"no {word!r} within the time")
            more = os.read(self._fd, 1 << 16)
            if not more:
                raise FailedError(f"it ended before {word!r}")
            self._text += more


def last_words(log: Path) -> str:
    """Return the end of what a process said on standard error."""
    try:
        text = log.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
    return text[-LAST_WORDS:].replace("\n", " ")


def cpu_ns(pid: int) -> int:
    """Return the processor time all threads of a process have had. Units: ns.

    Raises: FailedError when it has ended; AbsentError when the kernel does not tell.
    """
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except FileNotFoundError:
        if not Path("/proc/self/schedstat").exists():
            raise AbsentError("this kernel does not tell a process's time") from None
        raise FailedError("the client has ended") from None
    return total
