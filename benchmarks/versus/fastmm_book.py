"""fastmm-engine's order book (C++), from Python tuples, in an environment of its own.

Run by the other Python as a script: ``fastmm_book.py FRAMES``, a file with a snapshot
and changes, one a line; prints nanoseconds a level and the touch. It keeps 256 levels a
side and drops the rest, and has no entry that takes bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

TIMEOUT_S = 120.0


def rows(path: Path) -> list[tuple[list[tuple[float, float]], ...]]:
    """Read the frames as bids and asks of (price, amount)."""
    found = []
    for line in path.read_bytes().splitlines():
        data = json.loads(line)["params"]["data"]
        found.append(
            tuple(
                [(price, amount) for _, price, amount in data[name]]
                for name in ("bids", "asks")
            )
        )
    return found


def main(path: Path) -> None:
    """Time one pass; print it."""
    import fastmm

    snapshot, *changes = rows(path)
    levels = sum(len(bids) + len(asks) for bids, asks in changes)
    book = fastmm.OrderBook()
    book.apply_snapshot(*snapshot)
    start = time.process_time_ns()
    for bids, asks in changes:
        book.apply_delta(bids, asks)
        book.best_bid()
        book.best_ask()
    spent = time.process_time_ns() - start
    touch = [float(side[0]) for side in (book.best_bid(), book.best_ask())]
    print(json.dumps({"ns": spent, "levels": levels, "touch": touch}))


def measured(python: Path, frames: Path) -> dict[str, object]:
    """Return what the other Python measured.

    Raises: RuntimeError with its last words when it failed.
    """
    done = subprocess.run(
        [str(python), __file__, str(frames)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return json.loads(done.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
