"""Cash as far as it is known: between two bounds.

What we compute ourselves is exact. What the venue only prints (funding) is known to
half of 1e-8, and so is cash after it was paid. A printed balance that can be true
narrows the bounds; one that cannot is a difference, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.session.ledger.amounts import HALF, divide


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
        return divide(self.low + self.high, 2)

    def off(self, printed: int) -> int:
        """Return how far a printed amount is from this one, 0 when both can be true."""
        low, high = bounds(printed)
        return 0 if low <= self.high and self.low <= high else printed - self.middle()

    def narrow(self, printed: int) -> None:
        """Take a printed amount that can be true as what it says."""
        low, high = bounds(printed)
        self.low, self.high = max(self.low, low), min(self.high, high)


def bounds(printed: int) -> tuple[int, int]:
    """Return the least and the most an amount can be that is printed like this.

    Halves are rounded away from zero.
    """
    low = printed - HALF + (printed <= 0)
    return low, printed + HALF - (printed >= 0)


def printed_span(printed: int) -> Span:
    """Return all that an amount can be that is printed like this."""
    return Span(*bounds(printed))
