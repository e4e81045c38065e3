"""Contracts: ticks and lots in, prices, amounts and coin values out.

A price is an integer number of ticks, an amount an integer number of lots (a lot is the
step of order amounts, ``min_trade_amount``). Coin values are atto of the settlement
currency. Inverse: value = amount / price; linear: value = amount * price.
Source: public/get_instruments of production, 2026-09-20 (row shape and its key order);
docs.deribit.com, inverse futures.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.sim.venue.config import ContractConfig
from engine.sim.venue.products.calendar import expiry_name, quarterly_expiry_ms
from engine.sim.venue.units import ATTO, REF, SATOSHI, divide, fraction

PERPETUAL_EXPIRY_MS = 32_503_708_800_000
TICKS_MAX = 1 << 40
LOTS_MAX = 1 << 40


class Instrument:
    """One contract: its facts, its conversions, its row."""

    def __init__(self, contract: ContractConfig) -> None:
        self.contract = contract
        self.name = contract.instrument_name
        self.kind = contract.kind
        self.index_name = contract.price_index
        self.base = contract.base_currency
        self.currency = contract.settlement_currency or contract.base_currency
        self.inverse = contract.instrument_type == "reversed"
        self.perpetual = contract.settlement_period == "perpetual"
        self.max_leverage = contract.max_leverage
        self.tick_num, self.tick_den = fraction(contract.tick_size)
        self.lot_num, self.lot_den = fraction(contract.min_trade_amount)
        lots_per_contract = contract.contract_size / contract.min_trade_amount
        self.lots_per_contract = int(lots_per_contract)
        if self.lots_per_contract != lots_per_contract:
            raise ValueError(f"{self.name}: contract_size is no multiple of its step")
        self.prefix = "" if self.currency == "BTC" else f"{self.currency}-"
        self._maker = fraction(contract.maker_commission)
        self._taker = fraction(contract.taker_commission)

    # Conversions at the door: None means the number is not on the grid.

    def ticks(self, price: float | Decimal) -> int | None:
        """Return a price in ticks, None when it is off the tick or out of range."""
        if isinstance(price, Decimal):
            exact = price * self.tick_den / self.tick_num
            return int(exact) if exact == int(exact) else None
        if not abs(price) < TICKS_MAX:
            return None
        ticks = round(price * self.tick_den / self.tick_num)
        return ticks if ticks * self.tick_num / self.tick_den == price else None

    def lots(self, amount: float | Decimal) -> int | None:
        """Return an amount in lots, None when it is off the step or out of range."""
        if isinstance(amount, Decimal):
            exact = amount * self.lot_den / self.lot_num
            return int(exact) if exact == int(exact) else None
        if not abs(amount) < LOTS_MAX:
            return None
        lots = round(amount * self.lot_den / self.lot_num)
        return lots if lots * self.lot_num / self.lot_den == amount else None

    def price(self, ticks: int) -> float:
        """Return a price in quote currency; the nearest float to the exact decimal."""
        return ticks * self.tick_num / self.tick_den

    def amount(self, lots: int) -> float:
        """Return an amount in the unit of orders."""
        return lots * self.lot_num / self.lot_den

    def contracts_of(self, amount: float) -> float | None:
        """Return a requested amount in contracts, None when it is off the step."""
        lots = self.lots(amount)
        return None if lots is None else self.contracts(lots)

    def contracts(self, lots: int) -> float:
        """Return an amount in contracts."""
        return lots / self.lots_per_contract

    # Reference prices (units of 1e-4) against ticks.

    def ticks_below(self, ref: int) -> int:
        """Return the highest tick at or below a reference price."""
        return ref * self.tick_den // (REF * self.tick_num)

    def ticks_above(self, ref: int) -> int:
        """Return the lowest tick at or above a reference price."""
        return -(-ref * self.tick_den // (REF * self.tick_num))

    def ref(self, ticks: int) -> int:
        """Return a price in reference units, rounded."""
        return divide(ticks * self.tick_num * REF, self.tick_den)

    # Money, in atto of the settlement currency.

    def value(self, lots: int, ticks: int) -> int:
        """Return the coin value of lots at a price."""
        if self.inverse:
            return divide(
                lots * self.lot_num * self.tick_den * ATTO,
                ticks * self.tick_num * self.lot_den,
            )
        return divide(
            lots * self.lot_num * ticks * self.tick_num * ATTO,
            self.lot_den * self.tick_den,
        )

    def value_at_ref(self, lots: int, ref: int) -> int:
        """Return the coin value of lots at a reference price."""
        if self.inverse:
            return divide(lots * self.lot_num * REF * ATTO, ref * self.lot_den)
        return divide(lots * self.lot_num * ref * ATTO, self.lot_den * REF)

    def average_price(self, lots: int, value: int) -> float:
        """Return the price at which lots have a coin value, to 4 decimals.

        For inverse contracts this is the harmonic mean of the fill prices.
        """
        if lots == 0 or value == 0:
            return 0.0
        amount = abs(lots) * self.lot_num
        if self.inverse:
            return divide(amount * ATTO * REF, abs(value) * self.lot_den) / REF
        return divide(abs(value) * self.lot_den * REF, amount * ATTO) / REF

    def profit(self, size_value: int, cost: int) -> int:
        """Return the profit of a signed position worth ``size_value`` now."""
        return cost - size_value if self.inverse else size_value - cost

    def fee(self, value: int, maker: bool) -> int:
        """Return the fee on a traded coin value, rounded to 1e-8; < 0 is a rebate."""
        numerator, denominator = self._maker if maker else self._taker
        return divide(value * numerator, denominator * SATOSHI) * SATOSHI

    def row(self, state: str) -> dict[str, Any]:
        """Return the row of ``public/get_instruments``."""
        c = self.contract
        return {
            "price_index": c.price_index,
            "index_id": c.index_id,
            "kind": c.kind,
            "instrument_name": c.instrument_name,
            "instrument_id": c.instrument_id,
            "instrument_type": c.instrument_type,
            "future_type": c.instrument_type,
            "underlying_type": "crypto",
            "product_group": c.product_group or c.base_currency,
            "state": state,
            "is_active": state == "open",
            "max_leverage": c.max_leverage,
            "max_non_default_leverage": 5.0,
            "max_liquidation_commission": 0.01,
            "maker_commission": float(c.maker_commission),
            "taker_commission": float(c.taker_commission),
            "block_trade_commission": 0.00025,
            "block_trade_tick_size": 0.01,
            "block_trade_min_trade_amount": c.block_trade_min_trade_amount,
            "tick_size": float(c.tick_size),
            "tick_size_steps": [],
            "contract_size": float(c.contract_size),
            "min_trade_amount": float(c.min_trade_amount),
            "lot_size": 1,
            "settlement_currency": self.currency,
            "settlement_period": c.settlement_period,
            "base_currency": c.base_currency,
            "quote_currency": c.quote_currency,
            "counter_currency": c.quote_currency,
            "creation_timestamp": c.creation_timestamp,
            "expiration_timestamp": c.expiration_timestamp,
        }


def default_contracts(now_ms: int) -> tuple[ContractConfig, ...]:
    """Return BTC-PERPETUAL, ETH-PERPETUAL and the next quarterly BTC future.

    Source: production rows of 2026-09-20 (BTC), captures of 2025/26 (ETH).
    """
    expiry_ms = quarterly_expiry_ms(now_ms)
    ten, one = Decimal(10), Decimal(1)
    return (
        ContractConfig(
            "BTC-PERPETUAL",
            210838,
            "BTC",
            "perpetual",
            PERPETUAL_EXPIRY_MS,
            Decimal("0.5"),
            ten,
            ten,
            "btc_usd",
            1000033,
            1534242287000,
            200_000,
        ),
        ContractConfig(
            "ETH-PERPETUAL",
            210839,
            "ETH",
            "perpetual",
            PERPETUAL_EXPIRY_MS,
            Decimal("0.05"),
            one,
            one,
            "eth_usd",
            1000034,
            1552568454000,
            100_000,
        ),
        ContractConfig(
            expiry_name("BTC", expiry_ms),
            690_001,
            "BTC",
            "month",
            expiry_ms,
            Decimal("2.5"),
            ten,
            ten,
            "btc_usd",
            1000033,
            now_ms // 86_400_000 * 86_400_000 - 30 * 86_400_000,
            200_000,
        ),
    )
