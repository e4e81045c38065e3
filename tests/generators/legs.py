"""Made-up views of several instruments, for tests of packages."""

from __future__ import annotations

from typing import Any

from engine import View

NOW_NS = 1_790_000_000 * 10**9
EXPIRY_MS = 1_790_323_200_000
DAY_MS = 86_400_000
FOREVER_MS = 32_503_708_800_000

KINDS: dict[str, dict[str, Any]] = {
    "inverse": {
        "kind": "future",
        "instrument_type": "reversed",
        "tick_size": 0.5,
        "contract_size": 10.0,
        "min_trade_amount": 10.0,
    },
    "linear": {
        "kind": "future",
        "instrument_type": "linear",
        "tick_size": 0.5,
        "contract_size": 0.001,
        "min_trade_amount": 0.001,
    },
    "inverse option": {
        "kind": "option",
        "instrument_type": "reversed",
        "tick_size": 0.0001,
        "tick_size_steps": [{"above_price": 0.005, "tick_size": 0.0005}],
        "contract_size": 1.0,
        "min_trade_amount": 0.1,
    },
    "linear option": {
        "kind": "option",
        "instrument_type": "linear",
        "tick_size": 0.5,
        "contract_size": 1.0,
        "min_trade_amount": 0.01,
    },
    "spot": {
        "kind": "spot",
        "instrument_type": "linear",
        "tick_size": 0.5,
        "contract_size": 0.0001,
        "min_trade_amount": 0.0001,
    },
    "cross": {
        "kind": "spot",
        "instrument_type": "linear",
        "tick_size": 0.0001,
        "contract_size": 0.0001,
        "min_trade_amount": 0.001,
    },
}


def row(name: str, kind: str, expiry_ms: int = EXPIRY_MS, **changes: Any) -> Any:
    """Return an instrument as the venue describes it; no fees unless told."""
    return {
        "instrument_name": name,
        "tick_size_steps": [],
        "maker_commission": 0.0,
        "taker_commission": 0.0,
        "expiration_timestamp": expiry_ms,
        **KINDS[kind],
        **changes,
    }


def book(
    listed: Any,
    bid: float,
    ask: float,
    *,
    lots: int | tuple[int, int] = 1_000_000,
    held: int = 0,
    others: tuple[View, ...] = (),
    **changes: Any,
) -> View:
    """Return the view of an instrument with one level a side, prices as they stand."""
    sizes = lots if isinstance(lots, tuple) else (lots, lots)
    tick = listed["tick_size"]
    return View.for_test(
        listed,
        **{
            "bids": [(round(bid / tick), sizes[0])],
            "asks": [(round(ask / tick), sizes[1])],
            "inventory_lots": held,
            "inventory_limit_lots": 10**6,
            "now_ns": NOW_NS,
            "others": list(others),
        }
        | changes,
    )
