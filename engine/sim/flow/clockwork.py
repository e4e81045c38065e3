"""The background market's only notion of time, and times drawn from a stream."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable

YEAR_NS = 365 * 86_400 * 1_000_000_000


class Clockwork:
    """A heap of (time, insertion order, action).

    Cost: O(log n) per action; what schedules itself again keeps one entry each.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []
        self._sequence = 0

    def at(self, t_ns: int, action: Callable[[int], None]) -> None:
        """Run ``action(t_ns)`` at that time; equal times run in order of insertion."""
        self._sequence += 1
        heapq.heappush(self._heap, (t_ns, self._sequence, action))

    def next_ns(self) -> int:
        """Return the time of the next action, 0 when there is none."""
        return self._heap[0][0] if self._heap else 0

    def run_next(self) -> None:
        """Run the earliest action at its own time."""
        t_ns, _, action = heapq.heappop(self._heap)
        action(t_ns)

    def shift(self, by_ns: int) -> None:
        """Move every action later by the same time; their order stays."""
        self._heap = [(t + by_ns, n, action) for t, n, action in self._heap]

    def __len__(self) -> int:
        return len(self._heap)


def exponential_ns(dice: random.Random, mean_ns: float) -> int:
    """Return an exponential time with that mean, at least 1 ns."""
    return max(1, round(dice.expovariate(1.0) * mean_ns))


def decay(elapsed_ns: int, half_life_ns: int) -> float:
    """Return what is left of 1 after ``elapsed_ns``, between 0 and 1."""
    return math.exp2(-elapsed_ns / half_life_ns)


def reverting(value: float, kept: float, spread: float, dice: random.Random) -> float:
    """Return the next value of a process that reverts to 0 with a known spread.

    Units: kept is what is left of its value meanwhile, spread its standard deviation in
    the long run.
    """
    return kept * value + spread * math.sqrt(1.0 - kept * kept) * dice.gauss(0.0, 1.0)
