"""The wallet as far as a trading client reads it: deposits, addresses, subaccounts.

Coins do not move here: an account was funded by one deposit per currency when it was
made, and nothing is withdrawn or transferred.
Source: docs.deribit.com, private/get_deposits, get_subaccounts, 2026-08-22.
"""

from __future__ import annotations

from typing import Any

from engine.sim.venue.accounts.account import Account
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.methods.account import (
    CREATED_MS,
    CURRENCY,
    READ_ACCOUNT,
    identity,
    reach,
)
from engine.sim.venue.rows.accounts import portfolio_row

READ_WALLET, USE_WALLET = "wallet:read", "wallet:read_write"
PAGE = {
    "currency": CURRENCY,
    "count": Param("integer", at_least=1, at_most=1_000),
    "offset": Param("integer", at_least=0),
}
PORTFOLIO_KEYS = (
    "balance", "locked_balance", "margin_balance", "equity", "maintenance_margin",
    "initial_margin", "available_funds", "available_withdrawal_funds", "spot_reserve",
    "additional_reserve",
)  # fmt: skip


def _address(account: Account, currency: str) -> str:
    """Return where an account's coins would be sent."""
    return f"simulated-{currency.lower()}-{account.user_id}"


def _page(call: Call, rows: list[dict[str, Any]]) -> dict[str, Any]:
    first = call.params.get("offset", 0)
    return {
        "count": len(rows),
        "data": rows[first : first + call.params.get("count", 10)],
    }


@method("private/get_deposits", PAGE, scope=READ_WALLET)
def get_deposits(call: Call) -> Any:
    """Return the deposit the account was funded with."""
    account, currency = call.account, call.params["currency"]
    funds = account.config.balances if account.config is not None else {}
    if currency not in funds:
        return _page(call, [])
    row = {
        "address": _address(account, currency),
        "amount": float(funds[currency]),
        "currency": currency,
        "received_timestamp": CREATED_MS,
        "state": "completed",
        "transaction_id": f"{_address(account, currency)}-funding",
        "updated_timestamp": CREATED_MS,
    }
    return _page(call, [row])


@method("private/get_withdrawals", PAGE, scope=READ_WALLET)
def get_withdrawals(call: Call) -> Any:
    """Return no withdrawal: none can be made."""
    return _page(call, [])


@method("private/get_transfers", PAGE, scope=READ_WALLET)
def get_transfers(call: Call) -> Any:
    """Return no transfer: none can be made."""
    return _page(call, [])


@method(
    "private/get_current_deposit_address", {"currency": CURRENCY}, scope=READ_WALLET
)
def get_current_deposit_address(call: Call) -> Any:
    """Return the deposit address of a currency."""
    currency = call.params["currency"]
    return {
        "address": _address(call.account, currency),
        "creation_timestamp": CREATED_MS,
        "currency": currency,
        "type": "deposit",
    }


@method("private/create_deposit_address", {"currency": CURRENCY}, scope=USE_WALLET)
def create_deposit_address(call: Call) -> Any:
    """Return the deposit address of a currency; an account has one for each."""
    return get_current_deposit_address(call)


@method(
    "private/get_subaccounts", {"with_portfolio": Param("flag")}, scope=READ_ACCOUNT
)
def get_subaccounts(call: Call) -> Any:
    """Return the account itself and, of a main account, its subaccounts."""
    with_portfolio = call.params.get("with_portfolio", False)
    return [_subaccount(one, with_portfolio) for one in reach(call)]


def _subaccount(account: Account, with_portfolio: bool) -> dict[str, Any]:
    who = identity(account)
    row: dict[str, Any] = {
        key: who[key]
        for key in ("id", "username", "system_name", "email", "type", "login_enabled")
    }
    row |= {
        "is_password": True,
        "margin_model": "segregated_sm",
        "receive_notifications": False,
        "security_keys_assignments": [],
        "security_keys_enabled": False,
        "tfa_enabled": False,
    }
    if with_portfolio:
        row["portfolio"] = {
            currency.lower(): _portfolio(account, currency) for currency in account.cash
        }
    return row


def _portfolio(account: Account, currency: str) -> dict[str, Any]:
    full = portfolio_row(account, currency)
    picked = {key: full[key] for key in PORTFOLIO_KEYS}
    return {"currency": currency.lower()} | picked
