"""From a tape to numbers: time by spread, depths of taker orders, blocks of time."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from engine.calibrate.stats import BLOCKS_MAX
from engine.calibrate.tape import Tape

PER_BLOCK_MIN = 5
"""Taker orders in a block, on average, for its count to say something."""


@dataclass(frozen=True, slots=True)
class Take:
    """One taker order and the touch it met.

    Units: ms since epoch; covered_s of readable book before it; place of its touch on
        the tape; side +1 a buyer, -1 a seller; spread in ticks; depth in half ticks
        from the mid.
    """

    ms: int
    covered_s: float
    place: int
    side: int
    spread: int
    depth: int


class Session:
    """A tape with the time worked out during which its book could be read.

    Blocks are cut from that time alone: what was not recorded is in none of them.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.covered_s = array("d")
        """Readable time before each touch."""
        self.breaks = array("q")
        """Unreadable touches up to each one."""
        self.spread_seconds: dict[int, float] = {}
        self.seconds = 0.0
        self.unseen = 0
        """Taker orders for which no book could be read."""
        self.inside = 0
        """Of the others: those that traded nearer than the touch, which was old."""
        self._cover()
        self.takes = list(self._meet())

    def _cover(self) -> None:
        tape, breaks = self.tape, 0
        for place, ms in enumerate(tape.touch_ms):
            self.covered_s.append(self.seconds)
            spread = tape.asks[place] - tape.bids[place]
            breaks += spread <= 0
            self.breaks.append(breaks)
            if spread > 0 and place + 1 < len(tape.touch_ms):
                held_s = (tape.touch_ms[place + 1] - ms) / 1000
                self.seconds += held_s
                held_s += self.spread_seconds.get(spread, 0.0)
                self.spread_seconds[spread] = held_s

    def _meet(self) -> Iterator[Take]:
        """Yield the taker orders with the touch that stood just before each."""
        tape = self.tape
        for ms, side, ticks in zip(
            tape.take_ms, tape.take_sides, tape.take_ticks, strict=True
        ):
            place = tape.at(ms)
            if place < 0 or tape.asks[place] <= tape.bids[place] or ms > tape.heard_ms:
                self.unseen += 1
                continue
            bid, ask = tape.bids[place], tape.asks[place]
            depth = side * (2 * ticks - bid - ask)
            spread = ask - bid
            if depth < spread:
                # The touch had moved already: the order took what stood there then.
                self.inside += 1
                depth = spread
            covered_s = self.covered_s[place] + (ms - tape.touch_ms[place]) / 1000
            yield Take(ms, covered_s, place, side, spread, depth)

    def orders(self) -> Counter[tuple[int, int]]:
        """Return how many taker orders met which spread and reached which depth."""
        return Counter((take.spread, take.depth) for take in self.takes)

    def block(self, covered_s: float, blocks: int) -> int:
        """Return which of so many equal blocks a time falls into."""
        return min(blocks - 1, int(covered_s / self.seconds * blocks))

    def blocks(self) -> list[Counter[int]]:
        """Return the depths in blocks of equal time; none when orders are few."""
        n = min(BLOCKS_MAX, len(self.takes) // PER_BLOCK_MIN)
        blocks: list[Counter[int]] = [Counter() for _ in range(n)]
        for take in self.takes if n else ():
            blocks[self.block(take.covered_s, n)][take.depth] += 1
        return blocks

    def mid_after(self, place: int, ms: int) -> int | None:
        """Return bid + ask as it stood at ``ms``, the recording unbroken till then.

        Units: half ticks. Empty: None when the tape broke, or ended before.
        """
        tape = self.tape
        later = bisect_right(tape.touch_ms, ms) - 1
        if ms > tape.heard_ms or self.breaks[later] != self.breaks[place]:
            return None
        return tape.bids[later] + tape.asks[later]
