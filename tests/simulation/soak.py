"""``make soak SEEDS=a:b`` and ``make sim SEED=n``: the swarm for hours, or one seed.

Usage: python -m tests.simulation.soak SEEDS [--seconds S] [--jobs N] [--stop] [--trace]
       [--products]

SEEDS is one number or ``a:b``, b not included. A failing seed is printed with the one
command that repeats it, and the run goes on unless ``--stop`` is given; the exit code
is 1 when any failed. ``--trace`` prints what a seed stands for and the last events
before it failed. ``--products`` runs over dated futures and options, too.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

from benchmarks.seeds import seeds_of
from tests.simulation.swarm.products import draw_products
from tests.simulation.swarm.run import Run, Verdict, judge, run_seed
from tests.simulation.swarm.telling import tell

SECONDS = 600.0
LAST_EVENTS = 60
PROGRESS_S = 15.0
AHEAD = 4  # seeds given out per process before one comes back
FAILURES_MAX = 200


def command(verdict: Verdict) -> str:
    """Return the one command that repeats a run."""
    length = "" if verdict.seconds == SECONDS else f" SECONDS={verdict.seconds:g}"
    products = " ARGS=--products" if verdict.products else ""
    return f"make sim SEED={verdict.seed}{length}{products}"


def one(seed: int, seconds: float, products: bool) -> Verdict:
    """Run a seed and give back its memory.

    What a run leaves are few objects in cycles, each with megabytes of C memory behind
    it: too few for the collector to begin by itself.
    """
    verdict = run_seed(seed, seconds, products)
    gc.collect()
    return verdict


def verdicts(
    seeds: Iterable[int], seconds: float, jobs: int, products: bool = False
) -> Iterator[Verdict]:
    """Run seeds over processes; yield each verdict as it comes."""
    if jobs == 1:
        for seed in seeds:
            yield one(seed, seconds, products)
        return
    waiting = iter(seeds)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running: set[Future[Verdict]] = set()
        while True:
            while len(running) < AHEAD * jobs:
                seed = next(waiting, None)
                if seed is None:
                    break
                running.add(pool.submit(one, seed, seconds, products))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def soak(
    seeds: range, seconds: float, jobs: int, stop: bool, products: bool = False
) -> int:
    """Run a range and say how it goes; return the number of failures."""
    began_s = told_s = time.monotonic()
    failures = 0
    for count, verdict in enumerate(verdicts(seeds, seconds, jobs, products), 1):
        if verdict.problem:
            failures += 1
            print(f"FAILED seed {verdict.seed}: {verdict.problem[:600]}")
            print(f"    {command(verdict)}", flush=True)
            if stop or failures >= FAILURES_MAX:
                break
        now_s = time.monotonic()
        if now_s - told_s >= PROGRESS_S or count == len(seeds):
            told_s = now_s
            pace_s = (now_s - began_s) / count
            left_s = pace_s * (len(seeds) - count)
            print(
                f"{count} of {len(seeds)} seeds of {seconds:g} virtual s, "
                f"{failures} failed, {pace_s:.2f} s each, {left_s:.0f} s to go",
                flush=True,
            )
    return failures


def trace(seed: int, seconds: float, events: int, products: bool) -> int:
    """Run one seed and print what happened last; return 1 when it failed."""
    run = Run(seed, seconds, draw_products(seed) if products else None)
    print(run.setup.text())
    verdict = judge(run)
    for engine in run.engines:
        if len(run.engines) > 1:
            print(f"the engine on {engine.account}:")
        print("\n".join(tell(list(engine.watch.trace)[-events:])))
    print(f"facts: {verdict.facts}")
    print(f"FAILED seed {seed}: {verdict.problem}" if verdict.problem else "held")
    return 1 if verdict.problem else 0


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.soak")
    parser.add_argument("seeds", type=seeds_of, help="a seed, or a:b without b")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="virtual length")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--stop", action="store_true", help="end at the first failure")
    parser.add_argument("--trace", action="store_true", help="show one seed's events")
    parser.add_argument("--events", type=int, default=LAST_EVENTS, help="how many")
    parser.add_argument("--products", action="store_true", help="of every kind")
    given = parser.parse_args(arguments)
    if given.trace:
        return trace(given.seeds[0], given.seconds, given.events, given.products)
    failed = soak(given.seeds, given.seconds, given.jobs, given.stop, given.products)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
