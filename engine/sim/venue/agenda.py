"""The venue's agenda: what is to happen at which time, in order."""

from __future__ import annotations

import heapq
from collections.abc import Callable

ENTRIES_MAX = 1_000_000


class Entry:
    """One thing to do; ``cancel`` takes it off the agenda."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Do nothing when the time comes."""
        self._action = None

    @property
    def alive(self) -> bool:
        """Say whether it is still to be done."""
        return self._action is not None

    def run(self) -> None:
        """Do it, once."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Agenda:
    """A heap of entries; equal times run in the order they were entered.

    Units: times in ns.
    Cost: O(log n) per entry.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Entry]] = []
        self._sequence = 0

    def at(self, t_ns: int, action: Callable[[], None]) -> Entry:
        """Enter what is to be done at a time.

        Raises:
            OverflowError: the agenda is full, which only a bug can do.
        """
        if len(self._heap) >= ENTRIES_MAX:
            raise OverflowError(f"more than {ENTRIES_MAX} entries on the agenda")
        self._sequence += 1
        entry = Entry(action)
        heapq.heappush(self._heap, (t_ns, self._sequence, entry))
        return entry

    def next_ns(self) -> int:
        """Return when the next entry is due, 0 when there is none."""
        while self._heap and not self._heap[0][2].alive:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else 0

    def run_due(self, t_ns: int) -> bool:
        """Do the first entry that is due at or before a time; False when none is."""
        if not 0 < self.next_ns() <= t_ns:
            return False
        heapq.heappop(self._heap)[2].run()
        return True
