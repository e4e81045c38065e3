"""One instrument's book: what we hold of it, what it cost, what it has earned.

Two costs are kept, as at the venue. ``cost`` is since opening: it gives the average
price and the profit of closing. ``session_cost`` counts the last settlement as a
purchase: it gives the session's profit of a future, which the next settlement pays to
cash. A reduction takes its share of both costs; a trade through zero closes, then opens
anew.

Money that the venue only prints (funding, the result at the moment we came in) is
known to half of 1e-8. ``slack`` adds up how far the session's profit may be off for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.session.ledger.amounts import HALF, Ratio, divide
from engine.session.ledger.contract import Contract


@dataclass(slots=True)
class Book:
    """One instrument.

    Units: size in signed lots, money in atto of the contract's currency. ``realized``
    and ``paid_funding`` are since the ledger began, ``session_...`` since the last
    settlement; ``brought`` is the profit the holding had made before the ledger began.
    Fees are what was paid: a rebate is negative.
    """

    contract: Contract
    size: int = 0
    cost: int = 0
    session_cost: int = 0
    realized: int = 0
    session_realized: int = 0
    session_funding: int = 0
    paid_funding: int = 0
    brought: int = 0
    fees: int = 0
    slack: int = 0

    def trade(self, side: int, lots: int, value: int) -> int:
        """Book a trade without its fee; return what it does to cash at once.

        ``side`` is +1 for a buy, ``value`` what the lots are worth at the price.
        """
        contract, held = self.contract, abs(self.size)
        closing = min(lots, held) if self.size * side < 0 else 0
        opening_value = value
        if closing:
            closing_value = divide(value * closing, lots)
            opening_value -= closing_value
            released = divide(self.session_cost * closing, held)
            given = divide(self.cost * closing, held)
            self.session_realized += contract.profit(-side * closing_value, released)
            self.realized += contract.profit(-side * closing_value, given)
            self.session_cost -= released
            self.cost -= given
        self.size += side * lots
        self.session_cost += side * opening_value
        self.cost += side * opening_value
        return -side * value if contract.is_option else 0

    def fund(self, session: int) -> None:
        """Take the funding of the session so far, as the venue states it."""
        self.session_funding = session

    def settle(self, price: Ratio) -> tuple[int, int]:
        """End a future's session at a price; return (profit, slack), due to cash."""
        worth = self.contract.value(self.size, price)
        profit = self.session_realized + self.session_funding
        profit += self.contract.profit(worth, self.session_cost)
        slack = self.slack + (HALF if self.contract.perpetual else 0)
        self.paid_funding += self.session_funding
        self.session_cost = worth
        self.session_realized = self.session_funding = self.slack = 0
        return profit, slack

    def deliver(self, price: Ratio) -> tuple[int, int]:
        """End a contract at its delivery price; return (due to cash, slack)."""
        contract = self.contract
        if contract.is_option:
            due = contract.payoff(self.size, price)
            self.realized += due - self.cost
            slack = self.slack
        else:
            worth = contract.value(self.size, price)
            self.realized += contract.profit(worth, self.cost)
            due, slack = self.settle(price)
        self.size = self.cost = self.session_cost = self.slack = 0
        self.session_realized = 0
        return due, slack

    def unrealized(self, price: Ratio | None) -> int:
        """Return the profit of what is held at a mark, 0 without one."""
        if price is None or not self.size:
            return 0
        return self.contract.profit(self.contract.value(self.size, price), self.cost)

    def worth(self, price: Ratio | None) -> int:
        """Return what it adds to the equity: an option's value, a session's profit.

        Without a mark what is held counts at its last settlement, an option at its
        cost.
        """
        if self.contract.is_option:
            if price is None or not self.size:
                return self.cost
            return self.contract.value(self.size, price)
        profit = self.session_realized + self.session_funding
        if price is not None and self.size:
            worth = self.contract.value(self.size, price)
            profit += self.contract.profit(worth, self.session_cost)
        return profit

    def result(self, price: Ratio | None) -> int:
        """Return what it has earned since the ledger began, fees and funding in it."""
        earned = self.realized + self.unrealized(price) - self.brought
        return earned + self.paid_funding + self.session_funding - self.fees

    def copy(self) -> Book:
        """Return a book that goes its own way."""
        return replace(self)

    def dump(self) -> dict[str, int]:
        """Return the numbers; the contract is kept elsewhere."""
        return {name: getattr(self, name) for name in NUMBERS}


NUMBERS = (
    "size", "cost", "session_cost", "realized", "session_realized",
    "session_funding", "paid_funding", "brought", "fees", "slack",
)  # fmt: skip


def book_of(contract: Contract, numbers: dict[str, Any]) -> Book:
    """Return the book that `Book.dump` described.

    Raises: KeyError, ValueError when it did not.
    """
    return Book(contract, **{name: int(numbers[name]) for name in NUMBERS})
