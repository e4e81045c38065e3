"""Order entry: buy, sell, close_position; the numbers of a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sim.venue.api.methods_market import INSTRUMENT, market_of
from engine.sim.venue.api.methods_orders import LABEL_MAX
from engine.sim.venue.api.rpc import LATER, Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.matching import BUY, SELL, Order
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.rows.trading import order_row, user_trade_row
from engine.sim.venue.trading.orders import NewOrder, submit

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
        """Enter an order."""
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
    mmp = params.get("mmp", False)
    if mmp and not is_limit:
        raise bad_param("mmp", "only for limit orders")
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
        mmp=mmp,
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
