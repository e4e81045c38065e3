"""Cancels in all their forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sim.venue.api.methods_market import INSTRUMENT, market_of
from engine.sim.venue.api.methods_orders import LABEL_MAX, own_order
from engine.sim.venue.api.methods_trading import TRADE
from engine.sim.venue.api.rpc import Call, Param, Params, method
from engine.sim.venue.errors import Reject
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.rows.trading import order_row

KIND = Param("text", choices=(*KINDS, "combo"))
ORDER_TYPE = Param(
    "text", choices=("all", "limit", "trigger_all", "stop", "take", "trailing_stop")
)
FILTERS = {
    "kind": KIND,
    "type": ORDER_TYPE,
    "detailed": Param("flag"),
    "freeze_quotes": Param("flag"),
}


@method(
    "private/cancel",
    {"order_id": Param("text", required=True)},
    scope=TRADE,
    cost="matching",
)
def cancel(call: Call) -> Any:
    """Cancel one order and return it, not wrapped."""
    order = own_order(call, call.params["order_id"])
    if order.is_quote:
        raise Reject("order_not_found")
    if order.state != "open":
        raise Reject("not_open_order")
    _refuse_in_settlement(call, order)
    call.venue.exchange.cancel(order)
    return order_row(order)


def _refuse_in_settlement(call: Call, order: Order) -> None:
    if call.venue.exchange.market(order.instrument.name).state == "settlement":
        raise Reject("settlement_in_progress")


def _cancel_where(call: Call, chosen: Callable[[Order], bool]) -> Any:
    """Cancel the account's open orders that are chosen; a number, or the orders."""
    kind, order_type = call.params.get("kind"), call.params.get("type", "all")
    doomed = [
        order
        for order in call.account.open_orders.values()
        if kind in (None, "any", order.instrument.kind)
        and order_type in ("all", "limit")
        and chosen(order)
    ]
    for order in doomed:
        _refuse_in_settlement(call, order)
    for order in doomed:
        call.venue.exchange.cancel(order)
    if call.params.get("freeze_quotes", False):
        call.venue.exchange.mmp.freeze_quotes(call.account)
    if call.params.get("detailed", False):
        return [order_row(order) for order in doomed]
    return len(doomed)


@method(
    "private/cancel_all",
    {"detailed": Param("flag"), "freeze_quotes": Param("flag")},
    scope=TRADE,
    cost="cancel_all",
)
def cancel_all(call: Call) -> Any:
    """Cancel everything."""
    return _cancel_where(call, lambda order: True)


@method(
    "private/cancel_all_by_currency",
    {"currency": Param("text", required=True, choices=CURRENCIES[:-1]), **FILTERS},
    scope=TRADE,
    cost="matching",
)
def cancel_all_by_currency(call: Call) -> Any:
    """Cancel what settles in a currency."""
    currency = call.params["currency"]
    return _cancel_where(call, lambda order: order.instrument.currency == currency)


@method(
    "private/cancel_all_by_currency_pair",
    {"currency_pair": Param("text", required=True), **FILTERS},
    scope=TRADE,
    cost="matching",
)
def cancel_all_by_currency_pair(call: Call) -> Any:
    """Cancel what is written on an index."""
    pair = call.params["currency_pair"]
    return _cancel_where(call, lambda order: order.instrument.index_name == pair)


@method(
    "private/cancel_all_by_instrument",
    {
        "instrument_name": INSTRUMENT,
        "type": ORDER_TYPE,
        "detailed": Param("flag"),
        "include_combos": Param("flag"),
        "freeze_quotes": Param("flag"),
    },
    scope=TRADE,
    cost="matching",
)
def cancel_all_by_instrument(call: Call) -> Any:
    """Cancel what rests in one book."""
    name = market_of(call, "invalid_or_unsupported_instrument").instrument.name
    return _cancel_where(call, lambda order: order.instrument.name == name)


def _kind_or_type_cost(params: Params) -> str:
    return "cancel_all" if params.get("currency") == "any" else "matching"


@method(
    "private/cancel_all_by_kind_or_type",
    {
        "currency": Param("text or texts", required=True, choices=CURRENCIES),
        **FILTERS,
    },
    scope=TRADE,
    cost=_kind_or_type_cost,
)
def cancel_all_by_kind_or_type(call: Call) -> Any:
    """Cancel by settlement currency (one, several, any), kind and type."""
    currencies = call.params["currency"]
    return _cancel_where(
        call,
        lambda order: "any" in currencies or order.instrument.currency in currencies,
    )


def _label_cost(params: Params) -> str:
    return "matching" if "currency" in params else "cancel_all"


@method(
    "private/cancel_by_label",
    {
        "label": Param("text", required=True, size_max=LABEL_MAX),
        "currency": Param("text", choices=CURRENCIES[:-1]),
    },
    scope=TRADE,
    cost=_label_cost,
)
def cancel_by_label(call: Call) -> Any:
    """Cancel every order that has the label."""
    label, currency = call.params["label"], call.params.get("currency")
    return _cancel_where(
        call,
        lambda order: (
            order.label == label
            and currency in (None, order.instrument.currency)
            and not order.is_quote
        ),
    )
