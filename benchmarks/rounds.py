"""Candidates side by side: interleaved rounds in rotating order, processor time.

A machine that others use slows down and speeds up by the minute. So every candidate
runs once a round, the order turns from round to round, and what is compared are ratios
within a round; medians over the rounds are told.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

Work = Callable[[], object]
Setup = Callable[[], Work]
"""Makes what a round runs, fresh; the making is not timed."""


class Timings:
    """Nanoseconds a unit of each candidate, round by round."""

    def __init__(self, rounds: Mapping[str, list[float]]) -> None:
        self.rounds = dict(rounds)

    def median(self, name: str) -> float:
        """Return the median of a candidate. Units: ns."""
        return median(self.rounds[name])

    def ratio(self, name: str, to: str) -> float:
        """Return the median of ``name / to`` within the rounds."""
        pairs = zip(self.rounds[name], self.rounds[to], strict=True)
        return median(a / b for a, b in pairs)


def interleaved(
    candidates: Mapping[str, Setup],
    units: int,
    rounds: int,
    clock: Callable[[], int] = time.process_time_ns,
) -> Timings:
    """Run every candidate once a round; the first round only warms up.

    The garbage collector runs before each and stays on: objects cost what they cost.
    A work that returns a number has timed itself; it is taken as its nanoseconds.
    """
    names = list(candidates)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            work = candidates[name]()
            gc.collect()
            start = clock()
            own = work()
            spent = clock() - start
            if number:
                known = isinstance(own, (int, float)) and not isinstance(own, bool)
                taken[name].append((own if known else spent) / units)
            del work
    return Timings(taken)


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that a share of the values does not exceed.

    Raises: ValueError without values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]
