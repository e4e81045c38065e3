"""What a million frames leave behind: objects, and work for the garbage collector."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

WARM_TIMES = 2


def left_behind(play: Callable[[], object], times: int) -> tuple[int, int]:
    """Play again and again; return blocks that stay allocated, and collections.

    Played before anything is counted: what is made once is not left by frames.
    """
    for _ in range(WARM_TIMES):
        play()
    gc.collect()
    # The collector has emptied the interpreter's stores of used lists and the like.
    play()
    passes = sum(one["collections"] for one in gc.get_stats())
    blocks = sys.getallocatedblocks()
    # The first reading is a block itself; the second finds it there.
    blocks = sys.getallocatedblocks()
    for _ in range(times):
        play()
    blocks = sys.getallocatedblocks() - blocks
    passes = sum(one["collections"] for one in gc.get_stats()) - passes
    return blocks, passes
