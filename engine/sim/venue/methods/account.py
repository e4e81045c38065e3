"""What an account may ask about itself: positions, figures, locks, logins."""

from __future__ import annotations

from typing import Any

from engine.sim.venue.accounts.account import Account
from engine.sim.venue.accounts.position import Position
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import bad_param
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.methods.market import INSTRUMENT, market_of
from engine.sim.venue.rows.accounts import access_row, portfolio_row, position_row
from engine.sim.venue.rows.trading import order_row

SELF_TRADE_MODES = ("reject_taker", "cancel_maker")
READ_TRADE, READ_ACCOUNT = "trade:read", "account:read"
CREATED_MS = 1_500_000_000_000  # when every account was made
CURRENCY = Param("text", required=True, choices=CURRENCIES[:-1])
KIND = Param("text", choices=KINDS)
SUBACCOUNT = {"subaccount_id": Param("integer")}


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
    held = call.account.positions.get(market.instrument.name)
    return position_row(held or Position(market.instrument, market))


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
    extended = "true" if account.self_trade_extended else "false"
    return {
        "id": account.user_id,
        "username": account.name,
        "system_name": account.name,
        "email": f"{account.name}@example.com",
        "type": "subaccount" if account.main else "main",
        "creation_timestamp": CREATED_MS,
        "login_enabled": True,
        "mmp_enabled": account.mmp_enabled,
        "security_keys_enabled": False,
        "interuser_transfers_enabled": False,
        "self_trading_reject_mode": account.self_trade_mode,
        "self_trading_extended_to_subaccounts": extended,
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


# The rest of the account.


@method(
    "private/get_subaccounts_details",
    {"currency": CURRENCY, "with_open_orders": Param("flag")},
    scope=READ_ACCOUNT,
)
def get_subaccounts_details(call: Call) -> Any:
    """Return positions and open orders of the account and its subaccounts."""
    orders = call.params.get("with_open_orders", False)
    currency = call.params["currency"]
    return [_details(one, currency, orders) for one in reach(call)]


def reach(call: Call) -> list[Account]:
    """Return the account and, of a main account, its subaccounts."""
    accounts = call.venue.exchange.accounts.values()
    return [call.account, *(a for a in accounts if a.main == call.account.name)]


def _details(account: Account, currency: str, with_orders: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "uid": account.user_id,
        "positions": [
            position_row(position)
            for position in account.in_currency(currency)
            if position.size
        ],
    }
    if with_orders:
        row["open_orders"] = [
            order_row(order)
            for order in account.open_orders.values()
            if order.instrument.currency == currency
        ]
    return row


@method(
    "private/set_self_trading_config",
    {
        "mode": Param("text", required=True, choices=SELF_TRADE_MODES),
        "extended_to_subaccounts": Param("flag", required=True),
        "block_rfq_self_match_prevention": Param("flag"),
    },
    scope="account:read_write",
)
def set_self_trading_config(call: Call) -> Any:
    """Say which of two own orders gives way, and whether a family's are own ones."""
    call.account.self_trade_mode = call.params["mode"]
    call.account.self_trade_extended = call.params["extended_to_subaccounts"]
    return "ok"


@method("private/get_user_locks", scope=READ_ACCOUNT)
def get_user_locks(call: Call) -> Any:
    """Return which currencies are locked; clients read one key or the other."""
    rows = []
    for currency in CURRENCIES[:-1]:
        locked = call.account.is_locked(currency)
        rows.append({"currency": currency, "enabled": locked, "locked": locked})
    return rows


@method(
    "private/get_access_log",
    {
        "offset": Param("integer", at_least=0),
        "count": Param("integer", at_least=1, at_most=1_000),
    },
    scope=READ_ACCOUNT,
)
def get_access_log(call: Call) -> Any:
    """Return the account's logins and what was tried, newest first.

    With their number beside them, as clients have seen it on the live venue; the
    published schema has the bare list.
    """
    first, count = call.params.get("offset", 0), call.params.get("count", 10)
    logins = list(reversed(call.account.logins))
    rows = [access_row(login) for login in logins[first : first + count]]
    return {"records_total": len(logins), "data": rows}
