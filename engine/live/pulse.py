"""The engine's sign of life: its loop stamps a file, another process reads it.

The file is mapped, so that a stamp is a store into memory and the loop never waits for
a disk. It holds the process, the time of the last beat on the clock of the machine
(`time.monotonic_ns`, the same for every process), and that time once more, inverted, so
that a reader knows a torn stamp from a whole one. A run that ends in order stamps
RESTING: no beat is expected any more.

Each beat also measures how late the loop is, which is what a stalled loop looks like
from inside.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import time
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from engine._core.base.hist import Histogram

BEAT_S: Final = 0.1
"""A loop that turns stamps this often."""

RESTING: Final = 0
_BEAT: Final = Struct("<8sQQQ")
_MAGIC: Final = b"HSBEAT1\n"
_MASK: Final = (1 << 64) - 1
_READS_MAX: Final = 4


class Beat(NamedTuple):
    """One reading. Units: at_ns on the machine's monotonic clock; RESTING: none due."""

    pid: int
    at_ns: int


class Pulse:
    """Stamps from the event loop. ``path`` None only measures how late the loop is."""

    def __init__(self, path: Path | None) -> None:
        """Make or take over the file. Raises: OSError."""
        self.lag = Histogram()
        self._pid = os.getpid()
        self._timer: asyncio.TimerHandle | None = None
        self._map: mmap.mmap | None = None
        if path is None:
            return
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(fd, _BEAT.size)
            self._map = mmap.mmap(fd, _BEAT.size)
        finally:
            os.close(fd)

    def start(self) -> None:
        """Stamp now, and from now on; call it on the loop."""
        self._loop = asyncio.get_running_loop()
        self._due_s = self._loop.time()
        self._beat()

    def close(self) -> None:
        """Say that no beat is to be expected."""
        if self._timer is not None:
            self._timer.cancel()
        if self._map is not None:
            self._stamp(RESTING)
            self._map.close()
            self._map = None

    def _beat(self) -> None:
        now_s = self._loop.time()
        self.lag.observe(max(0, round((now_s - self._due_s) * 1e9)))
        self._stamp(time.monotonic_ns())
        # From now, not from when it was due: a late loop is not hurried.
        self._due_s = now_s + BEAT_S
        self._timer = self._loop.call_at(self._due_s, self._beat)

    def _stamp(self, at_ns: int) -> None:
        if self._map is not None:
            _BEAT.pack_into(self._map, 0, _MAGIC, self._pid, at_ns, at_ns ^ _MASK)


def read_beat(path: Path) -> Beat | None:
    """Return the last beat. Empty: None, no engine has ever stamped there.

    Raises: OSError when the file is there and cannot be read.
    """
    for _ in range(_READS_MAX):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        if len(data) != _BEAT.size:
            continue
        magic, pid, at_ns, inverted = _BEAT.unpack(data)
        if magic == _MAGIC and at_ns == inverted ^ _MASK:
            return Beat(pid, at_ns)
    return None
