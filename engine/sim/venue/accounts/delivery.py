"""The delivery price of an index: its average over the half hour before expiry.

Every day at 08:00 UTC the average of 450 samples, one every four seconds from 07:30:04
to 08:00:00, is fixed; what expires is paid at it. An index holds still between its
updates, so the samples that fall due in between are counted when it next moves.
Source: support.deribit.com, delivery price, seen 2026-09; docs.deribit.com,
estimated_expiration_price, 2026-08-22.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from engine.sim.venue.products.calendar import DAY_MS, SETTLEMENT_MS, settlement_day
from engine.sim.venue.units import divide, round_ref

WINDOW_MS = 30 * 60_000
SAMPLE_MS = 4_000
SAMPLES = WINDOW_MS // SAMPLE_MS
PRICES_MAX = 1_000


class Estimate(NamedTuple):
    """What the next delivery price looks like.

    Units: price in 1e-8, seconds to the end, samples left. Empty: ``fixed`` False =
    nothing of it is fixed yet, the price is the index.
    """

    ref: int
    fixed: bool
    seconds: int
    left: int


class Delivery:
    """The averaging of one index and the prices it came to.

    Units: prices in 1e-8. ``prices`` holds (day of the epoch, price), oldest first.
    """

    def __init__(self, decimals: int, now_ms: int) -> None:
        self._decimals = decimals
        self._end_ms = next_settlement_ms(now_ms)
        self._sum = self._count = 0
        self.prices: deque[tuple[int, int]] = deque(maxlen=PRICES_MAX)

    def advance(self, now_ms: int, ref: int) -> None:
        """Count the samples due until now, at the price that held since the last."""
        due = (now_ms - self._end_ms + WINDOW_MS) // SAMPLE_MS
        more = min(max(due, 0), SAMPLES) - self._count
        self._sum += more * ref
        self._count += more

    def fix(self, now_ms: int, ref: int) -> int:
        """Fix the price, begin with the next day's and return it."""
        self.advance(now_ms, ref)
        price = round_ref(divide(self._sum, self._count), self._decimals)
        self.prices.append((self._end_ms // DAY_MS, price))
        self._end_ms += DAY_MS
        self._sum = self._count = 0
        return price

    def estimate(self, now_ms: int, ref: int) -> Estimate:
        """Return the average so far, the index before there is one."""
        seconds = max(self._end_ms - now_ms, 0) // 1_000
        if not self._count:
            return Estimate(ref, False, seconds, SAMPLES)
        average = round_ref(divide(self._sum, self._count), self._decimals)
        return Estimate(average, True, seconds, SAMPLES - self._count)

    def open_share(self, expiry_ms: int) -> float:
        """Return how much of an expiry's price still moves with the index, 0 to 1."""
        if expiry_ms == self._end_ms:
            return 1.0 - self._count / SAMPLES
        return 1.0 if expiry_ms > self._end_ms else 0.0

    def blend(self, expiry_ms: int, ref: int) -> int:
        """Return what an expiry will be paid at if nothing moves from ``ref``."""
        if expiry_ms == self._end_ms:
            left = SAMPLES - self._count
            return divide(self._sum + left * ref, SAMPLES)
        day = expiry_ms // DAY_MS
        if self.prices and self.prices[-1][0] == day:
            return self.prices[-1][1]
        return ref


def next_settlement_ms(now_ms: int) -> int:
    """Return the first settlement (08:00 UTC) after a time."""
    return (settlement_day(now_ms) + 1) * DAY_MS + SETTLEMENT_MS
