"""Mass quotes at the door: numbers, groups, answers; and their cancels.

Sources disagree on what ``detailed`` false brings; the schema's errors_count is sent.
A code for a size beyond the max quote quantity is not published, nor one for a group
or index that does not fit.
Source: docs.deribit.com, private/mass_quote, private/cancel_quotes, mass quotes,
2026-08-22.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from engine.sim.venue.api.rpc import LATER, Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.market import Market
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.methods.order_params import ticks_of
from engine.sim.venue.methods.trading import TRADE
from engine.sim.venue.rows.trading import order_row, user_trade_row
from engine.sim.venue.trading.lanes import Lane
from engine.sim.venue.trading.mmp import Group
from engine.sim.venue.trading.orders import check_time
from engine.sim.venue.trading.quotes import (
    NAMES,
    MassQuote,
    QuoteWish,
    SideError,
    SideWish,
)

QUOTES_MAX = 100
ID_MAX = 64
SIDE = Param(
    "object",
    fields={
        "price": Param("number"),
        "amount": Param("number"),
        "post_only": Param("flag"),
        "reject_post_only": Param("flag"),
    },
)
QUOTE = {
    "instrument_name": Param("text", required=True),
    "quote_set_id": Param("text", size_max=ID_MAX),
    "bid": SIDE,
    "ask": SIDE,
}
SIDES = {name: side for side, name in NAMES.items()}


@method(
    "private/mass_quote",
    {
        "quote_id": Param("text", required=True, size_max=ID_MAX),
        "mmp_group": Param("text", required=True, size_max=ID_MAX),
        "quotes": Param("objects", required=True, size_max=QUOTES_MAX, fields=QUOTE),
        "wait_for_response": Param("flag"),
        "detailed": Param("flag"),
        "valid_until": Param("integer"),
    },
    scope=TRADE,
    cost="mass_quote",
    socket_only=True,
)
def mass_quote(call: Call) -> Any:
    """Place, amend and cancel quotes; the answer comes when all sides are through."""
    params, exchange = call.params, call.venue.exchange
    check_time(exchange.now_ms, params.get("valid_until"))
    group = _admitted(call)
    quotes = [_read_quote(call, group, one) for one in params["quotes"]]
    _pay(call, group, quotes)
    request = MassQuote(exchange, group, params["quote_id"], call.connection.serial)
    detailed = params.get("detailed", False)
    if not params.get("wait_for_response", True):
        call.after.append(partial(request.run, quotes))
        return _pending_row(quotes, detailed)
    request.run(quotes)
    if not request.waiting:
        return _done_row(request, detailed)
    request.on_done = lambda: call.finish(_done_row(request, detailed))
    return LATER


def _admitted(call: Call) -> Group:
    """Return the group of a request that may quote at all.

    Raises:
        Reject: 13902 and 13040 not enabled, 13042 without cancel-on-disconnect, 13043
            and 13030 frozen, -32602 no such group.
    """
    account, exchange = call.account, call.venue.exchange
    _check_session(call)
    exchange.mmp.check_enabled(account)
    if exchange.now_ns < account.quotes_frozen_ns:
        raise Reject("quotes_frozen")
    name = call.params["mmp_group"]
    for group in account.mmp_groups.values():
        if name and group.name == name:
            if group.is_frozen(exchange.now_ns):
                raise Reject("mmp_trigger")
            return group
    raise bad_param("mmp_group", "no such MMP group")


def _check_session(call: Call) -> None:
    """Refuse who may not quote, and sessions without cancel-on-disconnect."""
    config = call.account.config
    if config is None or not config.mass_quotes_enabled:
        raise Reject("mass_quotes_disabled")
    if not call.connection.cancel_on_disconnect:
        raise Reject("cod_not_enabled")


def _pay(call: Call, group: Group, quotes: list[QuoteWish]) -> None:
    """Count the sides of a request.

    Raises:
        Reject: 13903, more than the account may send.
    """
    pools = call.account.credits.engine.of(Lane((group.currency,)))
    sides = sum(len(quote.sides) for quote in quotes)
    if not pools.take_quotes(sides, call.venue.exchange.now_ns):
        raise Reject("too_many_quotes")


# What was asked for.


def _read_quote(call: Call, group: Group, params: Params) -> QuoteWish:
    """Return one quote of a request, its sides on the grid or refused.

    Raises:
        Reject: it has no side, or is on another index than its group.
    """
    name = params["instrument_name"]
    market = call.venue.exchange.markets.get(name)
    if market is not None and market.index is not group.index:
        raise bad_param("quotes", f"{name} is not on {group.index.name}")
    sides = {
        side: _read_side(market, side, params[key])
        for key, side in SIDES.items()
        if key in params
    }
    if not sides:
        raise bad_param("quotes", "a quote needs a bid or an ask")
    return QuoteWish(name, params.get("quote_set_id"), sides)


def _read_side(market: Market | None, side: int, params: Params) -> SideWish:
    post_only = params.get("post_only", False)
    reject = post_only and params.get("reject_post_only", False)
    wish = SideWish(market, side, post_only=post_only, reject_post_only=reject)
    try:
        if market is None or market.instrument.is_spot:
            raise Reject("invalid_or_unsupported_instrument")
        wish.lots = _lots(market, params)
        if wish.lots != 0 and "price" in params:
            wish.ticks = ticks_of(market.instrument, params)
        if wish.lots is None and wish.ticks is None:
            raise Reject("invalid_arguments")
    except Reject as refusal:
        wish.refusal = refusal
    return wish


def _lots(market: Market, params: Params) -> int | None:
    if "amount" not in params:
        return None
    amount = params["amount"]
    if amount != 0 and amount < market.instrument.amount(1):
        raise Reject("qty_too_low")
    lots = market.instrument.lots(amount)
    if lots is None:
        raise Reject("invalid_amount")
    return lots


# What is answered.


def _done_row(request: MassQuote, detailed: bool) -> dict[str, Any]:
    if not detailed:
        return {"errors_count": len(request.errors)}
    return {
        "orders": [order_row(order) for order in request.orders.values()],
        "trades": [user_trade_row(t, maker=False) for t in request.trades.values()],
        "errors": [_error_row(error) for error in request.errors],
    }


def _pending_row(quotes: list[QuoteWish], detailed: bool) -> dict[str, Any]:
    """Return what is said before the books have been asked."""
    errors, pending = [], []
    for quote in quotes:
        for side, wish in quote.sides.items():
            if wish.refusal is not None:
                errors.append(SideError(quote.instrument_name, side, wish.refusal))
            else:
                name = quote.instrument_name
                pending.append({"instrument_name": name, "side": NAMES[side]})
    if not detailed:
        return {"errors_count": len(errors), "pending_requests_count": len(pending)}
    return {
        "orders": [],
        "trades": [],
        "errors": [_error_row(error) for error in errors],
        "pending_requests": pending,
    }


def _error_row(error: SideError) -> dict[str, Any]:
    return {
        "instrument_name": error.instrument_name,
        "side": NAMES[error.side],
        "error": error.reject.body(),
    }


# Cancels.


@method(
    "private/cancel_quotes",
    {
        "cancel_type": Param(
            "text",
            required=True,
            choices=(
                "delta",
                "quote_set_id",
                "instrument",
                "instrument_kind",
                "currency",
                "currency_pair",
                "all",
            ),
        ),
        "min_delta": Param("number"),
        "max_delta": Param("number"),
        "quote_set_id": Param("text", size_max=ID_MAX),
        "instrument_name": Param("text"),
        "kind": Param("text", choices=(*KINDS, "combo")),
        "currency": Param("text", choices=CURRENCIES),
        "currency_pair": Param("text"),
        "detailed": Param("flag"),
        "freeze_quotes": Param("flag"),
    },
    scope=TRADE,
    cost="cancel_quotes",
)
def cancel_quotes(call: Call) -> Any:
    """Cancel the quotes that fit; other parameters than the type's are passed over.

    Nobody is refused it for want of cancel-on-disconnect: it works over HTTP as well.
    """
    exchange, account = call.venue.exchange, call.account
    chosen = _choice(call)
    doomed = [o for o in account.open_orders.values() if o.is_quote and chosen(o)]
    for order in doomed:
        if exchange.markets[order.instrument.name].state == "settlement":
            raise Reject("settlement_in_progress")
    for order in doomed:
        exchange.cancel(order)
    if call.params.get("freeze_quotes", False):
        exchange.mmp.freeze_quotes(account)
    if call.params.get("detailed", False):
        return [order_row(order) for order in doomed]
    return len(doomed)


def _choice(call: Call) -> Callable[[Order], bool]:
    """Return the condition of a cancel type.

    Raises:
        Reject: -32602, the parameter it goes by is not given.
    """
    params = call.params

    def need(name: str) -> Any:
        if name not in params:
            raise bad_param(name, "required for this cancel_type")
        return params[name]

    match params["cancel_type"]:
        case "delta":
            low, high = need("min_delta"), need("max_delta")
            return lambda o: _delta_within(call, o, low, high)
        case "quote_set_id":
            set_id = need("quote_set_id")
            return lambda o: bool(o.quote_set_id == set_id)
        case "instrument":
            name = need("instrument_name")
            return lambda o: bool(o.instrument.name == name)
        case "instrument_kind":
            return partial(_is_of_kind, params.get("kind", "any"))
        case "currency":
            currency = need("currency")
            return lambda o: currency in ("any", o.instrument.currency)
        case "currency_pair":
            pair = need("currency_pair")
            return lambda o: bool(o.instrument.index_name == pair)
    return lambda o: True


def _is_of_kind(kind: str, order: Order) -> bool:
    if kind == "combo":
        return order.instrument.is_combo
    return kind in ("any", order.instrument.kind)


def _delta_within(call: Call, order: Order, low: float, high: float) -> bool:
    """Say whether an option's delta is in a range; futures and spreads have none."""
    market = call.venue.exchange.markets[order.instrument.name]
    legs = market.legs or ((market, 1),)
    if any(leg.theory is None for leg, _ in legs):
        return False
    delta = sum(leg.theory.delta * ratio for leg, ratio in legs if leg.theory)
    return low <= delta <= high
