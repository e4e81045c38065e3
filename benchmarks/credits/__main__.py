"""How much is lost to stale quotes at five requests a second, and by whom?

python -m benchmarks.credits --seeds 8 --json

Three ways to spend the same credits, on the same seeds: by value (the engine as it is),
and two kinds of first in, first out (``fifo.py``). Everything is virtual time, so the
numbers are the same on every machine. Excluded: processor time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

import orjson

from benchmarks.bootstrap import interval
from benchmarks.credits.market import MARKOUTS_S, WAYS, Result, Run


def against(ours: Sequence[Result], theirs: Sequence[Result]) -> dict[str, Any]:
    """Compare two ways seed by seed."""

    def ratio(picked: Sequence[int]) -> float:
        lost = sum(theirs[i].stale for i in picked)
        return sum(ours[i].stale for i in picked) / lost if lost else float("inf")

    def gained(picked: Sequence[int]) -> float:
        return fmean(ours[i].within - theirs[i].within for i in picked)

    return {
        "stale_loss_ratio": interval(ratio, len(ours)),
        "within_gained": interval(gained, len(ours)),
    }


def summary(results: dict[str, list[Result]], arguments: argparse.Namespace) -> Any:
    """Return everything that is reported."""
    return {
        "seeds": arguments.seeds,
        "first_seed": arguments.first_seed,
        "seconds": arguments.seconds,
        "vol": arguments.vol,
        "ways": {
            way: {
                "stale_loss": fmean(one.stale for one in rows),
                "loss_after": {
                    str(after): fmean(one.after[after] for one in rows)
                    for after in MARKOUTS_S
                },
                "volume": fmean(one.volume for one in rows),
                "fills": fmean(one.fills for one in rows),
                "within": fmean(one.within for one in rows),
                "first_level_within": fmean(one.inner_within for one in rows),
                "requests": fmean(one.requests for one in rows),
                "too_many_requests": sum(one.too_many for one in rows),
                "connections": sum(one.lines for one in rows),
            }
            for way, rows in results.items()
        },
        "value_against": {
            way: against(results["value"], results[way]) for way in WAYS[1:]
        },
        "runs": {
            way: [
                {key: row for key, row in asdict(one).items() if key != "after"}
                for one in rows
            ]
            for way, rows in results.items()
        },
    }


def markdown(found: Any) -> str:
    """Return the table of docs/credits.md."""
    head = ["", *found["ways"]]
    rows = [
        ("lost to stale quotes, $", "stale_loss", "{:.1f}"),
        ("fills", "fills", "{:.0f}"),
        ("traded, $", "volume", "{:,.0f}"),
        ("within tolerance", "within", "{:.1%}"),
        ("first level within tolerance", "first_level_within", "{:.1%}"),
        ("requests", "requests", "{:.0f}"),
        ("10028, all seeds", "too_many_requests", "{:d}"),
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for text, key, form in rows:
        cells = [form.format(way[key]) for way in found["ways"].values()]
        lines.append("| " + " | ".join([text, *cells]) + " |")
        if key == "stale_loss":
            for after in map(str, MARKOUTS_S):
                cells = [
                    f"{w['loss_after'][after]:.1f}" for w in found["ways"].values()
                ]
                label = f"the same, valued {after} s later"
                lines.append("| " + " | ".join([label, *cells]) + " |")
    for way, figures in found["value_against"].items():
        ratio, low, high = figures["stale_loss_ratio"]
        lines += [
            "",
            f"value / {way}: {ratio:.2f} of the loss ({low:.2f} to {high:.2f})",
        ]
        gained, low, high = figures["within_gained"]
        gained, low, high = 100 * gained, 100 * low, 100 * high
        lines[-1] += (
            f", {gained:+.1f} points within tolerance ({low:+.1f} to {high:+.1f})"
        )
    return "\n".join(lines)


def main() -> None:
    """Run every way on every seed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.credits")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="virtual time")
    parser.add_argument("--vol", type=float, default=1.0, help="of BTC, a year")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results: dict[str, list[Result]] = {way: [] for way in WAYS}
    first = arguments.first_seed
    for seed in range(first, first + arguments.seeds):
        for way in WAYS:
            one = Run(way, seed, arguments.vol).run(arguments.seconds)
            results[way].append(one)
            print(
                f"seed {seed} {way}: lost {one.stale:.1f}, within {one.within:.1%}",
                file=sys.stderr,
                flush=True,
            )
    found = summary(results, arguments)
    if arguments.json:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        print(markdown(found))


if __name__ == "__main__":
    main()
