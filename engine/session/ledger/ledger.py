"""The ledger: our own books from fills, funding and settlements, exact.

There are two sets of books. The *tied* ones have been booked in the order of the
venue's transaction log and compared with it (`tieout.py`). The *live* ones are the same
with the fills that the log has not shown yet; they are what we hold now, and made anew
whenever the log has moved the tied ones.

Money is integer atto (1e-18 of a coin) inside and Decimal where it is given out. The
floats in `snapshot` are for eyes and metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import ProtocolError
from engine.session.ledger.amounts import Ratio, coins, ratio
from engine.session.ledger.book import Book
from engine.session.ledger.books import Books
from engine.session.ledger.contract import Contract, contract_of, facts_of
from engine.session.ledger.entry import Entry, Fill, fill_of
from engine.session.ledger.opening import Opening
from engine.session.ledger.performance import DOLLARS, Performance, Track
from engine.session.ledger.tieout import Say, TieOut


@dataclass(frozen=True, slots=True)
class Result:
    """What one instrument has earned since the ledger began, in atto.

    ``total`` has fees and funding in it, and what is held at ``mark``. Empty: mark
    None, none was told.
    """

    mark: Ratio | None
    funding: int
    total: int


Prices = Mapping[str, tuple[float, float]]
"""Mark and index price by instrument, 0 where there is none."""

VERSION = 1
"""Of what `Ledger.dump` returns."""


class Ledger:
    """Positions, cash and profit of the account, tied out against the venue's log.

    ``is_open`` says that the books have begun: before it fills are kept, nothing is
    known of cash.
    """

    def __init__(self, say: Say) -> None:
        self.is_open = False
        self._say = say
        self._rows: dict[str, dict[str, Any]] = {}
        self._marks: dict[str, Ratio] = {}
        self._usd: dict[str, Ratio] = {}
        self._live = Books({})
        self.tie = TieOut(Books(self._live.contracts), say)
        self.performance = Performance()

    # What it is told.

    def know(self, row: Mapping[str, Any], listed: bool = True) -> None:
        """Learn an instrument from its row; ``listed``: its fills will be told.

        Raises: ProtocolError when the row does not say what it is worth.
        """
        contract = contract_of(row)
        self._live.contracts[contract.name] = contract
        self._rows[contract.name] = facts_of(row)
        self.tie.unknown.pop(contract.name, None)
        if listed:
            self.tie.listed[contract.name] = None

    def on_fill(self, told: Mapping[str, Any]) -> None:
        """Book a fill that the core told; see SessionHooks.on_fill."""
        contract = self._live.contracts.get(told["name"])
        if contract is None or contract.is_combo:
            return  # a combo's legs are the trades; their fills are told, too
        fill = fill_of(told)
        if self.tie.tell(fill):
            self._add(self._live, fill)

    def begin(self, books: Books, opening: Opening) -> None:
        """Begin with books that hold what an opening says."""
        books.contracts = self._live.contracts
        self.tie.books = books
        self.tie.begin(opening)
        self.is_open = True
        self._renew()

    def take(
        self, entries: Iterable[Entry], now_ms: int, *, is_all: bool = True
    ) -> None:
        """Book entries of the log, read up to ``now_ms``; see `TieOut.take`."""
        if self.tie.take(entries, now_ms, is_all=is_all):
            self._renew()

    def _renew(self) -> None:
        self._live = self.tie.books.copy()
        for fill in self.tie.pending.values():
            self._add(self._live, fill)

    def _add(self, books: Books, fill: Fill) -> None:
        try:
            books.fill(fill)
        except ProtocolError as error:
            self._say("error", "ledger", f"fill {fill.trade_id}: {error}")

    def look(self, prices: Prices, now_ms: int) -> None:
        """Take the prices of now: profit of the day and the peak move with them."""
        for name, (mark, index) in prices.items():
            contract = self._live.contracts.get(name)
            if contract is None:
                continue
            if mark > 0:
                self._marks[name] = ratio(mark)
            if index > 0 and contract.reversed:
                self._usd[contract.currency] = ratio(index)
            elif index > 0 and contract.currency in DOLLARS:
                self._usd.setdefault(contract.base, ratio(index))
        if self.is_open:
            live = self._live
            gained = {
                currency: self._equity(currency) - live.outside.get(currency, 0)
                for currency in live.cash
            }
            self.performance.see(gained, self._usd, now_ms)

    def mark(self, name: str, price: float) -> None:
        """Take a mark price of an instrument that nobody quotes."""
        if price > 0:
            self._marks[name] = ratio(price)

    # What it says.

    @property
    def contracts(self) -> dict[str, Contract]:
        """Return the contracts it knows, by name."""
        return self._live.contracts

    def knows(self, name: str) -> bool:
        """Say whether it knows an instrument."""
        return name in self._live.contracts

    def currencies(self) -> list[str]:
        """Return the currencies it has cash of, or had."""
        return list(self.tie.books.cash)

    def position(self, name: str) -> Decimal:
        """Return what is held of an instrument, in the unit of orders."""
        book = self._live.books.get(name)
        return Decimal(0) if book is None else book.contract.amount(book.size)

    def cash(self, currency: str) -> Decimal:
        """Return the cash of a currency."""
        span = self._live.cash.get(currency)
        return Decimal(0) if span is None else coins(span.middle())

    def equity(self, currency: str) -> Decimal:
        """Return cash, session profits and the value of options at the last marks."""
        return coins(self._equity(currency))

    def _equity(self, currency: str) -> int:
        span = self._live.cash.get(currency)
        held = 0 if span is None else span.middle()
        for name, book in self._live.books.items():
            if book.contract.currency == currency:
                held += book.worth(self._marks.get(name))
        return held

    def pnl(self) -> dict[str, Any]:
        """Return profit as of the last `look`, exact.

        Keys: ``currencies`` by currency and ``usd``, each with ``since_start``,
        ``since_day`` (since 08:00 UTC) and ``from_peak`` (0 or less); ``equity`` in a
        currency; ``instruments`` by name, each with ``currency``, ``realized``,
        ``unrealized`` (since the ledger began), ``funding``, ``fees`` and ``total``;
        ``unpriced``, the currencies that are missing in ``usd``. Start and peak are
        those of the ledger, which goes on over a restart when its state is kept.
        """
        seen = self.performance
        return {
            "is_open": self.is_open,
            "currencies": {
                currency: {"equity": self.equity(currency), **_profits(track)}
                for currency, track in seen.tracks.items()
            },
            "usd": _profits(seen.usd),
            "unpriced": list(seen.unpriced),
            "instruments": {
                name: self._result(name, book)
                for name, book in self._live.books.items()
            },
        }

    def _result(self, name: str, book: Book) -> dict[str, Any]:
        mark = self._marks.get(name)
        return {
            "currency": book.contract.currency,
            "realized": coins(book.realized),
            "unrealized": coins(book.unrealized(mark) - book.brought),
            "funding": coins(book.paid_funding + book.session_funding),
            "fees": coins(book.fees),
            "total": coins(book.result(mark)),
        }

    def result_of(self, name: str) -> Result | None:
        """Return what an instrument has earned, exact. Empty: None, no book yet."""
        book = self._live.books.get(name)
        if book is None or not self.is_open:
            return None
        mark = self._marks.get(name)
        funding = book.paid_funding + book.session_funding
        return Result(mark, funding, book.result(mark))

    def usd_price(self, currency: str) -> Ratio | None:
        """Return what a coin is worth in USD. Empty: None, no price was told."""
        return (1, 1) if currency in DOLLARS else self._usd.get(currency)

    def differences(self) -> dict[str, Any]:
        """Return what the venue's log has more than we, as of the last tie-out.

        Keys: ``cash`` and ``fees`` by currency, ``position`` by instrument.
        """
        tie = self.tie
        return {
            "cash": {currency: coins(off) for currency, off in tie.cash.items()},
            "fees": {currency: coins(off) for currency, off in tie.fees.items()},
            "position": dict(tie.positions),
        }

    def is_tied(self) -> bool:
        """Say whether the books equal the log in everything, as far as it was read."""
        off = self.differences()
        values = [value for table in off.values() for value in table.values()]
        tie = self.tie
        lost = [tie.counts[key] for key in ("untied", "unread", "gaps", "repeats")]
        return not (any(values) or any(lost) or tie.untold or tie.unlogged)

    def snapshot(self) -> dict[str, Any]:
        """Return what metrics, view and report show; see docs/metrics.md."""
        tie, live, off = self.tie, self._live, self.differences()
        profit = self.pnl()
        return {
            "is_open": self.is_open,
            "user_seq": tie.user_seq,
            "time_ms": tie.time_ms,
            "pending": len(tie.pending),
            "untold": len(tie.untold),
            "unlogged": len(tie.unlogged),
            **tie.counts,
            "kinds": dict(tie.kinds),
            "currencies": {
                currency: {
                    "cash": float(self.cash(currency)),
                    "equity": float(self.equity(currency)),
                    "fees": float(coins(live.fees.get(currency, 0))),
                    "outside": float(coins(live.outside.get(currency, 0))),
                    "cash_difference": float(off["cash"].get(currency, 0)),
                    "fee_difference": float(off["fees"].get(currency, 0)),
                    **_floats(profit["currencies"].get(currency, {})),
                }
                for currency in live.cash
            },
            "usd": _floats(profit["usd"]),
            "instruments": {
                name: {
                    "position": float(self.position(name)),
                    "average_price": _average(book),
                    "position_difference": float(off["position"].get(name, 0)),
                    **_floats(profit["instruments"][name]),
                }
                for name, book in live.books.items()
            },
        }

    # Across restarts.

    def dump(self) -> dict[str, Any]:
        """Return everything, exact, as JSON has it."""
        return {
            "version": VERSION,
            "is_open": self.is_open,
            "contracts": list(self._rows.values()),
            "tie": self.tie.dump(),
            "performance": self.performance.dump(),
            "marks": {name: list(map(str, mark)) for name, mark in self._marks.items()},
        }

    def load(self, found: Mapping[str, Any]) -> None:
        """Take over what `dump` returned: all of it, or nothing.

        Instruments it knew and fills it was told meanwhile are not lost.

        Raises: ValueError when it is of another version; KeyError, TypeError,
            ValueError or AttributeError when it is not what `dump` returns.
        """
        if found["version"] != VERSION:
            raise ValueError(f"ledger version {found['version']}, not {VERSION}")
        other = Ledger(self._say)
        try:
            for row in [*found["contracts"], *self._rows.values()]:
                other.know(row, listed=row["instrument_name"] in self.tie.listed)
            other.tie.load(found["tie"])
            other.performance.load(found["performance"])
            for name, (up, down) in found["marks"].items():
                other._marks[name] = (int(up), int(down))
            is_open = bool(found["is_open"])
        except ProtocolError as error:
            raise ValueError(str(error)) from error
        for fill in self.tie.pending.values():
            other.tie.tell(fill)
        self.tie, self.performance = other.tie, other.performance
        self._rows, self._marks, self._live = other._rows, other._marks, other._live
        self.is_open = is_open
        self._renew()


def _profits(track: Track) -> dict[str, Decimal]:
    return {
        "since_start": coins(track.now),
        "since_day": coins(track.now - track.day),
        "from_peak": coins(track.now - track.peak),
    }


def _floats(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()}


def _average(book: Book) -> float:
    average = book.contract.average(book.size, book.cost)
    return 0.0 if average is None else float(average)
