"""The log of a run: one line a note, written by a thread of its own.

A terminal or pipe that does not take lines must not hold up the engine: lines wait in
a bounded queue and are dropped, counted, when it is full.
"""

from __future__ import annotations

import contextlib
import datetime
import queue
import threading
from collections import deque
from typing import TextIO

LEVELS = ("debug", "info", "warning", "error", "critical")

LINES_WAITING_MAX = 1000
"""Lines not yet taken by the stream; further ones are dropped and counted."""

RECENT_MAX = 50
"""Notes kept for the live view."""

TEXT_CHARS_MAX = 500
"""Longest note; the rest is cut off, for a venue may send anything."""

CLOSE_TIMEOUT_S = 2.0


class LineWriter:
    """Writes lines to a stream from a thread; `put` never waits."""

    def __init__(self, stream: TextIO) -> None:
        self.dropped = 0
        self._stream = stream
        self._queue: queue.Queue[str | None] = queue.Queue(LINES_WAITING_MAX)
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Hand over one line without its end."""
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, for at most `CLOSE_TIMEOUT_S`, and end the thread."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=CLOSE_TIMEOUT_S)
        self._thread.join(CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        while (line := self._queue.get()) is not None:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                # The reader has left; a trading engine goes on without a log.
                self.dropped += 1


class Log:
    """Formats notes as ``TIME LEVEL KIND text`` and keeps the last ones.

    ``writer`` None keeps them only, for a run whose terminal shows the live view.
    """

    def __init__(self, level: str, writer: LineWriter | None) -> None:
        self._least = LEVELS.index(level)
        self._writer = writer
        self.recent: deque[tuple[str, str, str]] = deque(maxlen=RECENT_MAX)

    def note(self, level: str, kind: str, text: str) -> None:
        """Log one note; an unknown level counts as an error."""
        rank = LEVELS.index(level) if level in LEVELS else LEVELS.index("error")
        if rank < self._least:
            return
        now = datetime.datetime.now(datetime.UTC)
        text = printable(text)
        self.recent.append((now.strftime("%H:%M:%S"), level, text))
        if self._writer is not None:
            self._writer.put(f"{stamp(now)} {level} {printable(kind)} {text}")


def stamp(now: datetime.datetime) -> str:
    """Return a UTC time as lines show it, to the millisecond."""
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"


def printable(text: str) -> str:
    """Return text that stays on its line and cannot steer a terminal."""
    cut = text[:TEXT_CHARS_MAX]
    if cut.isprintable():
        return cut
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in cut
    )
