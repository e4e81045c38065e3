"""What a contract is worth: the facts of its row, and money from lots and prices.

- inverse future: amount / price, in its coin
- linear future, spot: amount * price, in the quote currency
- option: amount * premium, in coins or in the quote currency, as it is paid

Source: docs.deribit.com, inverse futures, inverse options, linear options, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import ProtocolError
from engine.session.ledger.amounts import ATTO, Number, Ratio, divide, ratio

FIELDS = (
    "instrument_name", "kind", "instrument_type", "settlement_period",
    "settlement_currency", "base_currency", "quote_currency", "contract_size",
    "min_trade_amount", "strike", "option_type",
)  # fmt: skip
"""The fields of a row that say what a contract is worth."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract.

    Units: ``lot`` and ``strike`` are exact ratios, a lot in the unit of order amounts.
    ``reversed`` says that it is paid in the coin it is about. Empty: strike (0, 1).
    """

    name: str
    kind: str
    reversed: bool
    perpetual: bool
    currency: str
    base: str
    lot: Ratio
    strike: Ratio
    is_call: bool

    @property
    def is_option(self) -> bool:
        """Whether a premium is paid for it."""
        return self.kind == "option"

    @property
    def is_spot(self) -> bool:
        """Whether it swaps two currencies, and leaves no position."""
        return self.kind == "spot"

    @property
    def is_combo(self) -> bool:
        """Whether only its legs are traded."""
        return self.kind.endswith("_combo")

    @property
    def harmonic(self) -> bool:
        """Whether its value is amount / price."""
        return self.reversed and self.kind == "future"

    def lots(self, amount: Number) -> int:
        """Return an amount in lots.

        Raises: ProtocolError when it is no whole number of them.
        """
        numerator, denominator = ratio(amount)
        lots, rest = divmod(numerator * self.lot[1], denominator * self.lot[0])
        if rest:
            raise ProtocolError(f"{self.name}: {amount} is no whole number of lots")
        return lots

    def amount(self, lots: int) -> Decimal:
        """Return lots in the unit of order amounts."""
        return Decimal(lots * self.lot[0]) / Decimal(self.lot[1])

    def units(self, lots: int) -> int:
        """Return lots in atto of the unit of order amounts."""
        return divide(lots * self.lot[0] * ATTO, self.lot[1])

    def value(self, lots: int, price: Ratio) -> int:
        """Return what lots are worth at a price, in atto of ``currency``.

        Raises: ProtocolError when an inverse contract has no price.
        """
        amount = lots * self.lot[0] * ATTO
        if not self.harmonic:
            return divide(amount * price[0], self.lot[1] * price[1])
        if price[0] <= 0:
            raise ProtocolError(f"{self.name}: a price of {price[0]}/{price[1]}")
        return divide(amount * price[1], self.lot[1] * price[0])

    def profit(self, worth: int, cost: int) -> int:
        """Return the profit of a signed holding that is worth so much and cost that."""
        return cost - worth if self.harmonic else worth - cost

    def average(self, lots: int, cost: int) -> Decimal | None:
        """Return the price at which lots cost so much. Empty: None, nothing held."""
        if not lots or not cost:
            return None
        amount = Decimal(abs(lots) * self.lot[0]) / Decimal(self.lot[1])
        money = Decimal(abs(cost)) / ATTO
        return amount / money if self.harmonic else money / amount

    def payoff(self, lots: int, price: Ratio) -> int:
        """Return what signed lots of an option pay at a delivery price, in atto."""
        above = price[0] * self.strike[1] - self.strike[0] * price[1]
        above = max(above if self.is_call else -above, 0)
        amount = lots * self.lot[0] * ATTO * above
        if self.reversed:
            return divide(amount, self.lot[1] * self.strike[1] * price[0])
        return divide(amount, self.lot[1] * self.strike[1] * price[1])


def contract_of(row: Mapping[str, Any]) -> Contract:
    """Return the contract a row of the venue describes.

    Raises: ProtocolError naming what is missing.
    """
    name, kind = row.get("instrument_name"), row.get("kind")
    if not isinstance(name, str) or not isinstance(kind, str):
        raise ProtocolError(f"not an instrument: {str(row)[:80]}")
    currency = row.get("settlement_currency")
    if kind == "spot" or not currency:
        currency = row.get("quote_currency")
    sizes = [row.get("contract_size"), row.get("min_trade_amount")]
    numbers = [Decimal(str(n)) for n in sizes if isinstance(n, int | float)]
    if not currency or not numbers or min(numbers) <= 0:
        raise ProtocolError(f"{name}: no currency, or no lot")
    return Contract(
        name=name,
        kind=kind,
        reversed=row.get("instrument_type") == "reversed",
        perpetual=row.get("settlement_period") == "perpetual",
        currency=str(currency),
        base=str(row.get("base_currency") or ""),
        lot=ratio(min(numbers)),
        strike=ratio(row.get("strike") or 0),
        is_call=row.get("option_type") == "call",
    )


def facts_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a row that `contract_of` reads."""
    return {key: row[key] for key in FIELDS if key in row}
