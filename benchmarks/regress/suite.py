"""Instruction counts as rows of the table: no load of the machine moves them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import Found, Goal, Kind, Missing, Run
from benchmarks.native.build import loops
from benchmarks.regress.counts import CannotCountError, count


def _told(figure: str, title: str) -> Goal:
    return Goal(f"instructions_{figure}", title, unit="instr.")


GOALS = (
    Goal(
        "instructions_touch_raw",
        "instructions, bytes → touch, a `raw` frame",
        Kind.AT_MOST,
        2_000,
        1_300,
        unit="instr.",
    ),
    _told("touch_100ms", "… a `100ms` frame"),
    _told("levels_raw", "… bytes → levels, `raw`"),
    _told("levels_100ms", "… bytes → levels, `100ms`"),
    _told("book_raw", "… levels → book, a `raw` frame"),
    _told("book_100ms", "… levels → book, a `100ms` frame"),
    _told("orders_raw", "… bytes → two order requests, complete"),
    _told("orders_core_raw", "… bytes → two order requests, without the journal"),
    _told("wire_raw", "… finding a `raw` frame in what the socket gave"),
    _told("journal_raw", "… journaling a `raw` frame"),
    _told("metric", "… one histogram update, a random number included"),
)


def measure(_run: Run) -> Iterator[Found | Missing]:
    """Count once; the counts are the same every time."""
    try:
        loops()
        counts = count()
    except (CannotCountError, ImportError) as error:
        yield from (Missing(goal.key, str(error)) for goal in GOALS)
        return
    for goal in GOALS:
        yield Found(goal.key, counts[goal.key.removeprefix("instructions_")])
