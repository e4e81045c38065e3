"""Edits, by id and by label."""

from __future__ import annotations

from typing import Any

from engine.sim.venue.api.methods_market import INSTRUMENT, market_of
from engine.sim.venue.api.methods_orders import own_order
from engine.sim.venue.api.methods_trading import (
    FLAGS,
    LABEL,
    SIZE,
    TRADE,
    answer_when_settled,
    lots_of,
    ticks_of,
)
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.trading.orders import Change, edit

EDITS = {
    **SIZE,
    "price": Param("number"),
    **FLAGS,
    "mmp": Param("flag"),
    "valid_until": Param("integer"),
}


@method(
    "private/edit",
    {"order_id": Param("text", required=True), **EDITS},
    scope=TRADE,
    cost="matching",
)
def edit_by_id(call: Call) -> Any:
    """Change price or amount of an open order."""
    return _edit(call, own_order(call, call.params["order_id"]))


@method(
    "private/edit_by_label",
    {"label": LABEL, "instrument_name": INSTRUMENT, **EDITS},
    scope=TRADE,
    cost="matching",
)
def edit_by_label(call: Call) -> Any:
    """Change the one open order that has the label."""
    name = market_of(call, "invalid_or_unsupported_instrument").instrument.name
    label = call.params.get("label", "")
    found = [
        order
        for order in call.account.open_orders.values()
        if order.label == label and order.instrument.name == name and not order.is_quote
    ]
    if not found:
        raise Reject("order_not_found")
    if len(found) > 1:
        raise Reject("non_unique_order_label")
    return _edit(call, found[0])


def _edit(call: Call, order: Order) -> Any:
    params = call.params
    if order.state != "open":
        raise Reject("not_open_order")
    if order.is_quote:
        raise Reject("order_not_found")
    mmp = order.group is not None
    if params.get("mmp", mmp) != mmp:
        raise bad_param("mmp", "editing mmp flag is not supported")
    change = Change(
        amount_lots=lots_of(order.instrument, params),
        price_ticks=ticks_of(order.instrument, params) if "price" in params else None,
        post_only=params.get("post_only"),
        reject_post_only=params.get("reject_post_only"),
        reduce_only=params.get("reduce_only"),
        valid_until_ms=params.get("valid_until"),
    )
    edit(call.venue.exchange, order, change)
    return answer_when_settled(call, order)
