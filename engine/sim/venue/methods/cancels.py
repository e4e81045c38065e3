"""Cancels in all their forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.sim.venue.api.rpc import Call, Param, Params, method
from engine.sim.venue.errors import Reject
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.markets.watch import STOPS, TAKES, TRAILING, TYPES
from engine.sim.venue.methods.market import INSTRUMENT, market_of
from engine.sim.venue.methods.orders import LABEL_MAX, own_order
from engine.sim.venue.methods.trading import TRADE
from engine.sim.venue.rows.trading import order_row

KIND = Param("text", choices=(*KINDS, "combo"))
COMBOS = ("future_combo", "option_combo")
FAMILIES = {
    "all": ("limit", *TYPES),
    "limit": ("limit",),
    "trigger_all": TYPES,
    "stop": STOPS,
    "take": TAKES,
    "trailing_stop": TRAILING,
}
ORDER_TYPE = Param("text", choices=tuple(FAMILIES))
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
    if order.state not in ("open", "untriggered"):
        raise Reject("not_open_order")
    _refuse_in_settlement(call, order)
    call.venue.exchange.cancel(order)
    return order_row(order)


def _refuse_in_settlement(call: Call, order: Order) -> None:
    if call.venue.exchange.market(order.instrument.name).state == "settlement":
        raise Reject("settlement_in_progress")


@dataclass(slots=True)
class Report:
    """What became of the part of a mass cancel that is about one book and type."""

    currency: str
    kind: str
    instrument_name: str
    cancelled: list[Order] = field(default_factory=list)
    refusal: Reject | None = None

    def row(self) -> dict[str, Any]:
        """Return the execution report of the part."""
        row: dict[str, Any] = {
            "currency": self.currency,
            "type": self.kind,
            "instrument_name": self.instrument_name,
        }
        if self.refusal is not None:
            row["error"] = self.refusal.body()
        else:
            row["result"] = [order_row(order) for order in self.cancelled]
        return row


def _cancel_where(call: Call, chosen: Callable[[Order], bool]) -> Any:
    """Cancel the account's open orders that are chosen, book by book.

    Returns: how many, or with ``detailed`` one report for each book and type. Where
    everything was refused and no details are wanted, the refusal is the answer.
    Source: docs.deribit.com, JSON-RPC, detailed response for cancel methods, older copy
    (the newer one gives the same words with an example of another shape).
    """
    kind, types = call.params.get("kind"), FAMILIES[call.params.get("type", "all")]
    kinds = COMBOS if kind == "combo" else (kind,)
    doomed = [
        order
        for order in call.account.open_orders.values()
        if (kind in (None, "any") or order.instrument.kind in kinds)
        and order.order_type in types
        and chosen(order)
    ]
    reports: dict[tuple[str, str], Report] = {}
    for order in doomed:
        _cancel_one(call, order, reports)
    if call.params.get("freeze_quotes", False):
        call.venue.exchange.mmp.freeze_quotes(call.account)
    if call.params.get("detailed", False):
        return [report.row() for report in reports.values()]
    refusals = [r.refusal for r in reports.values() if r.refusal is not None]
    if refusals and len(refusals) == len(reports):
        raise refusals[0]
    return sum(len(report.cancelled) for report in reports.values())


def _cancel_one(
    call: Call, order: Order, reports: dict[tuple[str, str], Report]
) -> None:
    """Cancel one order of many, unless another of them has taken it along."""
    if order.order_id not in call.account.open_orders:
        return
    i = order.instrument
    kind = "trigger" if order.order_type in TYPES else "limit"
    report = reports.setdefault((i.name, kind), Report(i.currency, kind, i.name))
    try:
        _refuse_in_settlement(call, order)
    except Reject as refusal:
        report.refusal = refusal
    else:
        call.venue.exchange.cancel(order)
        report.cancelled.append(order)


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
    """Cancel what is for one book, and for combos with it when asked to."""
    market = market_of(call, "invalid_or_unsupported_instrument")
    names = {market.instrument.name}
    if call.params.get("include_combos", False):
        for other in call.venue.exchange.markets.values():
            if any(leg is market for leg, _ in other.legs):
                names.add(other.instrument.name)
    return _cancel_where(call, lambda order: order.instrument.name in names)


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
        "detailed": Param("flag"),
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
