"""All books together: cash by currency and a book by instrument.

What happens moves them: a fill, a settlement, a delivery, money that came or went. None
of it reads the venue's balance; that is what they are compared with.

Booked when, and to which cash:

- fill       the fee at once; an option's premium and both sides of a spot trade at once
- settlement a future's session profit, funding included
- delivery   an option's payoff, into its future where there is one; a future's session
- others     deposits, withdrawals, transfers, corrections: as the venue says

Source: docs.deribit.com, private/get_transaction_log, settlement, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import ProtocolError
from engine.session.ledger.amounts import HALF, SATOSHI, ratio
from engine.session.ledger.book import Book, book_of
from engine.session.ledger.contract import Contract
from engine.session.ledger.entry import Entry, Fill
from engine.session.ledger.span import Span

AVERAGE = 20_000
"""A printed average price is true to one part in this many of a dollar, or coin."""

ROUNDING = SATOSHI // 1_000
"""So much may our arithmetic and the venue's differ over one settlement."""


class Books:
    """Cash and positions. ``contracts`` is shared between copies.

    Units: money in atto. ``outside`` is what came from or went to elsewhere.
    """

    def __init__(self, contracts: dict[str, Contract]) -> None:
        self.contracts = contracts
        self.cash: dict[str, Span] = {}
        self.books: dict[str, Book] = {}
        self.fees: dict[str, int] = {}
        self.outside: dict[str, int] = {}
        self.grants: dict[str, int] = {}

    def copy(self) -> Books:
        """Return books that go their own way."""
        other = Books(self.contracts)
        other.cash = {c: Span(s.low, s.high) for c, s in self.cash.items()}
        other.books = {name: book.copy() for name, book in self.books.items()}
        other.fees, other.outside = dict(self.fees), dict(self.outside)
        other.grants = dict(self.grants)
        return other

    def book(self, name: str) -> Book:
        """Return the book of an instrument, made on first use.

        Raises: KeyError when its contract is not known.
        """
        if name not in self.books:
            self.books[name] = Book(self.contracts[name])
        return self.books[name]

    def move(self, currency: str, amount: int, slack: int = 0) -> None:
        """Add to cash, or take from it."""
        if currency not in self.cash:
            self.cash[currency] = Span(0, 0)
        self.cash[currency].move(amount, slack)

    # What happens.

    def fill(self, fill: Fill) -> dict[str, int]:
        """Book a fill; return what it does to the cash of each currency.

        Raises: KeyError when its contract is not known; ProtocolError when its price
            makes no sense.
        """
        contract = self.contracts[fill.name]
        value = contract.value(fill.lots, ratio(fill.price))
        moved: dict[str, int] = {contract.currency: 0}
        if contract.is_spot:
            moved[contract.currency] = -fill.side * value
            moved[contract.base] = fill.side * contract.units(fill.lots)
        else:
            book = self.book(fill.name)
            moved[contract.currency] = book.trade(fill.side, fill.lots, value)
            book.fees += fill.fee
        payer = fill.fee_currency or contract.currency
        moved[payer] = moved.get(payer, 0) - fill.fee
        self.fees[payer] = self.fees.get(payer, 0) + fill.fee
        for currency, amount in moved.items():
            self.move(currency, amount)
        return moved

    def settle(self, entry: Entry) -> tuple[int, int]:
        """Book a settlement; return (due to cash, slack).

        Raises: KeyError without a contract, ProtocolError without a price.
        """
        book = self.book(entry.name)
        if entry.funding is not None:
            book.fund(entry.funding)
        profit, slack = book.settle(_price(entry, entry.price))
        return self._due(entry, profit, slack)

    def deliver(self, entry: Entry) -> tuple[int, int]:
        """Book a delivery or a worthless expiry; return (due to cash, slack).

        Raises: KeyError without a contract, ProtocolError without a price.
        """
        book = self.book(entry.name)
        price = _price(entry, entry.settlement_price or entry.price)
        due, slack = book.deliver(price)
        due += self.grants.pop(entry.name, 0)
        book.fees += entry.commission
        self.fees[entry.currency] = self.fees.get(entry.currency, 0) + entry.commission
        if entry.into:
            self.grants[entry.into] = self.grants.get(entry.into, 0) + due
            due, slack = 0, 0
        return self._due(entry, due - entry.commission, slack)

    def _due(self, entry: Entry, amount: int, slack: int) -> tuple[int, int]:
        slack += ROUNDING
        self.move(entry.currency, amount, slack)
        return amount, slack

    def elsewhere(self, entry: Entry) -> None:
        """Book money that neither a trade nor a settlement moved, as the venue says."""
        self.move(entry.currency, entry.change)
        self.outside[entry.currency] = (
            self.outside.get(entry.currency, 0) + entry.change
        )

    def shift(self, entry: Entry) -> None:
        """Book a position that was moved between accounts, at the price it says.

        Raises: KeyError without a contract, ProtocolError without price or amount.
        """
        book = self.book(entry.name)
        if entry.amount is None or not entry.sign:
            raise ProtocolError(f"log entry {entry.user_seq}: no amount or side")
        contract, (up, down) = book.contract, _price(entry, entry.price)
        lots = contract.lots(abs(entry.amount))
        book.trade(entry.sign, lots, contract.value(lots, (up, down)))
        if not contract.is_option:
            # The price may be an average, which is printed to 4 decimals.
            near = [
                contract.value(lots, (up * AVERAGE + n, down * AVERAGE))
                for n in (-down, down)
            ]
            book.slack += abs(near[0] - near[1]) // 2
        self.move(entry.currency, entry.change, HALF)

    # Across restarts.

    def dump(self) -> dict[str, Any]:
        """Return everything but the contracts; money as decimal digits."""
        return {
            "cash": {c: [str(s.low), str(s.high)] for c, s in self.cash.items()},
            "books": {
                name: {key: str(value) for key, value in book.dump().items()}
                for name, book in self.books.items()
            },
            "fees": {c: str(n) for c, n in self.fees.items()},
            "outside": {c: str(n) for c, n in self.outside.items()},
            "grants": {c: str(n) for c, n in self.grants.items()},
        }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take what `dump` described.

        Raises: KeyError, ValueError when it did not.
        """
        self.cash = {
            c: Span(int(low), int(high)) for c, (low, high) in kept["cash"].items()
        }
        self.books = {
            name: book_of(self.contracts[name], numbers)
            for name, numbers in kept["books"].items()
        }
        self.fees = {c: int(n) for c, n in kept["fees"].items()}
        self.outside = {c: int(n) for c, n in kept["outside"].items()}
        self.grants = {c: int(n) for c, n in kept["grants"].items()}


def _price(entry: Entry, price: tuple[int, int] | None) -> tuple[int, int]:
    if price is None:
        raise ProtocolError(f"log entry {entry.user_seq}: {entry.kind} without a price")
    return price
