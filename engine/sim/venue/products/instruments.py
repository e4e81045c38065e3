"""Contracts: ticks and lots in, prices, amounts and coin values out.

A price is an integer number of base ticks (``tick_size``), an amount an integer number
of lots (a lot is the step of order amounts, ``min_trade_amount``). Above the price of a
tick step only multiples of that step's tick are on the grid; the boundary itself still
belongs to the finer grid below it.

Coin values are atto of the currency that pays: an inverse future is worth amount /
price of its coin; everything else amount * price, an inverse option in coins since its
price is in coins, a linear contract in USDC, spot in its quote currency. What a combo
is worth is its legs' business.
Source: public/get_instruments of production, 2026-09-20 (row shape and its key order);
docs.deribit.com, inverse futures, inverse options, linear options.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.sim.venue.config import ContractConfig
from engine.sim.venue.units import ATTO, REF, SATOSHI, divide, fraction

TICKS_MAX = 1 << 40
LOTS_MAX = 1 << 40
FEE_CAP = (125, 1000)  # of an option's premium
COIN_MARK_DECIMALS = 4  # an inverse option's mark


class Instrument:
    """One contract: its facts, its conversions, its row.

    ``currency`` is what it settles in (the quote currency for spot), ``currencies`` all
    it is found under; ``is_optional`` says of options and their combos that the surface
    marks them. Empty: ``expiry_ms`` 0 = it has none.
    """

    def __init__(self, contract: ContractConfig) -> None:
        self.contract = contract
        self.name = contract.instrument_name
        self.kind = contract.kind
        self.index_name = contract.price_index
        self.product_group = contract.product_group or contract.base_currency
        self.base = contract.base_currency
        self.is_option = contract.kind == "option"
        self.is_optional = contract.kind in ("option", "option_combo")
        self.is_spot = contract.kind == "spot"
        self.is_combo = bool(contract.legs)
        self.is_future = contract.kind == "future"
        self.perpetual = contract.settlement_period == "perpetual"
        self.reversed = contract.instrument_type == "reversed"
        self.inverse = self.reversed and contract.kind in ("future", "future_combo")
        self._harmonic = self.inverse and not self.is_combo
        settlement = contract.settlement_currency or contract.base_currency
        self.currency = contract.quote_currency if self.is_spot else settlement
        self.currencies = (
            (contract.base_currency, self.currency)
            if self.is_spot
            else (self.currency,)
        )
        expires = not (self.perpetual or self.is_spot)
        self.expiry_ms = contract.expiration_timestamp if expires else 0
        self.max_leverage = contract.max_leverage
        self.strike_ref = int((contract.strike or 0) * REF)
        self.tick_num, self.tick_den = fraction(contract.tick_size)
        self.lot_num, self.lot_den = fraction(contract.min_trade_amount)
        self.steps = tuple(
            (int(above / contract.tick_size), int(tick / contract.tick_size))
            for above, tick in sorted(contract.tick_steps)
        )
        self._contracts_per_lot = contract.min_trade_amount / contract.contract_size
        self.prefix = self._prefix()
        self.mark_decimals = self._mark_decimals()
        self._maker = fraction(contract.maker_commission)
        self._taker = fraction(contract.taker_commission)

    def _prefix(self) -> str:
        """Return what its order and trade ids begin with."""
        if self.is_spot:
            return f"{self.name}-"
        return "" if self.currency == "BTC" else f"{self.currency}-"

    def _mark_decimals(self) -> int:
        """Return the digits of its mark price: two, more where the tick is finer."""
        if self.is_option and self.reversed:
            return COIN_MARK_DECIMALS
        exponent = self.contract.tick_size.normalize().as_tuple().exponent
        return max(2, -exponent if isinstance(exponent, int) else 0)

    # The grid.

    def on_grid(self, ticks: int) -> bool:
        """Say whether a price may be quoted."""
        return ticks % self.step_at(ticks) == 0

    def step_at(self, ticks: int) -> int:
        """Return the tick that holds at a price, in base ticks."""
        step = 1
        for above, coarser in self.steps:
            if ticks > above:
                step = coarser
        return step

    def floor(self, ticks: int) -> int:
        """Return the highest price on the grid at or below a number of base ticks."""
        for above, step in reversed(self.steps):
            if ticks > above:
                return max(ticks // step * step, above)
        return ticks

    def ceil(self, ticks: int) -> int:
        """Return the lowest price on the grid at or above a number of base ticks."""
        step = self.step_at(ticks)
        return -(-ticks // step) * step

    def inside(self, ticks: int, side: int) -> int:
        """Return the next price on the grid away from the other side: -1 up, 1 down."""
        return self.floor(ticks - 1) if side > 0 else self.ceil(ticks + 1)

    # Conversions at the door: None means the number is not on the grid.

    def ticks(self, price: float | Decimal) -> int | None:
        """Return a price in ticks, None when it is off the grid or out of range."""
        if isinstance(price, Decimal):
            exact = price * self.tick_den / self.tick_num
            ticks = int(exact)
            good = exact == ticks
        else:
            if not abs(price) < TICKS_MAX:
                return None
            ticks = round(price * self.tick_den / self.tick_num)
            good = ticks * self.tick_num / self.tick_den == price
        return ticks if good and self.on_grid(ticks) else None

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

    def exact_price(self, ticks: int) -> Fraction:
        """Return a price in quote currency as it is."""
        return Fraction(ticks * self.tick_num, self.tick_den)

    def amount(self, lots: int) -> float:
        """Return an amount in the unit of orders."""
        return lots * self.lot_num / self.lot_den

    def contracts(self, lots: int) -> float:
        """Return an amount in contracts."""
        return float(lots * self._contracts_per_lot)

    def lots_of_contracts(self, contracts: float) -> int | None:
        """Return a number of contracts in lots, None when it is off the step."""
        if not abs(contracts) < LOTS_MAX:
            return None
        exact = Decimal(repr(contracts)) / self._contracts_per_lot
        return int(exact) if exact == int(exact) else None

    # Reference prices (units of 1e-8) against ticks.

    def ticks_below(self, ref: int) -> int:
        """Return the highest price on the grid at or below a reference price."""
        return self.floor(ref * self.tick_den // (REF * self.tick_num))

    def ticks_above(self, ref: int) -> int:
        """Return the lowest price on the grid at or above a reference price."""
        return self.ceil(-(-ref * self.tick_den // (REF * self.tick_num)))

    def ref(self, ticks: int) -> int:
        """Return a price in reference units, rounded."""
        return divide(ticks * self.tick_num * REF, self.tick_den)

    # Money, in atto of ``currency``.

    def value(self, lots: int, ticks: int) -> int:
        """Return the coin value of lots at a price.

        A spread's price is a difference: lots of it are worth amount * price, which may
        be nothing or less, and pays nobody.
        """
        if self._harmonic:
            return divide(
                lots * self.lot_num * self.tick_den * ATTO,
                ticks * self.tick_num * self.lot_den,
            )
        return divide(
            lots * self.lot_num * ticks * self.tick_num * ATTO,
            self.lot_den * self.tick_den,
        )

    def value_at(self, lots: int, price: Fraction) -> int:
        """Return the coin value of lots at a price that may be off the grid."""
        amount = lots * self.lot_num * ATTO
        if self._harmonic:
            return divide(amount * price.denominator, self.lot_den * price.numerator)
        return divide(amount * price.numerator, self.lot_den * price.denominator)

    def value_at_ref(self, lots: int, ref: int) -> int:
        """Return the coin value of lots at a reference price.

        One lot's value is rounded, once, so that values of lots add up exactly.
        """
        if not lots:
            return 0
        if self._harmonic:
            return lots * divide(self.lot_num * REF * ATTO, ref * self.lot_den)
        return lots * divide(self.lot_num * ref * ATTO, self.lot_den * REF)

    def units(self, lots: int) -> int:
        """Return an amount in atto of the unit of orders."""
        return divide(lots * self.lot_num * ATTO, self.lot_den)

    def average_price(self, lots: int, value: int, decimals: int = 4) -> float:
        """Return the price at which lots have a coin value.

        For inverse futures this is the harmonic mean of the fill prices.
        """
        if lots == 0 or value == 0:
            return 0.0
        amount = abs(lots) * self.lot_num
        scale = int(10 ** max(decimals, self.mark_decimals))
        if self._harmonic:
            return divide(amount * ATTO * scale, abs(value) * self.lot_den) / scale
        return divide(value * self.lot_den * scale, amount * ATTO) / scale

    def profit(self, size_value: int, cost: int) -> int:
        """Return the profit of a signed position worth ``size_value`` now."""
        return cost - size_value if self._harmonic else size_value - cost

    def fee(self, lots: int, value: int, index_ref: int, maker: bool) -> int:
        """Return the fee on a fill, in atto of ``currency``; < 0 is a rebate.

        Futures and spot pay on the traded value; options on the underlying (a coin for
        inverse ones, the index price for linear ones), at most 12.5 % of the premium.
        Rounded to 1e-8.
        """
        numerator, denominator = self._maker if maker else self._taker
        basis = value
        if self.is_option:
            basis = self.units(lots)
            if not self.reversed:
                basis = divide(basis * index_ref, REF)
        fee = divide(basis * numerator, denominator)
        if self.is_option:
            fee = min(fee, divide(value * FEE_CAP[0], FEE_CAP[1]))
        return divide(fee, SATOSHI) * SATOSHI

    def row(self, state: str) -> dict[str, Any]:
        """Return the row of ``public/get_instruments``."""
        c = self.contract
        row: dict[str, Any] = {
            "price_index": c.price_index,
            "index_id": c.index_id,
            "kind": c.kind,
            "instrument_name": c.instrument_name,
            "instrument_id": c.instrument_id,
            "instrument_type": c.instrument_type,
            "underlying_type": "crypto",
            "product_group": self.product_group,
            "state": state,
            "is_active": state == "open",
        }
        if self.is_future:
            row["future_type"] = c.instrument_type
            row["max_leverage"] = c.max_leverage
            row["max_non_default_leverage"] = 5.0
            row["max_liquidation_commission"] = 0.01
        if self.is_option:
            assert c.strike is not None, "an option has a strike"
            row["option_type"], row["strike"] = c.option_type, float(c.strike)
        row |= {
            "maker_commission": float(c.maker_commission),
            "taker_commission": float(c.taker_commission),
        }
        if not (self.is_spot or self.is_combo):
            block_min = c.block_trade_min_trade_amount
            row["block_trade_commission"] = float(c.block_trade_commission)
            row["block_trade_tick_size"] = float(c.block_trade_tick_size)
            row["block_trade_min_trade_amount"] = (
                int(block_min) if block_min == int(block_min) else float(block_min)
            )
        row |= {
            "tick_size": float(c.tick_size),
            "tick_size_steps": [
                {"above_price": float(above), "tick_size": float(tick)}
                for above, tick in c.tick_steps
            ],
            "contract_size": float(c.contract_size),
            "min_trade_amount": float(c.min_trade_amount),
            "lot_size": c.lot_size,
        }
        if not self.is_spot:
            row["settlement_currency"] = self.currency
            row["settlement_period"] = c.settlement_period
        row |= {
            "base_currency": c.base_currency,
            "quote_currency": c.quote_currency,
            "counter_currency": c.counter_currency,
            "creation_timestamp": c.creation_timestamp,
            "expiration_timestamp": c.expiration_timestamp,
        }
        return row
