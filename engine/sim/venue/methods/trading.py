"""Order entry: buy, sell, close_position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sim.venue.api.rpc import LATER, Call, Param, method
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY, SELL, SIDES, Order
from engine.sim.venue.methods.market import INSTRUMENT, market_of
from engine.sim.venue.methods.order_params import ENTRY, new_order
from engine.sim.venue.rows.trading import order_row, user_trade_row
from engine.sim.venue.trading import linked
from engine.sim.venue.trading.orders import NewOrder, submit
from engine.sim.venue.trading.triggers import arm

TRADE = "trade:read_write"


def _enter(side: int) -> Callable[[Call], Any]:
    def handler(call: Call) -> Any:
        """Enter an order."""
        return _submit(call, side)

    return handler


def _submit(call: Call, side: int) -> Any:
    market = market_of(call, "invalid_or_unsupported_instrument")
    params, origin = call.params, call.connection.serial
    new = new_order(call.account, market, side, params, origin)
    if "linked_order_type" not in params:
        return _place(call, new)
    others = [
        new_order(call.account, market, SIDES[one["direction"]], one, origin)
        for one in params.get("otoco_config", ())
    ]
    condition = params.get("trigger_fill_condition", linked.FIRST_HIT)
    kind = params["linked_order_type"]
    order = linked.place(call.venue.exchange, new, kind, condition, others)
    return answer_when_settled(call, order)


def _place(call: Call, new: NewOrder) -> Any:
    """Enter an order, or let it wait."""
    exchange = call.venue.exchange
    order = submit(exchange, new) if new.trigger is None else arm(exchange, new)
    return answer_when_settled(call, order)


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
    if market.instrument.is_spot:
        raise Reject("invalid_args_for_instrument")
    position = call.account.positions.get(market.instrument.name)
    size = position.size if position is not None else 0
    if not size:
        raise Reject("already_closed")
    amount = {"amount": market.instrument.amount(abs(size)), "reduce_only": True}
    new = new_order(
        call.account,
        market,
        SELL if size > 0 else BUY,
        call.params | amount,
        call.connection.serial,
    )
    return _place(call, new)


def answer_when_settled(call: Call, order: Order) -> Any:
    """Return what a request did to an order; later if it waits in the speed bump."""
    if not order.pending:
        return answer_of(call, order)
    order.on_settled = lambda: call.finish(answer_of(call, order))
    return LATER


def answer_of(call: Call, order: Order) -> dict[str, Any]:
    """Return the order and the trades this request made as the taker, legs too."""
    trades = [
        trade
        for trade in call.venue.exchange.turn.trades
        if order in (trade.taker, trade.taker.combo_order)
    ]
    return {
        "order": order_row(order),
        "trades": [user_trade_row(trade, maker=False) for trade in trades],
    }
