"""Signals, the slow way: the whole history is kept, and every value summed anew.

Times in nanoseconds, prices in ticks, sizes in lots; a touch is
``(now_ns, bid, bid_lots, ask, ask_lots)``, None where the book was cut.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Touch = tuple[int, int, int, int, int]
NS = 1_000_000_000


def order_flow(touches: Sequence[Touch | None], now_ns: int, tau_s: float) -> float:
    """Return the sum of e_n of Cont, Kukanov and Stoikov, each discounted by age."""
    total = 0.0
    for before, after in pairwise(touches):
        if before is None or after is None:
            continue
        _, bid0, bid_lots0, ask0, ask_lots0 = before
        at_ns, bid, bid_lots, ask, ask_lots = after
        event = (
            (bid_lots if bid >= bid0 else 0)
            - (bid_lots0 if bid <= bid0 else 0)
            - (ask_lots if ask <= ask0 else 0)
            + (ask_lots0 if ask >= ask0 else 0)
        )
        total += event * math.exp(-(now_ns - at_ns) / NS / tau_s)
    return total


def average(
    pieces: Sequence[tuple[int, int, float]], now_ns: int, tau_s: float
) -> float:
    """Return the mean of a step function with exponential weights by age.

    ``pieces`` are ``(from_ns, to_ns, value)``.
    """
    top = bottom = 0.0
    for from_ns, to_ns, value in pieces:
        weight = math.exp(-(now_ns - to_ns) / NS / tau_s) - math.exp(
            -(now_ns - from_ns) / NS / tau_s
        )
        top += weight * value
        bottom += weight
    return top / bottom
