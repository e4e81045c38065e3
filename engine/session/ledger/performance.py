"""Profit since the ledger began, since the day began (08:00 UTC), and from the peak.

Profit in a currency is what its equity has gained, without what came from or went to
elsewhere. Profit in USD is the sum of the profits of all currencies at their prices of
now; a stable coin counts as one dollar, and a currency without a price is left out and
named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.session.ledger.amounts import Ratio, divide

DAY_MS = 86_400_000
DAY_BEGINS_MS = 8 * 3_600_000
USD = "USD"
DOLLARS = ("USD", "USDC", "USDT")
"""Currencies that count as one dollar."""


@dataclass(slots=True)
class Track:
    """One currency's profit, in atto: now, when the day began, at its highest."""

    now: int = 0
    day: int = 0
    peak: int = 0

    def see(self, profit: int) -> None:
        """Take the profit of now."""
        self.now = profit
        self.peak = max(self.peak, profit)


@dataclass(slots=True)
class Performance:
    """Profit by currency, and in USD.

    ``base`` is the equity of a currency when the ledger began, in atto. Empty: day -1,
    no time has been told yet.
    """

    base: dict[str, int] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    usd: Track = field(default_factory=Track)
    unpriced: tuple[str, ...] = ()
    day: int = -1

    def see(
        self, equity: Mapping[str, int], usd: Mapping[str, Ratio], now_ms: int
    ) -> None:
        """Take the equity of now, without what came from elsewhere, and prices."""
        self._begin_day(now_ms)
        total, unpriced = 0, []
        for currency, amount in equity.items():
            profit = amount - self.base.setdefault(currency, amount)
            self.tracks.setdefault(currency, Track()).see(profit)
            if not profit:
                continue
            price = (1, 1) if currency in DOLLARS else usd.get(currency)
            if price is None:
                unpriced.append(currency)
            else:
                total += divide(profit * price[0], price[1])
        self.usd.see(total)
        self.unpriced = tuple(unpriced)

    def _begin_day(self, now_ms: int) -> None:
        """Count the day's profit from what was last seen, when a day has begun.

        So a loss while nobody looked, or while we were not there, is the new day's.
        """
        day = (now_ms - DAY_BEGINS_MS) // DAY_MS
        if day == self.day:
            return
        self.day = day
        for track in (self.usd, *self.tracks.values()):
            track.day = track.now

    # Across restarts.

    def dump(self) -> dict[str, Any]:
        """Return it as JSON has it; money as decimal digits."""
        return {
            "base": {c: str(n) for c, n in self.base.items()},
            "tracks": {c: _dump(track) for c, track in self.tracks.items()},
            "usd": _dump(self.usd),
            "day": self.day,
        }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take what `dump` described.

        Raises: KeyError, ValueError, TypeError when it did not.
        """
        self.base = {c: int(n) for c, n in kept["base"].items()}
        self.tracks = {c: _load(row) for c, row in kept["tracks"].items()}
        self.usd = _load(kept["usd"])
        self.day = int(kept["day"])


def _dump(track: Track) -> list[str]:
    return [str(track.now), str(track.day), str(track.peak)]


def _load(row: list[str]) -> Track:
    now, day, peak = row
    return Track(int(now), int(day), int(peak))
