"""Edits, by id and by label."""

from __future__ import annotations

from typing import Any

from engine.sim.venue.api.rpc import Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.methods.market import INSTRUMENT, market_of
from engine.sim.venue.methods.order_params import (
    CHANGEABLE,
    SIZE,
    advanced_of,
    display_of,
    level_of,
    lots_of,
    ticks_of,
    trail_of,
)
from engine.sim.venue.methods.orders import LABEL_MAX, own_order
from engine.sim.venue.methods.trading import TRADE, answer_when_settled
from engine.sim.venue.trading import triggers
from engine.sim.venue.trading.advanced import Advanced
from engine.sim.venue.trading.edits import Change, edit

NAMED = Param("text", required=True, size_max=LABEL_MAX)
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
    {"label": NAMED, "instrument_name": INSTRUMENT, **EDITS},
    scope=TRADE,
    cost="matching",
)
def edit_by_label(call: Call) -> Any:
    """Change the one open order that has the label."""
    name = market_of(call, "invalid_or_unsupported_instrument").instrument.name
    label = call.params["label"]
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
    post_only = params.get("post_only", order.post_only)
    if post_only and order.time_in_force != "good_til_cancelled":
        raise bad_param("post_only", "only for good_til_cancelled limit orders")
    pricing = _pricing(order, params, post_only)
    ticks = None
    if "price" in params and pricing is None:
        ticks = ticks_of(instrument, params)
    change = Change(
        amount_lots=lots_of(instrument, params),
        price_ticks=ticks,
        post_only=params.get("post_only"),
        reject_post_only=params.get("reject_post_only"),
        reduce_only=params.get("reduce_only"),
        valid_until_ms=params.get("valid_until"),
        display_lots=display_of(instrument, params),
        advanced=pricing,
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


def _pricing(order: Order, params: Params, post_only: bool) -> Advanced | None:
    """Return how an advanced order is to be priced, None for a plain one.

    Raises:
        Reject: 11041 it is none; or the request does not say again that it is.
    """
    if order.advanced is None:
        if "advanced" in params:
            raise Reject("not_adv_order")
        return None
    if params.get("advanced") != order.advanced.kind:
        raise bad_param("advanced", f"must be {order.advanced.kind} again")
    given = {"price": order.advanced.value} | params
    return advanced_of(order.instrument, given, post_only)
