"""Feeds the live view: frames go to a drawing process through a pipe, or not at all.

The pipe is never waited for. While the drawing process is behind, frames are left out;
when it is gone, the engine goes on without a view.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Collection

from engine.live.child import environment, python
from engine.report.picture import Frame
from engine.report.view import encode

CLOSE_TIMEOUT_S = 2.0


class Watch:
    """One drawing process and the pipe to it."""

    def __init__(self, without: Collection[str]) -> None:
        """Start it; ``without`` names environment variables it must not see."""
        self._rest = b""
        self._process = subprocess.Popen(
            python("engine.report.view"),
            stdin=subprocess.PIPE,
            env=environment(without=without),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._pipe = self._process.stdin
        os.set_blocking(self._pipe.fileno(), False)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The drawing process."""
        return self._process

    def show(self, frame: Frame) -> None:
        """Send one frame, unless the last one has not been taken yet."""
        if not self._rest:
            self._rest = encode(frame)
        try:
            written = os.write(self._pipe.fileno(), self._rest)
        except BlockingIOError:
            return
        except OSError:
            self._rest = b""
            return
        self._rest = self._rest[written:]

    def close(self) -> None:
        """End the drawing process, which gives the terminal back."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        try:
            self._process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
