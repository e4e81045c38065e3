"""Count instructions and compare them with the baseline; 1 when a figure is worse.

python -m benchmarks.regress            compare
python -m benchmarks.regress --accept   make what is counted the new baseline
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.native.build import loops
from benchmarks.regress import rooms
from benchmarks.regress.baseline import accept, choose, compare, read
from benchmarks.regress.counts import CannotCountError, dumped, per_unit, toolchain


def main(argv: list[str]) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regress")
    parser.add_argument("--accept", action="store_true", help="a new baseline")
    arguments = parser.parse_args(argv)
    try:
        loops()
        found = dumped()
    except (CannotCountError, ImportError) as error:
        print(f"regress: skipped, nothing was compared: {error}")
        return 0
    counts = per_unit({name: total for name, (total, _) in found.items()})
    here = toolchain()
    before, tolerance, line = choose(read(), here)
    verdicts = compare(counts, before, tolerance)
    print(f"instructions a frame (metric: an update), {line}")
    for one in verdicts:
        was = "" if one.before is None else f"{one.before:>10,.0f}"
        print(f"  {one.figure:<16} {one.counted:>10,.0f} {was:>10}  {one.words}")
    gone = sorted(set(before) - set(counts))
    if gone:
        print(f"  in the baseline, not counted: {', '.join(gone)}")
    if arguments.accept:
        accept(counts, here)
        rooms.accept(rooms.split({name: text for name, (_, text) in found.items()}))
        print("taken up as the baseline of this toolchain")
        return 0
    worse = [one.figure for one in verdicts if one.is_worse]
    if worse or gone:
        print("regress: mend it, or say why in the commit and: make regress ACCEPT=1")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
