"""What an account asks about its orders: the open ones, the recent ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sim.venue.api.rpc import Call, Param, Params, method
from engine.sim.venue.errors import Reject
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.markets.watch import STOPS, TAKES, TRAILING, TYPES
from engine.sim.venue.methods.market import INSTRUMENT, market_of
from engine.sim.venue.rows.trading import order_row, trigger_record_row

LABEL_MAX = 64
READ_TRADE = "trade:read"
CURRENCY = Param("text", required=True, choices=CURRENCIES[:-1])
KIND = Param("text", choices=KINDS)
LABEL = Param("text", required=True, size_max=LABEL_MAX)
FAMILIES = {
    "all": ("limit", *TYPES),
    "limit": ("limit",),
    "trigger_all": TYPES,
    "stop_all": STOPS,
    "take_all": TAKES,
    "trailing_all": TRAILING,
    **{name: (name,) for name in TYPES},
}
ORDER_TYPE = Param("text", choices=tuple(FAMILIES))
CONTINUATION_MAX = 100
HISTORY_COUNT, HISTORY_COUNT_MAX = 20, 1_000


def own_order(call: Call, order_id: str) -> Order:
    """Return one of the account's recent orders.

    Raises:
        Reject: 10004 unknown, 10029 somebody else's.
    """
    order = call.venue.exchange.orders.get(order_id)
    if order is None:
        raise Reject("order_not_found")
    if order.account is not call.account:
        raise Reject("not_owner_of_order")
    return order


def _open_orders(call: Call, chosen: Callable[[Order], bool]) -> list[dict[str, Any]]:
    """Return the open orders that are chosen, those that wait included.

    Here alone an order in the speed bump says that it is.
    """
    kind, types = call.params.get("kind"), FAMILIES[call.params.get("type", "all")]
    rows = []
    for order in call.account.open_orders.values():
        if (
            kind in (None, "any", order.instrument.kind)
            and order.order_type in types
            and chosen(order)
        ):
            row = order_row(order)
            if order.pending:
                row["order_state"] = "speed_bumped"
            rows.append(row)
    return rows


@method("private/get_open_orders", {"kind": KIND, "type": ORDER_TYPE}, scope=READ_TRADE)
def get_open_orders(call: Call) -> Any:
    """Return all open orders."""
    return _open_orders(call, lambda order: True)


@method(
    "private/get_open_orders_by_currency",
    {"currency": CURRENCY, "kind": KIND, "type": ORDER_TYPE},
    scope=READ_TRADE,
)
def get_open_orders_by_currency(call: Call) -> Any:
    """Return the open orders that settle in a currency."""
    currency = call.params["currency"]
    return _open_orders(call, lambda order: order.instrument.currency == currency)


@method(
    "private/get_open_orders_by_instrument",
    {"instrument_name": INSTRUMENT, "type": ORDER_TYPE},
    scope=READ_TRADE,
)
def get_open_orders_by_instrument(call: Call) -> Any:
    """Return the open orders of one book."""
    name = market_of(call).instrument.name
    return _open_orders(call, lambda order: order.instrument.name == name)


@method(
    "private/get_open_orders_by_label",
    {"currency": CURRENCY, "label": LABEL},
    scope=READ_TRADE,
)
def get_open_orders_by_label(call: Call) -> Any:
    """Return the open orders that have a label."""
    return _open_orders(call, _labelled(call.params))


def _labelled(params: Params) -> Callable[[Order], bool]:
    currency, label = params["currency"], params["label"]

    def chosen(order: Order) -> bool:
        return (order.label, order.instrument.currency) == (label, currency)

    return chosen


@method(
    "private/get_order_state",
    {"order_id": Param("text", required=True)},
    scope=READ_TRADE,
)
def get_order_state(call: Call) -> Any:
    """Return one recent order."""
    return order_row(own_order(call, call.params["order_id"]))


@method(
    "private/get_order_state_by_label",
    {"currency": CURRENCY, "label": LABEL},
    scope=READ_TRADE,
)
def get_order_state_by_label(call: Call) -> Any:
    """Return the recent orders that have a label, oldest first."""
    chosen = _labelled(call.params)
    recent = [*call.account.closed_orders, *call.account.open_orders.values()]
    found = sorted(filter(chosen, recent), key=lambda order: order.number)
    return [order_row(order) for order in found]


@method(
    "private/get_trigger_order_history",
    {
        "currency": CURRENCY,
        "instrument_name": Param("text"),
        "count": Param("integer", at_least=1, at_most=HISTORY_COUNT_MAX),
        "continuation": Param("text", size_max=CONTINUATION_MAX),
    },
    scope=READ_TRADE,
)
def get_trigger_order_history(call: Call) -> Any:
    """Return what happened to trigger orders, newest first, a page at a time."""
    params = call.params
    name = market_of(call).instrument.name if "instrument_name" in params else None
    before = params.get("continuation", "").rpartition(".")[2]
    newest = int(before) if before.isdecimal() else None
    found = [
        record
        for record in reversed(call.account.trigger_history)
        if record.order.instrument.currency == params["currency"]
        and name in (None, record.order.instrument.name)
        and (newest is None or record.number < newest)
    ]
    page = found[: params.get("count", HISTORY_COUNT)]
    result: dict[str, Any] = {"entries": [trigger_record_row(one) for one in page]}
    if len(page) < len(found):
        last = page[-1]
        result["continuation"] = f"{last.time_ms}.{last.order.order_id}.{last.number}"
    return result
