"""Every method the venue offers, with parameters it must accept: the one table.

An entry is one or more ways to call the method. A way is a function of the day that
returns the parameters, as a coroutine when something must be prepared first. The
invalid calls are derived from these in ``wrongs.py``.
"""

from __future__ import annotations

import json

from tests.conformance.calls_market import CURRENCIES, MARKET, SESSION
from tests.conformance.calls_trading import TRADING
from tests.conformance.day import LINEAR, PERPETUAL, Day
from tests.conformance.ways import (
    Params,
    Way,
    fixed,
    lately,
    named,
    of_currency,
    of_order,
    option,
)

ALONE = {
    "private/logout",
    "private/unsubscribe_all",
    "public/auth",
    "public/disable_heartbeat",
    "public/exchange_token",
    "public/fork_token",
    "public/set_heartbeat",
    "public/unsubscribe_all",
}
"""Methods that change their connection: each call gets one of its own."""

NO_ANSWER = {"private/logout"}
"""Methods that are not answered; the line is closed instead."""


async def _margin_ids(day: Day) -> Params:
    return {"ids": [(await day.resting())["order_id"]]}


async def _by_label(day: Day) -> Params:
    label = day.fresh("wanted")
    await day.resting(label=label)
    return {"currency": "BTC", "label": label}


async def _margins(day: Day) -> Params:
    return {
        "instrument_name": PERPETUAL,
        "amount": 1_000,
        "price": await day.below(1),
    }


PORTFOLIO = json.dumps({PERPETUAL: 1_000})

ACCOUNT: dict[str, tuple[Way, ...]] = {
    "private/create_combo": (
        lambda day: {
            "trades": [
                {"instrument_name": PERPETUAL, "amount": 10, "direction": "buy"},
                {"instrument_name": day.future, "amount": 10, "direction": "sell"},
            ]
        },
    ),
    "private/create_deposit_address": of_currency("BTC"),
    "private/get_access_log": (fixed(), fixed(offset=0, count=5)),
    "private/get_account_summaries": (fixed(), fixed(extended=True)),
    "private/get_account_summary": (
        *of_currency(*CURRENCIES),
        *of_currency("BTC", extended=True),
    ),
    "private/get_current_deposit_address": of_currency("BTC"),
    "private/get_deposits": of_currency("BTC"),
    "private/get_leg_prices": (
        lambda day: {
            "legs": [
                {"instrument_name": PERPETUAL, "amount": 10, "direction": "buy"},
                {"instrument_name": day.future, "amount": 10, "direction": "sell"},
            ],
            "price": 100,
        },
    ),
    "private/get_margins": (_margins,),
    "private/get_open_orders": (fixed(), fixed(kind="future", type="trigger_all")),
    "private/get_open_orders_by_currency": (
        *of_currency("BTC"),
        *of_currency("USDC", kind="spot", type="limit"),
    ),
    "private/get_open_orders_by_instrument": named(PERPETUAL, type="all"),
    "private/get_open_orders_by_label": (_by_label,),
    "private/get_order_history_by_currency": (
        *of_currency("BTC", include_unfilled=True),
        *of_currency("BTC", kind="future", count=5, offset=1, historical=False),
    ),
    "private/get_order_history_by_instrument": named(PERPETUAL, count=5),
    "private/get_order_margin_by_ids": (_margin_ids,),
    "private/get_order_state": (of_order(Day.resting), of_order(Day.bought)),
    "private/get_order_state_by_label": (_by_label,),
    "private/get_position": (*named(PERPETUAL, LINEAR), option()),
    "private/get_positions": (
        fixed(),
        *of_currency("BTC", "any", kind="future"),
    ),
    "private/get_settlement_history_by_currency": (
        *of_currency("BTC"),
        *of_currency("BTC", type="settlement", count=5),
    ),
    "private/get_settlement_history_by_instrument": named(PERPETUAL, count=5),
    "private/get_subaccounts": (fixed(), fixed(with_portfolio=True)),
    "private/get_subaccounts_details": of_currency("BTC", with_open_orders=True),
    "private/get_transaction_log": (
        lately(currency="BTC"),
        lately(currency="BTC", query="trade", count=5),
    ),
    "private/get_transfers": of_currency("BTC"),
    "private/get_trigger_order_history": (
        *of_currency("BTC"),
        *of_currency("BTC", instrument_name=PERPETUAL, count=5),
    ),
    "private/get_user_locks": (fixed(),),
    "private/get_user_trades_by_currency": (
        *of_currency("BTC"),
        *of_currency("BTC", kind="future", count=5, sorting="asc"),
    ),
    "private/get_user_trades_by_currency_and_time": (lately(currency="BTC"),),
    "private/get_user_trades_by_instrument": named(PERPETUAL, count=5),
    "private/get_user_trades_by_instrument_and_time": (
        lately(instrument_name=PERPETUAL),
    ),
    "private/get_user_trades_by_order": (of_order(Day.bought),),
    "private/get_withdrawals": of_currency("BTC"),
    "private/set_self_trading_config": (
        fixed(mode="cancel_maker", extended_to_subaccounts=False),
        fixed(mode="reject_taker", extended_to_subaccounts=False),
    ),
    "private/simulate_portfolio": (
        of_currency("BTC")[0],
        fixed(currency="BTC", add_positions=True, simulated_positions=PORTFOLIO),
    ),
}

CALLS: dict[str, tuple[Way, ...]] = {**SESSION, **MARKET, **TRADING, **ACCOUNT}
