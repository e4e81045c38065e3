"""What the ledger books: a fill that we were told, an entry of the venue's log.

Source: docs.deribit.com, private/get_transaction_log, 2026-08-22. Only ``user_seq``,
``type``, ``timestamp``, ``currency``, ``change``, ``commission`` and ``balance`` are in
every entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import ProtocolError
from engine.session.ledger.amounts import Ratio, ratio, to_atto


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill.

    Units: side +1 for a buy; lots of the contract; fee in atto of ``fee_currency``,
    negative for a rebate; venue_ms since epoch.
    """

    trade_id: str
    name: str
    side: int
    lots: int
    price: Decimal
    fee: int
    fee_currency: str
    venue_ms: int

    def dump(self) -> list[Any]:
        """Return it as JSON has it."""
        return [
            self.trade_id, self.name, self.side, self.lots, str(self.price),
            str(self.fee), self.fee_currency, self.venue_ms,
        ]  # fmt: skip


def fill_of(told: Mapping[str, Any]) -> Fill:
    """Return a fill that the core told; see SessionHooks.on_fill."""
    return Fill(
        told["trade_id"],
        told["name"],
        1 if told["side"] == "bid" else -1,
        told["lots"],
        told["price"],
        to_atto(told["fee"]),
        told["fee_currency"],
        told["venue_ms"],
    )


def dumped_fill(row: list[Any]) -> Fill:
    """Return the fill that `Fill.dump` described.

    Raises: ValueError when it did not.
    """
    trade_id, name, side, lots, price, fee, currency, venue_ms = row
    return Fill(
        trade_id, name, side, lots, Decimal(price), int(fee), currency, venue_ms
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the transaction log.

    Units: money in atto, as printed (to 1e-8); amount and position in the unit of
    orders. Empty: None or "" where an entry has no such thing.
    """

    user_seq: int
    kind: str
    time_ms: int
    currency: str
    change: int
    commission: int
    balance: int
    name: str = ""
    side: str = ""
    trade_id: str = ""
    amount: Decimal | None = None
    price: Ratio | None = None
    settlement_price: Ratio | None = None
    position: Decimal | None = None
    funding: int | None = None
    into: str = ""

    @property
    def sign(self) -> int:
        """Return +1 when it bought, -1 when it sold, 0 when it says neither."""
        words = self.side.split()
        return ("buy" in words) - ("sell" in words)


def entry_of(row: Mapping[str, Any]) -> Entry:
    """Return an entry from its row.

    Raises: ProtocolError when a field that is always there is not.
    """
    user_seq, time_ms = row.get("user_seq"), row.get("timestamp")
    kind, currency = row.get("type"), row.get("currency")
    if not (isinstance(user_seq, int) and isinstance(time_ms, int)):
        raise ProtocolError(f"log entry without number or time: {str(row)[:80]}")
    if not (isinstance(kind, str) and isinstance(currency, str)):
        raise ProtocolError(f"log entry {user_seq}: no type or currency")
    money = {}
    for key in ("change", "commission", "balance"):
        value = row.get(key)
        if not isinstance(value, int | float):
            raise ProtocolError(f"log entry {user_seq}: {key} is {value!r}")
        money[key] = to_atto(value)
    funding = _number(row, "total_interest_pl")
    if funding is None:
        funding = _number(row, "interest_pl")
    info = row.get("info")
    into = info.get("settled_into") if isinstance(info, Mapping) else None
    return Entry(
        user_seq=user_seq,
        kind=kind,
        time_ms=time_ms,
        currency=currency,
        **money,
        name=str(row.get("instrument_name") or ""),
        side=str(row.get("side") or ""),
        trade_id=str(row.get("trade_id") or ""),
        amount=_number(row, "amount"),
        price=_ratio(row, "price"),
        settlement_price=_ratio(row, "settlement_price"),
        position=_number(row, "position"),
        funding=None if funding is None else to_atto(funding),
        into=str(into or ""),
    )


def _number(row: Mapping[str, Any], key: str) -> Decimal | None:
    value = row.get(key)
    return Decimal(str(value)) if isinstance(value, int | float) else None


def _ratio(row: Mapping[str, Any], key: str) -> Ratio | None:
    value = _number(row, key)
    return None if value is None else ratio(value)
