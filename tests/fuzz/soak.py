"""``make soak-fuzz``: ten million streams and ten million frames, or one of them again.

Usage: python -m tests.fuzz.soak [KIND ...] [--cases N] [--first SEED] [--jobs J]
       python -m tests.fuzz.soak KIND:SEED

KIND is one of `tests.fuzz.cases.CASES`. A case that differs is printed with the one
command that repeats it, and the run goes on; the exit code is 1 when any differed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context

from tests.fuzz.cases import CASES

CASES_COUNT = 10_000_000
BLOCK = 10_000  # cases a process takes at once
PROGRESS_S = 15.0
DIFFERENCES_MAX = 50

Block = tuple[str, int, int]
Result = tuple[Counter[str], dict[int, str]]


def run_block(block: Block) -> Result:
    """Run a kind's cases from a seed up to another; return ends and differences."""
    kind, first, end = block
    case = CASES[kind]
    ends: Counter[str] = Counter()
    differing: dict[int, str] = {}
    for seed in range(first, end):
        try:
            ends[case(seed)] += 1
        except Exception as error:
            # A case may fail in any way; the others have still to be run.
            differing[seed] = f"{type(error).__name__}: {error}"
    return ends, differing


def results(blocks: list[Block], jobs: int) -> Iterator[Result]:
    """Run blocks, over processes when there are to be several."""
    if jobs == 1:
        yield from map(run_block, blocks)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(run_block, blocks)


def soak(kind: str, seeds: range, jobs: int, block: int = BLOCK) -> int:
    """Run cases and say how it goes; return how many differed."""
    blocks = [
        (kind, first, min(first + block, seeds.stop))
        for first in range(seeds.start, seeds.stop, block)
    ]
    began_s = told_s = time.monotonic()
    ends: Counter[str] = Counter()
    done = differing = 0
    for found, wrong in results(blocks, jobs):
        ends += found
        differing += len(wrong)
        done += found.total() + len(wrong)
        for seed, problem in wrong.items():
            print(f"DIFFERENT {kind} {seed}: {problem[:2_000]}")
            print(f"    make soak-fuzz CASE={kind}:{seed}", flush=True)
        now_s = time.monotonic()
        if now_s - told_s >= PROGRESS_S or done == len(seeds):
            told_s = now_s
            rate = done / (now_s - began_s)
            print(
                f"{kind}: {done:,} of {len(seeds):,} cases from seed {seeds.start}, "
                f"{differing} differences, {rate:,.0f} a second, "
                f"{(len(seeds) - done) / rate:,.0f} s to go",
                flush=True,
            )
        if differing >= DIFFERENCES_MAX:
            break
    print(f"{kind}: " + ", ".join(f"{end} {n:,}" for end, n in ends.most_common()))
    return differing


def main(words: list[str] | None = None) -> int:
    """Read the command line and run; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND[:SEED]")
    parser.add_argument("--cases", type=int, default=CASES_COUNT)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args(words)
    differing = 0
    for word in args.kinds or CASES:
        kind, colon, seed = word.partition(":")
        if kind not in CASES:
            parser.error(f"{kind!r}: the kinds are {', '.join(CASES)}")
        first = int(seed) if colon else args.first
        seeds = range(first, first + 1) if colon else range(first, first + args.cases)
        differing += soak(kind, seeds, args.jobs)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
