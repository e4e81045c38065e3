"""Edits, by id and by label."""

from __future__ import annotations

from typing import Any

from engine.sim.venue.api.methods_market import INSTRUMENT, market_of
from engine.sim.venue.api.methods_orders import own_order
from engine.sim.venue.api.methods_trading import TRADE, answer_when_settled
from engine.sim.venue.api.order_params import (
    CHANGEABLE,
    LABEL,
    SIZE,
    display_of,
    level_of,
    lots_of,
    ticks_of,
    trail_of,
)
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.trading import triggers
from engine.sim.venue.trading.edits import Change, edit

EDITS = {**SIZE, **CHANGEABLE}


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
    params, instrument = call.params, order.instrument
    if order.state not in ("open", "untriggered"):
        raise Reject("not_open_order")
    if order.is_quote:
        raise Reject("order_not_found")
    mmp = order.group is not None
    if params.get("mmp", mmp) != mmp:
        raise bad_param("mmp", "editing mmp flag is not supported")
    change = Change(
        amount_lots=lots_of(instrument, params),
        price_ticks=ticks_of(instrument, params) if "price" in params else None,
        post_only=params.get("post_only"),
        reject_post_only=params.get("reject_post_only"),
        reduce_only=params.get("reduce_only"),
        valid_until_ms=params.get("valid_until"),
        display_lots=display_of(instrument, params),
    )
    if "trigger_price" in params:
        change.level_ref = level_of(instrument, params)
    if "trigger_offset" in params:
        change.trail_ref = trail_of(instrument, params)
    exchange = call.venue.exchange
    if order.state == "untriggered":
        triggers.edit(exchange, order, change)
    else:
        edit(exchange, order, change)
    return answer_when_settled(call, order)
