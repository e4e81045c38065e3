"""The clock of the simulation."""

from __future__ import annotations

import time


class WallClock:
    """The venue's clock: wall time at the start, monotonic from there.

    A step of the host's wall clock must not turn the venue's time back.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Return ns since the epoch."""
        return self._offset_ns + time.monotonic_ns()
