"""The tables of docs/days.md, from the days that are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from benchmarks.bootstrap import interval
from benchmarks.days import case
from benchmarks.days.store import Key

HOURS = 24
HOURS_ENOUGH = 8
"""With fewer, a profit for its risk says nothing."""
AVERSION = 5.6e-3
"""Aversion to risk of who judges a day, 1/$: that of the case ``glft``, whose gamma of
3.5e-7 is for a lot of 10 $ and a tick of 0.5 $ at 80,000 $. A day's deviation of 100 $
costs 28 $ then."""
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


def moments(profits: Sequence[float]) -> tuple[float, float]:
    """Return mean and variance. Empty: a variance of 0 for fewer than two."""
    count = len(profits)
    mean = sum(profits) / count
    if count < 2:
        return mean, 0.0
    return mean, sum((profit - mean) ** 2 for profit in profits) / (count - 1)


def adjusted(profits: Sequence[float]) -> float:
    """Return a day's profit for its risk: of hours, the mean by the deviation.

    Empty: 0 where nothing moved.
    """
    mean, variance = moments(profits)
    return mean / math.sqrt(variance) * math.sqrt(HOURS) if variance else 0.0


def worth(profits: Sequence[float]) -> float:
    """Return what a day is worth to the averse, $: mean less half AVERSION x variance.

    It is the certainty equivalent of an exponential utility where profits are normal,
    which is what the calculators maximise (Avellaneda and Stoikov 2008, section 2).
    """
    mean, variance = moments(profits)
    return HOURS * (mean - AVERSION / 2.0 * variance)


def money(days: Mapping[str, Sequence[Row]]) -> str:
    """Return what each made of a day, and where it came from."""
    head = ("strategy", "days", "profit", "± error", "of an hour, deviation", "worst")
    rows = []
    for name, found in days.items():
        profits = [sum(row["hourly"]) for row in found]
        mean, variance = moments(profits)
        error = math.sqrt(variance / len(profits)) if len(profits) > 1 else None
        parts = {part: fmean(_part(row, part) for row in found) for part in MONEY}
        hours = hourly(found)
        rows.append(
            [
                f"[{name}](../benchmarks/days/cases/{name}.toml)",
                f"{len(found)}",
                f"{mean:,.2f}",
                "" if error is None else f"{error:,.2f}",
                f"{math.sqrt(moments(hours)[1]):,.2f}",
                f"{min(hours):,.2f}",
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
        if len(ours) >= HOURS_ENOUGH:
            cells = [
                *_better(adjusted, ours, theirs, "+.2f"),
                *_better(worth, ours, theirs, "+,.0f"),
            ]
            rows.append([name, other, f"{len(ours)}", *cells])
    if not rows:
        return ""
    better = "better by (95 %)"
    head = ("strategy", "against", "hours", "for its risk", "the other", better)
    return grid((*head, "worth of a day, $", "the other", better), rows)


def _better(
    measure: Callable[[Sequence[float]], float],
    ours: Sequence[float],
    theirs: Sequence[float],
    form: str,
) -> list[str]:
    """Return ours, theirs, and the difference with its interval, as cells."""
    better, low, high = interval(
        lambda picked: (
            measure([ours[i] for i in picked]) - measure([theirs[i] for i in picked])
        ),
        len(ours),
    )
    return [
        f"{measure(ours):{form}}",
        f"{measure(theirs):{form}}",
        f"{better:{form}} ({low:{form}} to {high:{form}})",
    ]
