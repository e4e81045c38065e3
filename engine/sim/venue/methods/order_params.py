"""What a request says of an order: its parameters, put on the grid and into words.

What the documentation forbids for a kind of instrument is refused here with 10031 (it
gives no codes for that); what depends on the market of the moment is not looked at.
Source: docs.deribit.com, private/buy, private/edit, spot trading venues, 2026-08-22;
support.deribit.com, inverse options (limit orders only).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.api.rpc import Param, Params
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.matching import SIDES
from engine.sim.venue.markets.watch import SOURCES, TYPES, Trigger
from engine.sim.venue.methods.market import INSTRUMENT
from engine.sim.venue.methods.orders import LABEL_MAX
from engine.sim.venue.trading import advanced, linked
from engine.sim.venue.trading.advanced import Advanced
from engine.sim.venue.trading.orders import NewOrder
from engine.sim.venue.trading.triggers import rises

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.products.instruments import Instrument

TIMES_IN_FORCE = (
    "good_til_cancelled",
    "good_til_day",
    "fill_or_kill",
    "immediate_or_cancel",
)
ORDER_TYPES = ("limit", "market", "market_limit", *TYPES)
PRICED = ("limit", "stop_limit", "take_limit")
LABEL = Param("text", size_max=LABEL_MAX)
SIZE = {"amount": Param("number"), "contracts": Param("number")}
CHANGEABLE = {
    "price": Param("number"),
    "post_only": Param("flag"),
    "reject_post_only": Param("flag"),
    "reduce_only": Param("flag"),
    "mmp": Param("flag"),
    "valid_until": Param("integer"),
    "display_amount": Param("number"),
    "advanced": Param("text", choices=advanced.KINDS),
    "trigger_price": Param("number"),
    "trigger_offset": Param("number"),
}
SECONDARY = {
    "amount": Param("number", required=True),
    "direction": Param("text", required=True, choices=tuple(SIDES)),
    "type": Param("text", choices=ORDER_TYPES),
    "label": LABEL,
    "price": Param("number"),
    "reduce_only": Param("flag"),
    "time_in_force": Param("text", choices=TIMES_IN_FORCE),
    "post_only": Param("flag"),
    "reject_post_only": Param("flag"),
    "trigger_price": Param("number"),
    "trigger_offset": Param("number"),
    "trigger": Param("text", choices=SOURCES),
}
ENTRY = {
    "instrument_name": INSTRUMENT,
    **SIZE,
    "type": Param("text", choices=ORDER_TYPES),
    "label": LABEL,
    "time_in_force": Param("text", choices=TIMES_IN_FORCE),
    **CHANGEABLE,
    "trigger": Param("text", choices=SOURCES),
    "linked_order_type": Param("text", choices=linked.TYPES),
    "trigger_fill_condition": Param("text", choices=linked.CONDITIONS),
    "otoco_config": Param("objects", size_max=linked.SECONDARIES_MAX, fields=SECONDARY),
}


def new_order(
    account: Account, market: Market, side: int, params: Params, origin: int
) -> NewOrder:
    """Return the order that a request asks for.

    Raises:
        Reject: it contradicts itself, or the kind of instrument.
    """
    instrument = market.instrument
    lots = lots_of(instrument, params)
    order_type = params.get("type", "limit")
    time_in_force = params.get("time_in_force", "good_til_cancelled")
    post_only, mmp = params.get("post_only", False), params.get("mmp", False)
    reduce_only = params.get("reduce_only", False)
    is_priced = order_type in PRICED
    if is_priced and "price" not in params:
        raise bad_param("price", f"required for {order_type} orders")
    if mmp and order_type != "limit":
        raise bad_param("mmp", "only for limit orders")
    if post_only and not (is_priced and time_in_force == "good_til_cancelled"):
        raise bad_param("post_only", "only for good_til_cancelled limit orders")
    if instrument.kind in ("option", "option_combo") and order_type != "limit":
        raise Reject("invalid_args_for_instrument")
    if instrument.is_spot and (reduce_only or mmp or time_in_force == "good_til_day"):
        raise Reject("invalid_args_for_instrument")
    pricing = advanced_of(instrument, params, post_only)
    ticks = 0 if is_priced else None
    if is_priced and pricing is None:
        ticks = ticks_of(instrument, params)
    return NewOrder(
        account=account,
        market=market,
        side=side,
        lots=lots,
        price_ticks=ticks,
        time_in_force=time_in_force,
        label=params.get("label", ""),
        post_only=post_only,
        reject_post_only=post_only and params.get("reject_post_only", False),
        reduce_only=reduce_only,
        valid_until_ms=params.get("valid_until"),
        origin=origin,
        mmp=mmp,
        order_type=order_type,
        display_lots=display_of(instrument, params) or 0,
        trigger=_trigger(instrument, side, order_type, params),
        advanced=pricing,
    )


def _trigger(
    instrument: Instrument, side: int, order_type: str, params: Params
) -> Trigger | None:
    """Return what an order of a type waits for, None when it does not wait."""
    if order_type not in TYPES:
        return None
    if "trigger" not in params:
        raise bad_param("trigger", f"required for {order_type} orders")
    trigger = Trigger(params["trigger"], 0, rises(order_type, side))
    if order_type == "trailing_stop":
        if "trigger_offset" not in params:
            raise bad_param("trigger_offset", "required for trailing_stop orders")
        trigger.trail_ref = trail_of(instrument, params)
    else:
        if "trigger_price" not in params:
            raise bad_param("trigger_price", f"required for {order_type} orders")
        trigger.level_ref = level_of(instrument, params)
    return trigger


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


def display_of(instrument: Instrument, params: Params) -> int | None:
    """Return the requested tip of an iceberg in lots, None when none is asked for.

    Raises:
        Reject: 10036, not positive or off the step.
    """
    if "display_amount" not in params:
        return None
    lots = instrument.lots(params["display_amount"])
    if lots is None or lots <= 0:
        raise Reject("invalid_max_show_amount")
    return lots


def advanced_of(
    instrument: Instrument, params: Params, post_only: bool
) -> Advanced | None:
    """Return how an option order is to be priced, None when its price is the price.

    Raises:
        Reject: the instrument has no such pricing, or the price is not positive.
    """
    if "advanced" not in params:
        return None
    advanced.check_kind(instrument, params["advanced"], post_only)
    if params["price"] <= 0:
        raise Reject("invalid_price")
    return Advanced(params["advanced"], float(params["price"]))


def level_of(instrument: Instrument, params: Params) -> int:
    """Return the requested trigger price as a reference price.

    Raises:
        Reject: not positive, or off the tick.
    """
    if params["trigger_price"] <= 0 and not instrument.is_combo:
        raise Reject("invalid_trigger_price")
    return instrument.ref(_trigger_ticks(instrument, params["trigger_price"]))


def trail_of(instrument: Instrument, params: Params) -> int:
    """Return the requested trigger offset as a reference price.

    Raises:
        Reject: not positive, or off the tick.
    """
    if params["trigger_offset"] <= 0:
        raise bad_param("trigger_offset", "must be positive")
    return instrument.ref(_trigger_ticks(instrument, params["trigger_offset"]))


def _trigger_ticks(instrument: Instrument, price: float) -> int:
    ticks = instrument.ticks(price)
    if ticks is None:
        raise Reject("trigger_price_wrong_tick")
    return ticks
