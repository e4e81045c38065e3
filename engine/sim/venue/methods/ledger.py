"""The transaction log, and settlements and deliveries, private and public.

The end of a list is a continuation of null (the log: clients page until they see it) or
"none" (settlements).
Source: docs.deribit.com, private/get_transaction_log, get_settlement_history_*,
public/get_last_settlements_*, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sim.venue.accounts.ledger import Entry
from engine.sim.venue.accounts.records import Record
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import bad_param
from engine.sim.venue.feeds.channels import CURRENCIES
from engine.sim.venue.methods.account import (
    CURRENCY,
    READ_ACCOUNT,
    READ_TRADE,
    SUBACCOUNT,
)
from engine.sim.venue.methods.market import INSTRUMENT, market_of
from engine.sim.venue.rows.ledger import ROLES, entry_row, record_row

LOG_DEFAULT, LOG_MAX = 100, 250
RECORDS_DEFAULT, RECORDS_MAX = 20, 1_000
END = "none"
RECORDS = {
    "type": Param("text", choices=("settlement", "delivery", "bankruptcy")),
    "count": Param("integer", at_least=1, at_most=RECORDS_MAX),
    "continuation": Param("text"),
    "search_start_timestamp": Param("integer"),
}


@method(
    "private/get_transaction_log",
    {
        "currency": Param("text", required=True),
        "start_timestamp": Param("integer", required=True),
        "end_timestamp": Param("integer", required=True),
        "query": Param("text"),
        "count": Param("integer", at_least=1, at_most=LOG_MAX),
        "continuation": Param("integer", at_least=1),
        **SUBACCOUNT,
    },
    scope=READ_ACCOUNT,
    cost="transaction_log",
)
def get_transaction_log(call: Call) -> Any:
    """Return entries of a currency, newest first."""
    params, account = call.params, call.account
    currency = params["currency"]
    if currency not in account.cash and currency not in CURRENCIES:
        raise bad_param("currency", "unknown currency")
    start_ms, end_ms = params["start_timestamp"], params["end_timestamp"]
    words = params.get("query", "").split()
    below = params.get("continuation")
    found = [
        entry
        for entry in reversed(account.ledger.entries)
        if entry.currency == currency
        and start_ms <= entry.time_ms <= end_ms
        and (below is None or entry.number < below)
        and all(word in _words(entry) for word in words)
    ]
    page = found[: params.get("count", LOG_DEFAULT)]
    return {
        "logs": [entry_row(entry, account) for entry in page],
        "continuation": page[-1].number if len(found) > len(page) else None,
    }


def _words(entry: Entry) -> list[str]:
    """Return the words an entry is found by."""
    words = [entry.kind, *entry.side.split()]
    if entry.instrument is not None:
        words.append(entry.instrument.kind)
    if entry.trade is not None:
        words.append(ROLES[entry.maker])
    return words


# Settlements and deliveries.


def _page(
    call: Call, records: list[Record], chosen: Callable[[Record], bool]
) -> dict[str, Any]:
    """Return the newest that are chosen, and where to go on."""
    params = call.params
    kind, latest_ms = params.get("type"), params.get("search_start_timestamp")
    token = params.get("continuation", END)
    if token != END and not token.isdecimal():
        raise bad_param("continuation", "no such continuation")
    below = None if token == END else int(token)
    found = [
        record
        for record in records
        if kind in (None, record.kind)
        and (latest_ms is None or record.time_ms <= latest_ms)
        and (below is None or record.number < below)
        and chosen(record)
    ]
    page = found[: params.get("count", RECORDS_DEFAULT)]
    return {
        "settlements": [record_row(record) for record in page],
        "continuation": str(page[-1].number) if len(found) > len(page) else END,
    }


def _of_instrument(call: Call) -> Callable[[Record], bool]:
    instrument = market_of(call).instrument
    return lambda record: record.instrument is instrument


@method(
    "private/get_settlement_history_by_currency",
    {"currency": CURRENCY, **RECORDS},
    scope=READ_TRADE,
)
def get_settlement_history_by_currency(call: Call) -> Any:
    """Return the account's settlements and deliveries in a currency."""
    records = call.account.settlements.of(call.params["currency"])
    return _page(call, records, lambda record: True)


@method(
    "private/get_settlement_history_by_instrument",
    {"instrument_name": INSTRUMENT, **RECORDS},
    scope=READ_TRADE,
)
def get_settlement_history_by_instrument(call: Call) -> Any:
    """Return the account's settlements and its delivery in one instrument."""
    currency = market_of(call).instrument.currency
    return _page(call, call.account.settlements.of(currency), _of_instrument(call))


@method("public/get_last_settlements_by_currency", {"currency": CURRENCY, **RECORDS})
def get_last_settlements_by_currency(call: Call) -> Any:
    """Return the venue's settlements and deliveries in a currency."""
    records = call.venue.exchange.settlement.records.of(call.params["currency"])
    return _page(call, records, lambda record: True)


@method(
    "public/get_last_settlements_by_instrument",
    {"instrument_name": INSTRUMENT, **RECORDS},
)
def get_last_settlements_by_instrument(call: Call) -> Any:
    """Return the venue's settlements and delivery of one instrument."""
    currency = market_of(call).instrument.currency
    records = call.venue.exchange.settlement.records.of(currency)
    return _page(call, records, _of_instrument(call))
