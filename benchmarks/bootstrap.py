"""How sure a figure over a few paired runs is: the bootstrap."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

RESAMPLES = 10_000
TAIL = 0.025


def interval(
    figure: Callable[[Sequence[int]], float], count: int
) -> tuple[float, float, float]:
    """Return a figure over all runs, and the 95 % interval of its paired bootstrap.

    ``figure`` takes numbers of runs, 0 to ``count`` - 1, some of them repeatedly.
    """
    dice = random.Random(0)
    drawn = sorted(
        figure([dice.randrange(count) for _ in range(count)]) for _ in range(RESAMPLES)
    )
    low, high = drawn[int(TAIL * RESAMPLES)], drawn[int((1 - TAIL) * RESAMPLES)]
    return figure(range(count)), low, high
