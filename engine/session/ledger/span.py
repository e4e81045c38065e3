"""Cash as far as it is known: between two bounds.

What we compute ourselves is exact. What the venue only prints (funding) is known to
half of 1e-8, and so is cash after it was paid. A printed balance that can be true
narrows the bounds; one that cannot is a difference, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.session.ledger.amounts import HALF


@dataclass(slots=True)
class Span:
    """An amount between ``low`` and ``high``, in atto."""

    low: int
    high: int

    def move(self, amount: int, slack: int = 0) -> None:
        """Add an amount that is known to within ``slack``."""
        self.low += amount - slack
        self.high += amount + slack

    def middle(self) -> int:
        """Return the amount as well as it is known."""
        return (self.low + self.high) // 2

    def off(self, printed: int) -> int:
        """Return how far a printed amount is from all it could be, 0 when it can be."""
        if printed - HALF > self.high:
            return printed - HALF - self.high
        if printed + HALF < self.low:
            return printed + HALF - self.low
        return 0

    def narrow(self, printed: int) -> None:
        """Take a printed amount that can be true as what it says."""
        self.low = max(self.low, printed - HALF)
        self.high = min(self.high, printed + HALF)
