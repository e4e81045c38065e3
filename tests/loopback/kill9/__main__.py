"""``make kill9``: kill the engine again and again, at random moments.

    python -m tests.loopback.kill9 --runs 1000 --seed 1

Prints one line a cycle in fifty and a table at the end. Exit code 1 with what broke,
where its journals are, and how to have it again; moments of real processes do not
repeat exactly, the journals do.
"""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.loopback.kill9.ordeal import Tally, ordeal
from tests.loopback.kill9.watcher import Broken

SAY_EVERY = 50


def table(runs: int, seed: int, tally: Tally, seconds: float) -> str:
    """Return the outcome in words and numbers."""
    kills = ", ".join(f"{n} {state}" for state, n in sorted(tally.kills.items()))
    recovery_s = tally.recovery_s / max(1, tally.recoveries)
    rows = [
        ("kill -9", f"{sum(tally.kills.values())} ({kills})"),
        ("recoveries compared with the venue", str(tally.recoveries)),
        ("start to recovered", f"{recovery_s:.2f} s, at most {tally.slowest_s:.2f} s"),
        ("fills, each booked once", str(tally.fills)),
        ("of them while no engine was recovered", str(tally.fills_alone)),
        ("torn checkpoints", str(tally.torn)),
        ("looks at the exposure", f"{tally.looks}, at most {tally.worst:g} USD"),
        ("time", f"{seconds:.0f} s, {seconds / max(1, runs):.2f} s a cycle"),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    return "\n".join([f"kill9: seed {seed}", *lines])


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="kill9", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=None, metavar="N")
    args = parser.parse_args()
    seed = secrets.randbits(31) if args.seed is None else args.seed
    folder = Path(tempfile.mkdtemp(prefix="kill9-"))
    started_s = time.monotonic()
    latest = Tally()

    def say(number: int, tally: Tally) -> None:
        nonlocal latest
        latest = tally
        if number % SAY_EVERY == 0:
            seconds = time.monotonic() - started_s
            print(
                f"{number} of {args.runs}: {tally.fills} fills, {seconds:.0f} s",
                flush=True,
            )

    try:
        asyncio.run(ordeal(args.runs, seed, folder, say))
    except Broken as error:
        print(table(args.runs, seed, latest, time.monotonic() - started_s))
        print(f"BROKEN: {error}")
        print(f"journals, log and checkpoints: {folder}")
        print(f"again: make kill9 RUNS={args.runs} SEED={seed}")
        return 1
    print(table(args.runs, seed, latest, time.monotonic() - started_s))
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
