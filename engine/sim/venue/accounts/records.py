"""Settlements and deliveries as they are remembered: an account's, and the venue's."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.products.instruments import Instrument

RECORDS_MAX = 10_000


@dataclass(slots=True)
class Record:
    """One settlement or delivery of one instrument.

    Units: position in the unit of orders, prices in 1e-8, money in atto. The venue's
    own records add up its accounts: what the longs held and what the winners won.
    """

    kind: str
    time_ms: int
    instrument: Instrument
    mark_ref: int
    index_ref: int
    position: float = 0.0
    session_profit: int = 0
    profit: int = 0
    funding: int = 0
    number: int = 0


class Records:
    """Records by currency, oldest first; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._by_currency: dict[str, deque[Record]] = {}
        self._count = 0

    def add(self, record: Record) -> None:
        """Remember one more."""
        currency = record.instrument.currency
        self._count += 1
        record = replace(record, number=self._count)
        if currency not in self._by_currency:
            self._by_currency[currency] = deque(maxlen=RECORDS_MAX)
        self._by_currency[currency].append(record)

    def of(self, currency: str) -> list[Record]:
        """Return the records of a currency, newest first."""
        return list(reversed(self._by_currency.get(currency, ())))


class Totals:
    """The venue's records of one moment, added up from those of its accounts."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def begin(self, kind: str, time_ms: int, market: Market, index_ref: int) -> None:
        """Begin with nothing for an instrument."""
        instrument = market.instrument
        self._records[instrument.name] = Record(
            kind, time_ms, instrument, market.mark_ref, index_ref
        )

    def add(self, record: Record) -> None:
        """Add what one account held and won."""
        total = self._records[record.instrument.name]
        total.position += max(record.position, 0.0)
        total.session_profit += max(record.session_profit, 0)
        total.profit += max(record.profit, 0)
        total.funding += max(record.funding, 0)

    def put_into(self, records: Records) -> None:
        """Remember them."""
        for record in self._records.values():
            records.add(record)
