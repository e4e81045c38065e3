"""Arithmetic of the venue that the journeys check clients' values with.

By the venue's published rules, independent of the engine's own code.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

FEE_STEP = Decimal("1e-8")


def exact(value: Any) -> Decimal:
    """Return a wire number as the decimal it was written as."""
    return Decimal(str(value))


def tick_at(row: dict[str, Any], price: Any) -> Decimal:
    """Return the tick that holds at a price of an instrument row."""
    tick = exact(row["tick_size"])
    for step in row.get("tick_size_steps") or []:
        if exact(price) > exact(step["above_price"]):
            tick = exact(step["tick_size"])
    return tick


def on_tick(row: dict[str, Any], price: Any) -> bool:
    """Say whether a price is one the instrument can trade at."""
    return exact(price) % tick_at(row, price) == 0


def inverse_fee(amount_usd: Any, price: Any, rate: Any) -> Decimal:
    """Return the fee of a trade in an inverse future, in coins."""
    fee = exact(amount_usd) / exact(price) * exact(rate)
    return fee.quantize(FEE_STEP, ROUND_HALF_EVEN)


def inverse_pnl(amount_usd: Any, entry: Any, leaving: Any) -> Decimal:
    """Return what a long inverse position has earned between two prices, in coins."""
    return exact(amount_usd) / exact(entry) - exact(amount_usd) / exact(leaving)
