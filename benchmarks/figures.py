"""Figures, what they must reach, and what was found: the rows of ``make bench``.

A suite is a module with two names: ``GOALS``, its rows in order, and ``measure(run)``,
which yields one ``Found`` or ``Missing`` for each of them. ``benchmarks.suites`` lists
the suites. A suite imports nothing that may be absent at its top: rivals are installed
in an environment of their own, and a table without one of them is still a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any


class Kind(Enum):
    """How a figure is judged."""

    TIMES = "rival / ours, at least"
    SHARE = "ours / rival, at most"
    AT_MOST = "ours, at most"
    AT_LEAST = "ours, at least"


@dataclass(frozen=True)
class Goal:
    """One row: what is measured, against whom, and the floor and the aim.

    ``must`` None: nothing is asked of the figure, it is told beside the others.
    """

    key: str
    title: str
    kind: Kind = Kind.TIMES
    must: float | None = None
    aim: float | None = None
    rival: str = ""
    unit: str = "ns"

    def meets(self, value: float, bound: float) -> bool:
        """Return whether a value is on the good side of a bound."""
        if self.kind in (Kind.TIMES, Kind.AT_LEAST):
            return value >= bound
        return value <= bound


@dataclass(frozen=True)
class Found:
    """What was measured for one goal. ``ratio`` None: made of ours and rival."""

    key: str
    ours: float
    rival: float | None = None
    ratio: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Missing:
    """Why a goal was not measured."""

    key: str
    why: str


@dataclass(frozen=True)
class Run:
    """What a suite is told.

    ``quick``: fewer frames and rounds, for a look and for tests. ``scratch``: a folder
    for what a suite makes. ``fastmm``: the Python that has fastmm-engine, if any.
    """

    scratch: Path
    quick: bool = False
    seed: int = 7
    fastmm: Path | None = None
    series: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """Plot -> candidate -> values; what a suite puts here is drawn."""

    def pick(self, full: int, quick: int) -> int:
        """Return a count for this run."""
        return quick if self.quick else full


def row(goal: Goal, found: Found | Missing) -> dict[str, Any]:
    """Return a figure as it stands in ``bench.json``."""
    cells: dict[str, Any] = {
        "title": goal.title,
        "rival_name": goal.rival,
        "unit": goal.unit,
        "judged": goal.kind.value,
        "must": goal.must,
        "aim": goal.aim,
        "ours": None,
        "rival": None,
        "ratio": None,
        "met": "not measured",
        "note": "",
    }
    if isinstance(found, Missing):
        return cells | {"note": found.why}
    ratio = found.ratio
    if ratio is None and found.rival is not None:
        upside_down = goal.kind is Kind.SHARE
        ratio = found.ours / found.rival if upside_down else found.rival / found.ours
    judged = found.ours if goal.kind in (Kind.AT_MOST, Kind.AT_LEAST) else ratio
    met = ""
    if goal.must is not None and judged is not None:
        met = "must" if goal.meets(judged, goal.must) else "no"
        if goal.aim is not None and goal.meets(judged, goal.aim):
            met = "aim"
    return cells | {
        "ours": found.ours,
        "rival": found.rival,
        "ratio": ratio,
        "met": met,
        "note": found.note,
    }


HEAD = ("figure", "ours", "rival", "ratio", "must", "aim", "met?")


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a Markdown table, what is to be said below it."""
    lines = ["| " + " | ".join(HEAD) + " |", "|---" + "|---:" * 5 + "|---|"]
    notes = []
    for figure in figures.values():
        lines.append("| " + " | ".join(_cells(figure)) + " |")
        if figure["note"]:
            notes.append(f"- {figure['title']}: {figure['note']}")
    return "\n".join([*lines, "", *notes]) if notes else "\n".join(lines)


def _cells(figure: dict[str, Any]) -> list[str]:
    title = figure["title"]
    if figure["rival_name"]:
        title += f", against {figure['rival_name']}"
    sign = {"least": "≥ ", "most": "≤ "}[figure["judged"].rsplit(" ", 1)[-1]]
    bounds = [figure["must"], figure["aim"]]
    return [
        title,
        _amount(figure["ours"], figure["unit"]),
        _amount(figure["rival"], figure["unit"]),
        number(figure["ratio"]),
        *("" if bound is None else sign + number(bound) for bound in bounds),
        {"aim": "aim met", "must": "must met", "no": "**no**"}.get(
            figure["met"], figure["met"]
        ),
    ]


def _amount(value: float | None, unit: str) -> str:
    return "" if value is None else f"{number(value)} {unit}".rstrip()


def number(value: float | None) -> str:
    """Write a number with as many digits as are worth reading."""
    if value is None:
        return ""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
