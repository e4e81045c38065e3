"""The tables of docs/days.md, from the days that are kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from benchmarks.bootstrap import interval
from benchmarks.days import case
from benchmarks.days.store import Key

HOURS = 24
HOURS_ENOUGH = 8
"""With fewer, a profit for its risk says nothing."""
HORIZONS = ("0s", "1s", "10s", "60s")
MONEY = ("spread", "inventory", "hedging", "funding", "rest", "fees")

Row = Mapping[str, Any]


def markdown(kept: Mapping[Key, Row], names: Iterable[str]) -> str:
    """Return the tables of the cases that have days, the longest days first.

    Empty: nothing is kept.
    """
    wanted = list(names)
    lengths = sorted({hours for name, _, hours in kept if name in wanted}, reverse=True)
    return "\n\n".join(
        f"### Of {hours:g} hours each\n\n{_of_length(kept, wanted, hours)}"
        for hours in lengths
    )


def _of_length(kept: Mapping[Key, Row], names: Iterable[str], hours: float) -> str:
    days = {}
    for name in names:
        keys = sorted(key for key in kept if key[0] == name and key[2] == hours)
        if keys:
            days[name] = [kept[key] for key in keys]
    parts = [money(days), comparisons(days), behaviour(days), markouts(days)]
    return "\n\n".join(part for part in parts if part)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, the first column of text and the others of numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def hourly(rows: Sequence[Row]) -> list[float]:
    """Return the profit of every hour of every day."""
    return [profit for row in rows for profit in row["hourly"]]


def adjusted(profits: Sequence[float]) -> float:
    """Return a day's profit for its risk: of hours, the mean by the deviation.

    Empty: 0 where nothing moved.
    """
    deviation = stdev(profits) if len(profits) > 1 else 0.0
    return fmean(profits) / deviation * math.sqrt(HOURS) if deviation else 0.0


def money(days: Mapping[str, Sequence[Row]]) -> str:
    """Return what each made of a day, and where it came from."""
    head = ("strategy", "days", "profit", "± error", "of an hour, deviation")
    rows = []
    for name, found in days.items():
        profits = [sum(row["hourly"]) for row in found]
        error = stdev(profits) / math.sqrt(len(profits)) if len(profits) > 1 else None
        parts = {part: fmean(_part(row, part) for row in found) for part in MONEY}
        hours = hourly(found)
        rows.append(
            [
                f"[{name}](../benchmarks/days/cases/{name}.toml)",
                f"{len(found)}",
                f"{fmean(profits):,.2f}",
                "" if error is None else f"{error:,.2f}",
                f"{stdev(hours) if len(hours) > 1 else 0.0:,.2f}",
                f"{adjusted(hours):+.2f}" if len(hours) >= HOURS_ENOUGH else "",
                *(f"{parts[part]:,.2f}" for part in MONEY),
            ]
        )
    return grid((*head, "for its risk", *MONEY), rows)


def _part(row: Row, part: str) -> float:
    parts = row["parts"]
    if part == "rest":
        return float(parts["mark"] + parts["other"])
    return float(-parts[part] if part == "fees" else parts[part])


def behaviour(days: Mapping[str, Sequence[Row]]) -> str:
    """Return what each did in a day, all its instruments together."""
    head = (
        "strategy",
        "fills",
        "filled of placed",
        "largest position, $",
        "both sides",
    )
    rows = []
    for name, found in days.items():
        each = [one for row in found for one in row["instruments"].values()]
        placed, filled = _placed(each)
        watched = sum(one["presence"]["watched_s"] for one in each)
        both = sum(one["presence"]["both_s"] for one in each)
        hours = sum(row["hours"] for row in found)
        kinds = ("new", "edit", "cancel")
        rows.append(
            [
                name,
                f"{sum(one['fills'] for one in each) / len(found):,.0f}",
                f"{filled / placed:.1%}" if placed else "",
                f"{max(max(row['largest'].values()) for row in found):,.0f}",
                f"{both / watched:.1%}" if watched else "",
                *(
                    f"{sum(one['requests'].get(kind, 0) for one in each) / hours:,.0f}"
                    for kind in kinds
                ),
            ]
        )
    return grid((*head, "new, an hour", "edits", "cancels"), rows)


def _placed(each: Iterable[Row]) -> tuple[float, float]:
    levels = [
        level for one in each for side in one["levels"].values() for level in side
    ]
    return sum(level[2] for level in levels), sum(level[4] for level in levels)


def markouts(days: Mapping[str, Sequence[Row]]) -> str:
    """Return what fills were worth later, ticks of the first instrument."""
    rows = []
    for name, found in days.items():
        first = case.read(name).instruments[0]
        for who in ("maker", "taker"):
            cells = [
                _markout([row["instruments"][first] for row in found], who, horizon)
                for horizon in HORIZONS
            ]
            if any(cells):
                rows.append([f"{name}, {who}", first, *cells])
    return grid(("strategy", "instrument", "at once", "1 s", "10 s", "60 s"), rows)


def _markout(each: Sequence[Row], who: str, horizon: str) -> str:
    """Return mean ± standard error over all days, a day weighing as its fills."""
    found = [one["markouts"][who][horizon] for one in each if who in one["markouts"]]
    fills = sum(one["fills"] for one in found)
    if not fills:
        return ""
    mean = sum(one["fills"] * one["ticks"] for one in found) / fills
    squares = sum((one["fills"] * (one["ticks_error"] or 0.0)) ** 2 for one in found)
    return f"{mean:+.1f} ± {math.sqrt(squares) / fills:.1f}"


def comparisons(days: Mapping[str, Sequence[Row]]) -> str:
    """Return each case against the one it names, hour by hour of the same seeds."""
    rows = []
    for name, found in days.items():
        other = case.read(name).against
        by_seed = {row["seed"]: row for row in days.get(other, ())}
        pairs = [(row, by_seed[row["seed"]]) for row in found if row["seed"] in by_seed]
        ours = hourly([one for one, _ in pairs])
        theirs = hourly([one for _, one in pairs])
        if len(ours) < HOURS_ENOUGH:
            continue
        better, low, high = interval(
            lambda picked, ours=ours, theirs=theirs: adjusted(
                [ours[i] for i in picked]
            ) - adjusted([theirs[i] for i in picked]),
            len(ours),
        )  # fmt: skip
        rows.append(
            [
                name,
                other,
                f"{len(ours)}",
                f"{adjusted(ours):+.2f}",
                f"{adjusted(theirs):+.2f}",
                f"{better:+.2f} ({low:+.2f} to {high:+.2f})",
            ]
        )
    if not rows:
        return ""
    head = ("strategy", "against", "hours", "for its risk", "the other")
    return grid((*head, "better by (95 %)"), rows)
