"""Order methods: buy, sell, edit, cancel in all their forms, close_position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sim.venue.api.methods_market import INSTRUMENT, market_of
from engine.sim.venue.api.rpc import LATER, Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.matching import BUY, SELL, Order
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.rows.trading import order_row, user_trade_row
from engine.sim.venue.trading.orders import Change, NewOrder, edit, submit

LABEL_MAX = 64
TIMES_IN_FORCE = (
    "good_til_cancelled",
    "good_til_day",
    "fill_or_kill",
    "immediate_or_cancel",
)
RESTING = TIMES_IN_FORCE[:2]
TRADE = "trade:read_write"
LABEL = Param("text", size_max=LABEL_MAX)
SIZE = {"amount": Param("number"), "contracts": Param("number")}
FLAGS = {
    "post_only": Param("flag"),
    "reject_post_only": Param("flag"),
    "reduce_only": Param("flag"),
}
ENTRY = {
    "instrument_name": INSTRUMENT,
    **SIZE,
    "type": Param("text", choices=("limit", "market")),
    "label": LABEL,
    "price": Param("number"),
    "time_in_force": Param("text", choices=TIMES_IN_FORCE),
    **FLAGS,
    "mmp": Param("flag"),
    "valid_until": Param("integer"),
}
EDITS = {
    **SIZE,
    "price": Param("number"),
    **FLAGS,
    "mmp": Param("flag"),
    "valid_until": Param("integer"),
}
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


# Numbers at the door.


def lots_of(instrument: Instrument, params: Params) -> int:
    """Return the requested size in lots.

    Raises:
        Reject: none given, the two given disagree, too small, or off the step.
    """
    contracts: float | None = params.get("contracts")
    amount: float | None = params.get("amount")
    if contracts is None and amount is None:
        raise bad_param("amount", "amount or contracts is required")
    if amount is not None:
        too_low, lots = amount < instrument.amount(1), instrument.lots(amount)
        if contracts is not None and (
            lots is None or instrument.contracts(lots) != contracts
        ):
            raise bad_param("contracts", "amount and contracts do not match")
    else:
        assert contracts is not None, "one of the two was given"
        too_low = contracts < instrument.contracts(1)
        lots = instrument.lots_of_contracts(contracts)
    if too_low:
        raise Reject("qty_too_low")
    if lots is None:
        raise Reject("invalid_amount")
    return lots


def ticks_of(instrument: Instrument, params: Params) -> int:
    """Return the requested price in ticks.

    Raises:
        Reject: not positive, or off the tick (nothing is rounded).
    """
    price = params["price"]
    if price <= 0 and not instrument.is_combo:
        raise Reject("invalid_price")
    ticks = instrument.ticks(price)
    if ticks is None:
        raise Reject("price_wrong_tick")
    return ticks


# New orders.


def _enter(side: int) -> Callable[[Call], Any]:
    def handler(call: Call) -> Any:
        return _submit(call, side)

    return handler


def _submit(call: Call, side: int) -> Any:
    params = call.params
    market = market_of(call, "invalid_or_unsupported_instrument")
    instrument = market.instrument
    lots = lots_of(instrument, params)
    is_limit = params.get("type", "limit") == "limit"
    if is_limit and "price" not in params:
        raise bad_param("price", "required for limit orders")
    if params.get("mmp", False):
        raise Reject("mmp_required")
    time_in_force = params.get("time_in_force", "good_til_cancelled")
    post_only = params.get("post_only", False)
    if post_only and not (is_limit and time_in_force in RESTING):
        raise bad_param("post_only", "only for resting limit orders")
    new = NewOrder(
        account=call.account,
        market=market,
        side=side,
        lots=lots,
        price_ticks=ticks_of(instrument, params) if is_limit else None,
        time_in_force=time_in_force,
        label=params.get("label", ""),
        post_only=post_only,
        reject_post_only=post_only and params.get("reject_post_only", False),
        reduce_only=params.get("reduce_only", False),
        valid_until_ms=params.get("valid_until"),
        origin=call.connection.serial,
    )
    return answer_when_settled(call, submit(call.venue.exchange, new))


method("private/buy", ENTRY, scope=TRADE, cost="matching")(_enter(BUY))
method("private/sell", ENTRY, scope=TRADE, cost="matching")(_enter(SELL))


@method(
    "private/close_position",
    {
        "instrument_name": INSTRUMENT,
        "type": Param("text", required=True, choices=("limit", "market")),
        "price": Param("number"),
    },
    scope=TRADE,
    cost="matching",
)
def close_position(call: Call) -> Any:
    """Send a reduce-only order of the position's size."""
    market = market_of(call, "invalid_or_unsupported_instrument")
    is_limit = call.params["type"] == "limit"
    if is_limit and "price" not in call.params:
        raise bad_param("price", "required for limit orders")
    position = call.account.position(market.instrument, market)
    if not position.size:
        raise Reject("already_closed")
    ticks = ticks_of(market.instrument, call.params) if is_limit else None
    new = NewOrder(
        account=call.account,
        market=market,
        side=SELL if position.size > 0 else BUY,
        lots=abs(position.size),
        price_ticks=ticks,
        reduce_only=True,
        origin=call.connection.serial,
    )
    return answer_when_settled(call, submit(call.venue.exchange, new))


def answer_when_settled(call: Call, order: Order) -> Any:
    """Return what a request did to an order; later if it waits in the speed bump."""
    if not order.pending:
        return answer_of(call, order)
    order.on_settled = lambda: call.finish(answer_of(call, order))
    return LATER


def answer_of(call: Call, order: Order) -> dict[str, Any]:
    """Return the order and the trades this request made as the taker."""
    trades = call.venue.exchange.turn.trades
    return {
        "order": order_row(order),
        "trades": [user_trade_row(t, maker=False) for t in trades if t.taker is order],
    }


# Edits.


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
        if order.label == label and order.instrument.name == name
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
    if params.get("mmp", False):
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


# Cancels.


@method(
    "private/cancel",
    {"order_id": Param("text", required=True)},
    scope=TRADE,
    cost="matching",
)
def cancel(call: Call) -> Any:
    """Cancel one order and return it, not wrapped."""
    order = own_order(call, call.params["order_id"])
    if order.state != "open":
        raise Reject("not_open_order")
    _refuse_in_settlement(call, order)
    call.venue.exchange.cancel(order)
    return order_row(order)


def _refuse_in_settlement(call: Call, order: Order) -> None:
    if call.venue.exchange.markets[order.instrument.name].state == "settlement":
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
            order.label == label and currency in (None, order.instrument.currency)
        ),
    )
