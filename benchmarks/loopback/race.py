"""Candidates in turn, round by round; who fails is left out, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median

from benchmarks.figures import Found, Goal, Kind, Missing
from benchmarks.loopback.processes import FailedError

ATTEMPTS = 2
Values = Mapping[str, float]
"""What one candidate gave in one round, by name."""


class Race:
    """What each candidate gave in each round, and why the others gave nothing."""

    def __init__(self, absent: Mapping[str, str]) -> None:
        self.given: dict[str, list[Values]] = {}
        self.absent = dict(absent)

    def run(self, candidates: Mapping[str, Callable[[], Values]], rounds: int) -> None:
        """Run every candidate once a round, in an order that turns.

        One that fails twice in a round is out, and what it gave before with it: ratios
        are taken within rounds.
        """
        for number in range(rounds):
            names = [name for name in candidates if name not in self.absent]
            turn = number % max(1, len(names))
            for name in names[turn:] + names[:turn]:
                try:
                    self.given.setdefault(name, []).append(_tried(candidates[name]))
                except FailedError as error:
                    del self.given[name]
                    self.absent[name] = f"failed: {error}"

    def rounds(self, name: str, value: str) -> list[float]:
        """Return one value of a candidate, round by round."""
        return [each[value] for each in self.given[name]]

    def figure(
        self, goal: Goal, ours: str, rival: str, value: str, note: str = ""
    ) -> Found | Missing:
        """Return a figure out of the rounds: medians, and the median of the ratios."""
        for name in (ours, rival):
            if name not in self.given:
                why = self.absent.get(name, "left out of a quick run")
                return Missing(goal.key, f"{name}: {why}")
        mine, theirs = self.rounds(ours, value), self.rounds(rival, value)
        pairs = zip(mine, theirs, strict=True)
        upside_down = goal.kind is Kind.SHARE
        ratio = median(a / b if upside_down else b / a for a, b in pairs)
        return Found(goal.key, median(mine), median(theirs), ratio, note)


def _tried(work: Callable[[], Values]) -> Values:
    """Run it; once more after a failure. Raises: FailedError."""
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except FailedError:
            continue
    return work()
