"""Waits that grow and differ from run to run, yet are the same in every replay."""

from __future__ import annotations

_MASK = (1 << 64) - 1


class Jitter:
    """A small seeded generator for back-off times.

    Source: splitmix64, Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def next_u64(self) -> int:
        """Return the next 64 random bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def backoff_ns(self, attempt: int, base_ns: int, cap_ns: int) -> int:
        """Return a wait that doubles with each attempt, between half and all of it.

        Units: nanoseconds; attempt counts from 0.
        """
        full = min(cap_ns, base_ns << min(attempt, 40))
        return full - self.next_u64() % (full // 2 + 1)
