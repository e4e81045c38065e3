"""Contracts, log entries and fills for the tests of the ledger."""

from decimal import Decimal
from typing import Any

from engine.session.ledger.books import Books
from engine.session.ledger.contract import Contract, contract_of
from engine.session.ledger.entry import Entry, Fill, entry_of

PERP = "BTC-PERPETUAL"
FUTURE = "BTC-25SEP26"
LINEAR = "BTC_USDC-PERPETUAL"
CALL = "BTC-25SEP26-80000-C"
USDC_PUT = "BTC_USDC-25SEP26-80000-P"
SPOT = "BTC_USDC"


def row(
    name: str, kind: str, lot: float, period: str = "", **more: Any
) -> dict[str, Any]:
    """Return an instrument's row, with what the ledger reads of it."""
    linear = "_USDC" in name
    return {
        "instrument_name": name,
        "kind": kind,
        "instrument_type": "linear" if linear else "reversed",
        "settlement_period": period,
        "settlement_currency": "USDC" if linear else "BTC",
        "base_currency": "BTC",
        "quote_currency": "USDC" if linear else "USD",
        "contract_size": lot,
        "min_trade_amount": lot,
        **more,
    }


ROWS = {
    PERP: row(PERP, "future", 10.0, "perpetual"),
    FUTURE: row(FUTURE, "future", 10.0, "week"),
    LINEAR: row(LINEAR, "future", 0.0001, "perpetual"),
    CALL: row(CALL, "option", 0.1, "week", strike=80_000.0, option_type="call"),
    USDC_PUT: row(USDC_PUT, "option", 0.01, "week", strike=80_000.0, option_type="put"),
    SPOT: row(SPOT, "spot", 0.0001),
}


def contracts() -> dict[str, Contract]:
    """Return every contract by name."""
    return {name: contract_of(one) for name, one in ROWS.items()}


def books(**cash: float) -> Books:
    """Return books that know every contract and have some cash."""
    found = Books(contracts())
    for currency, amount in cash.items():
        found.move(currency, int(Decimal(str(amount)) * 10**18))
    return found


def fill(
    trade_id: str, name: str, side: int, amount: float, price: float, **more: Any
) -> Fill:
    """Return a fill of an amount at a price."""
    contract = contract_of(ROWS[name])
    fee = int(Decimal(str(more.get("fee", 0))) * 10**18)
    return Fill(
        trade_id,
        name,
        side,
        contract.lots(amount),
        Decimal(str(price)),
        fee,
        more.get("fee_currency", contract.currency),
        more.get("venue_ms", 1_000),
    )


def log_row(user_seq: int, kind: str, currency: str, **more: Any) -> dict[str, Any]:
    """Return a row of the transaction log."""
    return {
        "id": user_seq,
        "user_seq": user_seq,
        "type": kind,
        "timestamp": 1_000,
        "currency": currency,
        "change": 0.0,
        "cashflow": 0.0,
        "commission": 0.0,
        "balance": 0.0,
        **more,
    }


def entry(user_seq: int, kind: str, currency: str, **more: Any) -> Entry:
    """Return an entry of the transaction log."""
    return entry_of(log_row(user_seq, kind, currency, **more))


class Notes:
    """Collects what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []

    def __call__(self, level: str, kind: str, text: str) -> None:
        """Take one note."""
        self.said.append((level, kind, text))

    def texts(self, level: str = "error") -> list[str]:
        """Return the texts of a level."""
        return [text for one, _, text in self.said if one == level]
