"""Chance from a seed: the same seed, the same throws.

Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
2014 (splitmix64).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
Item = TypeVar("Item")


class Dice:
    """A stream of throws; two with different seeds have nothing to do with each other.

    Cost: O(1) per throw.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & MASK

    def throw(self) -> int:
        """Return 64 random bits."""
        self._state = (self._state + STEP) & MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return mixed ^ (mixed >> 31)

    def happens(self, probability: float) -> bool:
        """Say whether something of a probability happens this time."""
        return self.throw() < probability * (MASK + 1)

    def below(self, bound: int) -> int:
        """Return a number from 0 to bound - 1."""
        return self.throw() * bound >> 64

    def shuffled(self, items: Iterable[Item]) -> list[Item]:
        """Return the items in a random order."""
        shuffled = list(items)
        for place in range(len(shuffled) - 1, 0, -1):
            other = self.below(place + 1)
            shuffled[place], shuffled[other] = shuffled[other], shuffled[place]
        return shuffled
