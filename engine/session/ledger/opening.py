"""The first page of the ledger: what the account holds when we come in.

A position row says what it has made since the last settlement, at the mark of that
moment; what the session began with is worked out from that. Each such figure is printed
to 1e-8, so the session's profit begins with a slack, which a settlement resolves.

Source: docs.deribit.com, private/get_positions and private/get_account_summaries,
2026-08-22: realized_profit_loss includes realized_funding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import ProtocolError
from engine.session.ledger.amounts import HALF, ratio, to_atto
from engine.session.ledger.book import Book
from engine.session.ledger.books import Books
from engine.session.ledger.contract import Contract
from engine.session.ledger.span import printed_span


@dataclass(frozen=True, slots=True)
class Opening:
    """What the opening books hold.

    Units: ms since epoch on the venue's clock. All entries up to ``user_seq``, of
    ``time_ms``, and these trades; of the currencies ``beside``, whose log was not read,
    all entries up to ``read_ms``.
    """

    user_seq: int
    time_ms: int
    trades: tuple[str, ...] = ()
    read_ms: int = 0
    beside: tuple[str, ...] = ()


def opening_books(
    contracts: dict[str, Contract],
    positions: Sequence[Mapping[str, Any]],
    balances: Mapping[str, Any],
) -> Books:
    """Return books as the venue shows the account.

    Raises: ProtocolError naming the row that does not say enough; KeyError when a
        contract is not known.
    """
    books = Books(contracts)
    for currency, balance in balances.items():
        if not isinstance(balance, int | float):
            raise ProtocolError(f"account summary of {currency} without balance")
        books.cash[currency] = printed_span(to_atto(balance))
    for row in positions:
        name = str(row.get("instrument_name"))
        if not contracts[name].is_combo:
            books.books[name] = opening_book(contracts[name], row)
    return books


def opening_book(contract: Contract, row: Mapping[str, Any]) -> Book:
    """Return the book of a position row.

    Raises: ProtocolError naming what the row does not say.
    """
    book = Book(contract, size=contract.lots(_money(row, "size")))
    mark = ratio(_money(row, "mark_price"))
    worth = contract.value(book.size, mark) if book.size else 0
    floating = to_atto(_money(row, "floating_profit_loss"))
    if book.size:
        book.cost = contract.value(book.size, ratio(_money(row, "average_price")))
        book.session_cost = worth + (floating if contract.harmonic else -floating)
    realized = to_atto(_money(row, "realized_profit_loss"))
    book.session_funding = to_atto(row.get("realized_funding") or 0)
    book.session_realized = realized - book.session_funding
    book.slack = 3 * HALF if contract.perpetual else 2 * HALF
    book.brought = contract.profit(worth, book.cost) + book.session_funding
    return book


def _money(row: Mapping[str, Any], key: str) -> int | float:
    value = row.get(key)
    if not isinstance(value, int | float):
        name = row.get("instrument_name")
        raise ProtocolError(f"position of {name}: {key} is {value!r}")
    return value
