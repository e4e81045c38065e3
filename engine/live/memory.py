"""When Python's cycle collector may run: never while we quote.

A full collection takes milliseconds. Before the first line is opened everything that
lives is frozen and the collector is switched off; it runs by hand while nothing is
quoted. A leak of cycles stays bounded: past `DEBT_MAX` it runs anyway, over the young
objects only.
"""

from __future__ import annotations

import gc

DEBT_MAX = 200_000
"""Container objects gathered since the last collection that make one due."""


class CollectorPolicy:
    """Owns the collector from `settle` to `release`."""

    def __init__(self) -> None:
        self.is_settled = False

    def settle(self) -> None:
        """Freeze what there is and switch the collector off."""
        if not self.is_settled:
            gc.collect()
            gc.freeze()
            gc.disable()
            self.is_settled = True

    def tend(self, idle: bool) -> None:
        """Collect what is due; to be called about once a second."""
        if not self.is_settled:
            return
        debt = gc.get_count()[0]
        if debt > DEBT_MAX:
            gc.collect(1)
        elif idle and debt > DEBT_MAX // 100:
            gc.collect()

    def release(self) -> None:
        """Give the collector back to Python."""
        if self.is_settled:
            gc.unfreeze()
            gc.enable()
            self.is_settled = False
