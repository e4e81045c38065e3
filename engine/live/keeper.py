"""Keeps the checkpoint file: read once at the start, written while the engine runs.

The disk is waited for in a thread of its own, one write at a time; the loop only makes
the bytes, and only when the state has changed.
"""

from __future__ import annotations

import concurrent.futures
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from engine.errors import JournalError
from engine.journal import checkpoint

NS_PER_MS = 1_000_000


class Keeper:
    """One checkpoint file and its writer.

    Units: every_s in seconds.
    """

    def __init__(
        self,
        path: Path,
        environment: str,
        every_s: float,
        note: Callable[[str, str, str], None],
    ) -> None:
        self._path = path
        self._environment = environment
        self._every_s = every_s
        self._note = note
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "checkpoint")
        self._pending: concurrent.futures.Future[None] | None = None
        self._written = b""
        self._due_s = 0.0
        self._has_told = False
        self.writes = 0
        self.failures = 0

    def read(self) -> Mapping[str, Any] | None:
        """Return what an earlier run left; say in one line what was wrong, if it was.

        Empty: None, recovery is from the venue alone.
        """
        found = checkpoint.read(self._path, self._environment)
        for problem in found.problems:
            self._note("warning", "checkpoint", problem)
        if found.state is None and found.problems:
            text = "no checkpoint can be used: recovery is from the venue alone"
            self._note("error", "checkpoint", text)
        return found.state

    def tend(self, state: Callable[[], Mapping[str, Any]], now_s: float) -> None:
        """Begin to write the state if that is due and the last write is done."""
        if now_s < self._due_s or not self._is_idle():
            return
        self._due_s = now_s + self._every_s
        self._submit(state())

    def is_first_written(self) -> bool:
        """Whether the first write of this run is on the disk; True only once."""
        if self._has_told or not (self._is_idle() and self.writes):
            return False
        self._has_told = True
        return True

    def close(self, state: Mapping[str, Any]) -> None:
        """Write the last state and wait for the disk."""
        self._thread.submit(int).result()  # the one before it, if there is one
        self._is_idle()
        self._submit(state)
        self._thread.shutdown()
        self._is_idle()

    def _submit(self, state: Mapping[str, Any]) -> None:
        """Write a state unless it is empty or stands in the file already."""
        body = orjson.dumps(state)
        if not state or body == self._written:
            return
        self._written = body
        wall_ms = time.time_ns() // NS_PER_MS
        content = checkpoint.encode(state, self._environment, wall_ms)
        self._pending = self._thread.submit(checkpoint.write, self._path, content)

    def _is_idle(self) -> bool:
        """Take the outcome of the last write; False: it is not over."""
        if self._pending is None:
            return True
        if not self._pending.done():
            return False
        pending, self._pending = self._pending, None
        try:
            pending.result()
            self.writes += 1
        except JournalError as error:
            self._written = b""
            self.failures += 1
            if self.failures == 1:
                text = f"{error}; a restart would know less"
                self._note("error", "checkpoint", text)
        return True


def earlier_runs(state: Mapping[str, Any] | None) -> list[int]:
    """Return the numbers of earlier runs, which must not be taken again."""
    runs = (state or {}).get("runs")
    return [run for run in runs if isinstance(run, int)] if runs else []
