"""What an account did: its trades and its closed orders.

Trades are recent for a day and orders for half an hour; older ones are found with
``historical``, which leaves the recent ones out.
Source: docs.deribit.com, accessing historical trades and orders, 2026-08-22. The shape
of an order history with a continuation is not published: the list becomes ``orders``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.methods.account import CURRENCY, READ_TRADE, SUBACCOUNT
from engine.sim.venue.methods.market import (
    COUNT,
    INSTRUMENT,
    SORTING,
    TRADE_KIND,
    TRADE_RANGE,
    is_of,
    market_of,
    select_trades,
)
from engine.sim.venue.products.calendar import DAY_MS
from engine.sim.venue.rows.trading import account_trade_row, order_row

RECENT_ORDERS_MS = 30 * 60_000
OLD_ORDERS_MS = 2 * DAY_MS
ORDERS_DEFAULT = 20
HISTORICAL = {"historical": Param("flag"), **SUBACCOUNT}
# The docs require both times; clients in the wild send the first alone.
TIMES = {
    "start_timestamp": Param("integer"),
    "end_timestamp": Param("integer"),
    "count": COUNT,
    "sorting": SORTING,
}
HISTORY = {
    "count": COUNT,
    "offset": Param("integer", at_least=0),
    "include_old": Param("flag"),
    "include_unfilled": Param("flag"),
    "with_continuation": Param("flag"),
    "continuation": Param("text"),
    "historical": Param("flag"),
}


# Trades.


def _trades(call: Call) -> list[Trade]:
    """Return the account's recent trades, or the older ones, oldest first."""
    since_ms = call.venue.exchange.now_ms - DAY_MS
    old = call.params.get("historical", False)
    return [t for t in call.account.trades if (t.time_ms < since_ms) == old]


def _answer(call: Call, chosen: Callable[[Trade], bool]) -> dict[str, Any]:
    trades = [trade for trade in _trades(call) if chosen(trade)]
    found, has_more = select_trades(trades, call.params)
    return {
        "trades": [account_trade_row(trade, call.account) for trade in found],
        "has_more": has_more,
    }


def _by_instrument(call: Call) -> Any:
    name = market_of(call).instrument.name
    return _answer(call, lambda trade: trade.instrument.name == name)


def _by_currency(call: Call) -> Any:
    params = call.params
    currency, kind = params["currency"], params.get("kind", "any")
    start = _trade_number(params.get("start_id"))
    end = _trade_number(params.get("end_id"))
    return _answer(
        call,
        lambda trade: (
            trade.instrument.currency == currency
            and is_of(trade.instrument, "any", kind)
            and (start is None or trade.number >= start)
            and (end is None or trade.number <= end)
        ),
    )


def _trade_number(trade_id: str | None) -> int | None:
    """Return the number in a trade id, None when there is none."""
    digits = "" if trade_id is None else trade_id.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else None


method(
    "private/get_user_trades_by_instrument",
    {"instrument_name": INSTRUMENT, **TRADE_RANGE, **HISTORICAL},
    scope=READ_TRADE,
)(_by_instrument)
method(
    "private/get_user_trades_by_instrument_and_time",
    {"instrument_name": INSTRUMENT, **TIMES, **HISTORICAL},
    scope=READ_TRADE,
)(_by_instrument)
method(
    "private/get_user_trades_by_currency",
    {
        "currency": CURRENCY,
        "kind": TRADE_KIND,
        "start_id": Param("text"),
        "end_id": Param("text"),
        "start_timestamp": Param("integer"),
        "end_timestamp": Param("integer"),
        "count": COUNT,
        "sorting": SORTING,
        **HISTORICAL,
    },
    scope=READ_TRADE,
)(_by_currency)
method(
    "private/get_user_trades_by_currency_and_time",
    {"currency": CURRENCY, "kind": TRADE_KIND, **TIMES, **HISTORICAL},
    scope=READ_TRADE,
)(_by_currency)


@method(
    "private/get_user_trades_by_order",
    {"order_id": Param("text", required=True), "sorting": SORTING, **HISTORICAL},
    scope=READ_TRADE,
)
def get_user_trades_by_order(call: Call) -> Any:
    """Return the trades of one order, oldest first unless asked otherwise."""
    account, order_id = call.account, call.params["order_id"]
    trades = [
        trade
        for trade in _trades(call)
        for order in (trade.maker, trade.taker)
        if order.account is account and order.order_id == order_id
    ]
    if not trades and order_id not in call.venue.exchange.orders:
        raise Reject("order_not_found")
    if call.params.get("sorting", "default") == "desc":
        trades.reverse()
    return [account_trade_row(trade, account) for trade in trades]


# Closed orders.


def _closed(call: Call, chosen: Callable[[Order], bool]) -> Any:
    """Return the closed orders that are chosen, last changed first."""
    params, account = call.params, call.account
    now_ms = call.venue.exchange.now_ms
    since_ms, old = now_ms - RECENT_ORDERS_MS, params.get("historical", False)
    oldest_ms = 0 if params.get("include_old", False) else now_ms - OLD_ORDERS_MS
    unfilled = params.get("include_unfilled", False)
    below = _order_number(params.get("continuation"))
    kept = [*account.past_orders, *account.closed_orders] if old else [
        *account.closed_orders
    ]  # fmt: skip
    found = [
        order
        for order in reversed(kept)
        if (order.updated_ms < since_ms) == old
        and order.updated_ms >= oldest_ms
        and (unfilled or order.filled_lots)
        and chosen(order)
    ]
    if below is not None:
        after = [n for n, order in enumerate(found) if order.number == below]
        found = found[after[0] + 1 :] if after else []
    first = params.get("offset", 0)
    page = found[first : first + params.get("count", ORDERS_DEFAULT)]
    rows = [order_row(order) for order in page]
    if not params.get("with_continuation", False):
        return rows
    more = bool(page) and page[-1] is not found[-1]
    token = str(page[-1].number) if more else "none"
    return {"orders": rows, "continuation": token}


def _order_number(token: str | None) -> int | None:
    if token is None or token == "none":
        return None
    if not token.isdecimal():
        raise bad_param("continuation", "no such continuation")
    return int(token)


@method(
    "private/get_order_history_by_currency",
    {"currency": CURRENCY, "kind": TRADE_KIND, **HISTORY},
    scope=READ_TRADE,
)
def get_order_history_by_currency(call: Call) -> Any:
    """Return the closed orders that settle in a currency."""
    currency, kind = call.params["currency"], call.params.get("kind", "any")
    return _closed(
        call,
        lambda order: (
            order.instrument.currency == currency
            and is_of(order.instrument, "any", kind)
        ),
    )


@method(
    "private/get_order_history_by_instrument",
    {"instrument_name": INSTRUMENT, **HISTORY},
    scope=READ_TRADE,
)
def get_order_history_by_instrument(call: Call) -> Any:
    """Return the closed orders of one book."""
    name = market_of(call).instrument.name
    return _closed(call, lambda order: order.instrument.name == name)
