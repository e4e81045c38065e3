"""One frame at a time: what each costs, and the tail.

Each frame is timed alone, by the monotonic clock. The thread's own clock would leave
out who else ran meanwhile, but it is a system call: it takes as long as what is timed
here, and the frame behind it is slower for what it leaves in the caches. Who else ran
falls on few frames, and medians do not see those. What two readings of the clock cost
is taken off.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.rounds import percentile

CLOCK_SAMPLES = 20_001
SWEEP_BYTES = 48 << 20
"""Read between two frames, so that the next finds the caches full of something else."""
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
REQUESTS = 2


def bare(clock: Callable[[], int] = time.perf_counter_ns) -> list[float]:
    """Return what the clock says of nothing at all, again and again. Units: ns.

    The small ones are what reading it costs; the large ones are interruptions, and no
    code of ours can be better than they are.
    """
    costs = []
    for _ in range(CLOCK_SAMPLES):
        start = clock()
        costs.append(float(clock() - start))
    return costs


def clock_cost(clock: Callable[[], int] = time.perf_counter_ns) -> float:
    """Return what an empty reading between two readings costs. Units: ns."""
    return percentile(bare(clock), 0.5)


def own_costs(passes: Sequence[Sequence[float]]) -> list[float]:
    """Return each frame's own cost: the median over passes of the same frames.

    An interruption hits another frame in each pass; what a frame costs by itself (many
    levels, a buffer that grows) it costs every time.
    Raises: ValueError when the passes are not of the same frames.
    """
    return [median(frame) for frame in zip(*passes, strict=True)]


def each(
    frames: Sequence[bytes],
    one: Callable[[bytes], object],
    after: Callable[[], object] | None = None,
    counts: Callable[[object], bool] | None = None,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> list[float]:
    """Return the cost of every frame that counts. Units: ns.

    ``after`` runs untimed behind each frame; ``counts`` is asked about what it gave.
    """
    off = clock_cost(clock)
    costs = []
    gc.collect()
    for kept in frames:
        # As a socket does: what has just been read is near.
        frame = bytes(bytearray(kept))
        start = clock()
        given = one(frame)
        spent = clock() - start
        if counts is None or counts(given):
            costs.append(max(0.0, spent - off))
        if after is not None:
            after()
    return costs


def has_two_requests(given: object) -> bool:
    """Return whether a frame caused both requests, one a line."""
    return isinstance(given, bytes) and given.count(b"\n") == REQUESTS


def percentiles(costs: list[float]) -> dict[str, float]:
    """Return p50, p99 and p99.9."""
    return {name: percentile(costs, share) for name, share in SHARES.items()}


class Sweep:
    """Reads more memory than caches hold."""

    def __init__(self, size_bytes: int = SWEEP_BYTES) -> None:
        self._memory = bytearray(size_bytes)

    def __call__(self) -> int:
        """Go through it once."""
        return self._memory.count(1)
