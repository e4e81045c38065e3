"""What does each strategy make of a simulated day?

python -m benchmarks.days naive glft --seeds 1:5

Each case of ``benchmarks/days/cases`` is one strategy on the market it is meant for.
A day is 24 virtual hours of the simulated venue from one seed, the same for every
strategy of that market. Days that are done are kept in the store and not run again;
docs/days.md is made from it by ``make docs``. Time is virtual: the figures
are the same on every machine. A day takes four to twenty-five minutes of
processor time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from benchmarks.days import case, store
from benchmarks.days.run import Day, run_day
from benchmarks.days.table import markdown
from benchmarks.seeds import seeds_of

DAY_H = 24.0


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.days",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "cases",
        nargs="*",
        metavar="CASE",
        help=f"which to run: {', '.join(case.names())}; none: all",
    )
    made.add_argument(
        "--seeds", type=seeds_of, default=range(1, 5), help="a:b without b; 1:5"
    )
    made.add_argument("--hours", type=float, default=DAY_H, help="length of a day; 24")
    made.add_argument("--jobs", type=int, default=2, help="processes; 2")
    made.add_argument(
        "--store", type=Path, default=store.PATH, help="where days are kept"
    )
    made.add_argument("--again", action="store_true", help="run what is kept, too")
    made.add_argument(
        "--show", action="store_true", help="print the table of what is kept, run none"
    )
    return made


def run(
    wanted: Sequence[tuple[str, int]], hours: float, jobs: int
) -> Iterator[tuple[Day, float]]:
    """Run days over processes; yield each as it is done, with the seconds since."""
    began_s = time.monotonic()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [
            pool.submit(run_day, case.read(name), seed, hours) for name, seed in wanted
        ]
        for done in as_completed(running):
            yield done.result(), time.monotonic() - began_s


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing, keep it, print the table; 0, or 2 for a wrong argument."""
    command = parser()
    given = command.parse_args(arguments)
    names = given.cases or case.names()
    try:
        for name in names:
            case.read(name)
    except ValueError as error:
        command.error(str(error))
    kept = store.load(given.store)
    wanted = [
        (name, seed)
        for seed in given.seeds
        for name in names
        if given.again or (name, seed, given.hours) not in kept
    ]
    for count, (day, passed_s) in enumerate(
        () if given.show else run(wanted, given.hours, given.jobs), 1
    ):
        kept[day.case, day.seed, day.hours] = store.stamped(day)
        store.save(given.store, kept)
        left_s = passed_s / count * (len(wanted) - count)
        print(
            f"{count} of {len(wanted)} days: {day.case} seed {day.seed} "
            f"{day.profit:+,.2f} USD, {day.state}, {len(day.problems)} problems; "
            f"{left_s:.0f} s to go",
            file=sys.stderr,
            flush=True,
        )
    print(markdown(kept, names))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
