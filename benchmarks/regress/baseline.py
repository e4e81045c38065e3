"""What was counted before, and whether a new count is worse.

A count depends on the compiler as much as on the code. The baseline holds one set of
counts a toolchain (machine, compiler, Cython, Python's minor version). With one of its
own a figure may grow by TOLERANCE; without, the first set of the same machine stands
in, and a figure may grow by TOLERANCE_ELSEWHERE.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("baseline.json")
TOLERANCE = 0.03
TOLERANCE_ELSEWHERE = 0.20

Counts = dict[str, float]


@dataclass(frozen=True)
class Verdict:
    """One figure beside its baseline."""

    figure: str
    counted: float
    before: float | None
    tolerance: float

    @property
    def growth(self) -> float:
        """Return by what share it grew; 0 without a baseline."""
        return 0.0 if self.before is None else self.counted / self.before - 1.0

    @property
    def is_worse(self) -> bool:
        """Return whether it grew by more than it may."""
        return self.before is not None and (
            self.counted > self.before * (1.0 + self.tolerance)
        )

    @property
    def words(self) -> str:
        """Say it in a word or two."""
        if self.before is None:
            return "new: not in the baseline"
        if self.is_worse:
            return f"WORSE: {self.growth:+.1%}, allowed {self.tolerance:+.0%}"
        better = self.growth < -self.tolerance
        return f"{self.growth:+.1%}{', better: take it up' if better else ''}"


def key_of(toolchain: dict[str, str]) -> tuple[str, ...]:
    """Return what two toolchains have in common when their counts compare."""
    python = ".".join(toolchain["python"].split(".")[:2])
    return toolchain["machine"], toolchain["compiler"], toolchain["cython"], python


def choose(
    sets: list[dict[str, Any]], toolchain: dict[str, str]
) -> tuple[Counts, float, str]:
    """Return the counts to compare with, the tolerance, and a line that says which."""
    for one in sets:
        if key_of(one["toolchain"]) == key_of(toolchain):
            return one["counts"], TOLERANCE, f"against {_text(one['toolchain'])}"
    for one in sets:
        if one["toolchain"]["machine"] == toolchain["machine"]:
            return (
                one["counts"],
                TOLERANCE_ELSEWHERE,
                f"no baseline for {_text(toolchain)}: against that of "
                f"{_text(one['toolchain'])}, with {TOLERANCE_ELSEWHERE:.0%} allowed",
            )
    return {}, TOLERANCE, f"no baseline for {_text(toolchain)}: nothing is compared"


def _text(toolchain: dict[str, str]) -> str:
    return ", ".join(key_of(toolchain))


def compare(counts: Counts, before: Counts, tolerance: float) -> list[Verdict]:
    """Return a verdict for each figure."""
    return [
        Verdict(figure, counted, before.get(figure), tolerance)
        for figure, counted in sorted(counts.items())
    ]


def read(file: Path = FILE) -> list[dict[str, Any]]:
    """Return the sets of a baseline, none when there is no file."""
    return json.loads(file.read_text()) if file.exists() else []


def accept(counts: Counts, toolchain: dict[str, str], file: Path = FILE) -> None:
    """Make counts the baseline of their toolchain; other toolchains keep theirs."""
    mine = key_of(toolchain)
    kept = [one for one in read(file) if key_of(one["toolchain"]) != mine]
    ordered = dict(sorted(counts.items()))
    sets = [{"toolchain": toolchain, "counts": ordered}, *kept]
    file.write_text(json.dumps(sets, indent=2) + "\n")
