"""What an account may ask about itself: trades, positions, figures."""

from __future__ import annotations

from typing import Any

from engine.sim.venue.accounts.account import Account
from engine.sim.venue.api.methods_market import (
    COUNT,
    INSTRUMENT,
    SORTING,
    TRADE_RANGE,
    market_of,
    select_trades,
)
from engine.sim.venue.api.methods_orders import own_order
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import bad_param
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.rows.accounts import portfolio_row, position_row
from engine.sim.venue.rows.trading import account_trade_row

READ_TRADE, READ_ACCOUNT = "trade:read", "account:read"
CREATED_MS = 1_500_000_000_000  # when every account was made
CURRENCY = Param("text", required=True, choices=CURRENCIES[:-1])
KIND = Param("text", choices=KINDS)
SUBACCOUNT = {"subaccount_id": Param("integer")}


# Trades.


def _user_trades(call: Call, trades: list[Trade]) -> dict[str, Any]:
    found, has_more = select_trades(trades, call.params)
    return {
        "trades": [account_trade_row(trade, call.account) for trade in found],
        "has_more": has_more,
    }


HISTORICAL = {"historical": Param("flag"), **SUBACCOUNT}


@method(
    "private/get_user_trades_by_instrument",
    {"instrument_name": INSTRUMENT, **TRADE_RANGE, **HISTORICAL},
    scope=READ_TRADE,
)
def get_user_trades_by_instrument(call: Call) -> Any:
    """Return the account's trades in one instrument."""
    name = market_of(call).instrument.name
    return _user_trades(
        call, [t for t in call.account.trades if t.instrument.name == name]
    )


@method(
    "private/get_user_trades_by_currency",
    {
        "currency": CURRENCY,
        "kind": Param("text", choices=(*KINDS, "combo")),
        "start_id": Param("text"),
        "end_id": Param("text"),
        "start_timestamp": Param("integer"),
        "end_timestamp": Param("integer"),
        "count": COUNT,
        "sorting": SORTING,
        **HISTORICAL,
    },
    scope=READ_TRADE,
)
def get_user_trades_by_currency(call: Call) -> Any:
    """Return the account's trades that settle in a currency."""
    params = call.params
    currency, kind = params["currency"], params.get("kind", "any")
    start = _trade_number(params.get("start_id"))
    end = _trade_number(params.get("end_id"))
    chosen = [
        trade
        for trade in call.account.trades
        if trade.instrument.currency == currency
        and kind in ("any", trade.instrument.kind)
        and (start is None or trade.number >= start)
        and (end is None or trade.number <= end)
    ]
    return _user_trades(call, chosen)


def _trade_number(trade_id: str | None) -> int | None:
    """Return the number in a trade id, None when there is none."""
    digits = "" if trade_id is None else trade_id.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else None


@method(
    "private/get_user_trades_by_order",
    {"order_id": Param("text", required=True), "sorting": SORTING, **HISTORICAL},
    scope=READ_TRADE,
)
def get_user_trades_by_order(call: Call) -> Any:
    """Return the trades of one order, oldest first unless asked otherwise."""
    order = own_order(call, call.params["order_id"])
    trades = [t for t in call.account.trades if order in (t.maker, t.taker)]
    if call.params.get("sorting", "default") == "desc":
        trades.reverse()
    return [account_trade_row(trade, call.account) for trade in trades]


# Positions and figures.


@method(
    "private/get_positions",
    {"currency": Param("text", choices=CURRENCIES), "kind": KIND, **SUBACCOUNT},
    scope=READ_TRADE,
)
def get_positions(call: Call) -> Any:
    """Return every position ever opened, size 0 included."""
    currency, kind = call.params.get("currency", "any"), call.params.get("kind", "any")
    return [
        position_row(position)
        for position in call.account.positions.values()
        if position.traded
        and currency in ("any", position.instrument.currency)
        and kind in ("any", position.instrument.kind)
    ]


@method("private/get_position", {"instrument_name": INSTRUMENT}, scope=READ_TRADE)
def get_position(call: Call) -> Any:
    """Return the position of one instrument, zero if there is none."""
    market = market_of(call)
    return position_row(call.account.position(market.instrument, market))


@method(
    "private/get_account_summary",
    {
        "currency": Param("text", required=True),
        "extended": Param("flag"),
        **SUBACCOUNT,
    },
    scope=READ_ACCOUNT,
)
def get_account_summary(call: Call) -> Any:
    """Return the figures of one currency, with limits and fees when extended."""
    account, currency = call.account, call.params["currency"]
    if currency not in account.cash and currency not in CURRENCIES[:-1]:
        raise bad_param("currency", "unknown currency")
    row = portfolio_row(account, currency)
    if call.params.get("extended", False):
        row |= _extension(call, currency)
    return row | identity(account)


@method(
    "private/get_account_summaries",
    {"extended": Param("flag"), **SUBACCOUNT},
    scope=READ_ACCOUNT,
)
def get_account_summaries(call: Call) -> Any:
    """Return the figures of every currency."""
    account, extended = call.account, call.params.get("extended", False)
    summaries = []
    for currency in account.cash:
        row = portfolio_row(account, currency)
        summaries.append(row | _extension(call, currency) if extended else row)
    return identity(account) | {"summaries": summaries}


def identity(account: Account) -> dict[str, Any]:
    """Return who the account is."""
    return {
        "id": account.user_id,
        "username": account.name,
        "system_name": account.name,
        "email": f"{account.name}@example.com",
        "type": "main",
        "creation_timestamp": CREATED_MS,
        "login_enabled": True,
        "mmp_enabled": account.mmp_enabled,
        "security_keys_enabled": False,
        "interuser_transfers_enabled": False,
        "self_trading_reject_mode": account.self_trade_mode,
    }


def _extension(call: Call, currency: str) -> dict[str, Any]:
    """Return limits and fees; fees are the contracts' rates, by index and kind."""
    fees: dict[str, dict[str, Any]] = {}
    for market in call.venue.exchange.markets.values():
        instrument = market.instrument
        if instrument.currency != currency:
            continue
        kind = "perpetual" if instrument.perpetual else instrument.kind
        fees.setdefault(instrument.index_name, {})[kind] = {
            "default": {
                "type": "relative",
                "maker": float(instrument.contract.maker_commission),
                "taker": float(instrument.contract.taker_commission),
            },
            "block_trade": 0.00025,
        }
    return {"limits": call.account.credits.limits(), "fees": fees}
