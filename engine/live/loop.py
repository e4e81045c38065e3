"""The engine's event loop: asyncio's own, whose sleep ends at the fast lines.

A thread that wakes because bytes came has a way to go in asyncio before they are read:
the selector's answer, the loop's queue, the transport. Here the lines are read at the
moment the sleep ends, by compiled code, and the loop then finds what is left.
"""

from __future__ import annotations

import asyncio
import selectors

from engine.live.pace import Pace

Ready = list[tuple[selectors.SelectorKey, int]]


class Waker(selectors.DefaultSelector):
    """The system's selector; asleep, it waits by way of a pace once there is one."""

    pace: Pace | None = None

    def select(self, timeout: float | None = None) -> Ready:
        """See `selectors.BaseSelector`."""
        if self.pace is None or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        self.pace.wait(self.fileno(), -1.0 if timeout is None else timeout)
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop that can be told of a pace."""

    def __init__(self) -> None:
        self._waker = Waker()
        super().__init__(self._waker)

    def sleep_by(self, pace: Pace) -> None:
        """Let a pace's lines be read as soon as a sleep ends."""
        self._waker.pace = pace
