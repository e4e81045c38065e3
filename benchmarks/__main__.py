"""Measure every suite, print one table, write ``bench.json`` and the plots.

python -m benchmarks [--quick] [--only SUITE,...] [--out DIR] [--fastmm PYTHON]

A full run writes docs/benchmarks, which docs/benchmarks.md shows; a quick one or a part
writes build/bench.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from benchmarks.figures import Goal, Missing, Run, row, table
from benchmarks.machine import load, machine
from benchmarks.suites import SUITES

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "docs" / "benchmarks"
SCRATCH = ROOT / "build" / "bench"


def collect(names: list[str], run: Run) -> tuple[dict[str, dict[str, Any]], bool]:
    """Return the figures of some suites in order, and whether all of them ended well.

    A suite that fails loses its own rows only.
    """
    figures: dict[str, dict[str, Any]] = {}
    went_well = True
    for name in names:
        suite = importlib.import_module(SUITES[name])
        goals: dict[str, Goal] = {goal.key: goal for goal in suite.GOALS}
        for key, goal in goals.items():
            figures[key] = row(goal, Missing(key, "its suite did not get there"))
        try:
            for found in suite.measure(run):
                figures[found.key] = row(goals[found.key], found)
        except Exception:
            went_well = False
            print(f"suite {name} failed:", file=sys.stderr)
            traceback.print_exc()
    return figures, went_well


def write(folder: Path, report: dict[str, Any], run: Run) -> None:
    """Write ``bench.json`` and, where matplotlib is installed, the plots."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    (folder / "bench.json").write_text(text + "\n")
    try:
        from benchmarks.plots import draw
    except ImportError as error:
        print(f"no plots: {error}", file=sys.stderr)
    else:
        draw(report["figures"], run.series, folder)


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="fewer frames and rounds")
    parser.add_argument("--only", default="", metavar="SUITE,...", help=str([*SUITES]))
    parser.add_argument("--out", type=Path, metavar="DIR")
    parser.add_argument("--fastmm", type=Path, metavar="PYTHON")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args(argv)
    arguments.names = arguments.only.split(",") if arguments.only else [*SUITES]
    unknown = sorted(set(arguments.names) - set(SUITES))
    if unknown:
        parser.error(f"--only {unknown[0]}: the suites are {', '.join(SUITES)}")
    is_part = arguments.quick or arguments.only
    arguments.out = arguments.out or (SCRATCH if is_part else PUBLISHED)
    return arguments


def main(argv: list[str]) -> int:
    """Run it; 1 when a suite failed."""
    arguments = parse(argv)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    run = Run(SCRATCH, arguments.quick, arguments.seed, arguments.fastmm)
    report: dict[str, Any] = {
        "started": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "command": " ".join(["python -m benchmarks", *argv]),
        "machine": machine(),
        "load_before": load(),
        "quick": arguments.quick,
    }
    figures, went_well = collect(arguments.names, run)
    report |= {"load_after": load(), "figures": figures}
    write(arguments.out, report, run)
    print(table(figures))
    print(f"\n{report['command']}: {report['started']}, load {report['load_before']}")
    print(", ".join(f"{key} {value}" for key, value in report["machine"].items()))
    return 0 if went_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
