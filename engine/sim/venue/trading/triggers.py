"""Trigger orders: they wait for a price, then become an order of their own.

A stop waits for the price to move against its direction (a buy for a rise), a take for
the price to come its way, a trailing stop follows the best price so far at a distance.
Where the price stands already on the far side, the order is refused. When the level is
reached the trigger order ends as ``triggered``, a moment later and through the same
checks as any request, and a new order with its own id is entered; where that one is
refused, the trigger order ends as ``rejected``. While the book is not open it waits on.
Source: docs.deribit.com, private/buy, private/get_trigger_order_history, 2026-08-22;
ids as in captures (SLIS-103, ETH-SLTB-5655271, ETH-TPTS-5655237); what the letters of
a trailing stop are is not known (ours: TS), nor is what its level says after a move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY
from engine.sim.venue.markets.watch import (
    AT_MARKET,
    INDEX,
    LAST,
    MARK,
    TAKES,
    Trigger,
    Watch,
)
from engine.sim.venue.trading import ceilings, orders
from engine.sim.venue.trading.orders import NewOrder, check_open, check_time, order_of

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.trading.edits import Change

LETTERS = {INDEX: "I", MARK: "M", LAST: "T"}
STEMS = {"stop": "SL", "take": "TP", "trailing": "TS"}


@dataclass(frozen=True, slots=True)
class TriggerRecord:
    """One line of the trigger order history: the order as it stood, and why.

    ``request`` is what happened to it, ``order_id`` the order it became, or its own.
    """

    number: int
    time_ms: int
    order: Order
    order_id: str
    state: str
    request: str
    trigger: Trigger
    price_ticks: int
    amount_lots: int


def rises(order_type: str, side: int) -> bool:
    """Say whether an order of a type and side waits for a rise."""
    return (side == BUY) != (order_type in TAKES)


def price_ref(market: Market, source: str) -> int:
    """Return a price that can trigger; the mark for the last one if none traded."""
    if source == INDEX:
        return market.index.ref
    if source == LAST and market.last_ticks is not None:
        return market.instrument.ref(market.last_ticks)
    return market.mark_ref


def watch_of(market: Market, source: str) -> Watch:
    """Return who waits for a price, made on first use."""
    watches = market.index.watches if source == INDEX else market.watches
    watch = watches.get(source)
    if watch is None:
        watch = watches[source] = Watch()
    return watch


def arm(exchange: Exchange, new: NewOrder) -> Order:
    """Accept a trigger order and let it wait.

    Raises:
        Reject: it was not accepted; nothing has changed.
    """
    order = checked(exchange, new)
    wait(exchange, order)
    return order


def checked(exchange: Exchange, new: NewOrder, *, may_be_past: bool = False) -> Order:
    """Return the trigger order of a request that may wait; nobody knows of it yet.

    Raises:
        Reject: it may not; where the price stands beyond its level only unless it
            ``may_be_past``.
    """
    check_time(exchange.now_ms, new.valid_until_ms)
    market, trigger = new.market, new.trigger
    assert trigger is not None, "only trigger orders wait"
    check_open(market)
    ceilings.check_trigger(exchange.config.limits, new.account, trigger.source)
    trigger = replace(trigger)
    _set_level(market, trigger, may_be_past)
    order = order_of(replace(new, trigger=trigger), new.price_ticks or 0, new.lots)
    order.state, order.order_type = "untriggered", new.order_type
    order.original_order_type = ""
    return order


def stem_of(order: Order) -> str:
    """Return what the id of a trigger order begins with: kind, source, direction."""
    assert order.trigger is not None, "only trigger orders wait"
    kind = STEMS[order.order_type.partition("_")[0]]
    return f"{kind}{LETTERS[order.trigger.source]}{order.direction[0].upper()}-"


def wait(exchange: Exchange, order: Order) -> None:
    """Let a trigger order wait that has been checked."""
    trigger = order.trigger
    assert trigger is not None, "only trigger orders wait"
    exchange.admit(order, stem_of(order))
    if order.link is not None:
        order.link.order = order
    exchange.remember_open(order)
    exchange.note_order(order)
    _record(exchange, order, "new", "new")
    market = exchange.markets[order.instrument.name]
    if _is_past(market, trigger):
        _reach(exchange, order)
    else:
        watch_of(market, trigger.source).add(order)


def _is_past(market: Market, trigger: Trigger) -> bool:
    now_ref = price_ref(market, trigger.source)
    if trigger.rises:
        return trigger.level_ref <= now_ref
    return trigger.level_ref >= now_ref


def _set_level(market: Market, trigger: Trigger, may_be_past: bool = False) -> None:
    """Check a level against the price of now; a trailing one starts from it."""
    if trigger.trail_ref:
        sign = 1 if trigger.rises else -1
        trigger.start_ref = price_ref(market, trigger.source)
        trigger.level_ref = trigger.start_ref + sign * trigger.trail_ref
    if trigger.level_ref <= 0 and not market.instrument.is_combo:
        raise Reject("invalid_trigger_price")
    if not may_be_past and _is_past(market, trigger):
        side = "low" if trigger.rises else "high"
        raise Reject(f"trigger_price_too_{side}")


def edit(exchange: Exchange, order: Order, change: Change) -> None:
    """Change a trigger order that still waits.

    Raises:
        Reject: the order stands as it was.
    """
    check_time(exchange.now_ms, change.valid_until_ms)
    market = exchange.markets[order.instrument.name]
    check_open(market)
    before = order.trigger
    is_dormant = order.link is not None and order.link.dormant is order
    if before is None or before.reached or is_dormant:
        raise Reject("not_open_order")
    if change.display_lots is not None:
        raise Reject("unsupported_arg_combination")
    trigger = replace(before)
    if change.level_ref is not None and not before.trail_ref:
        trigger.level_ref = change.level_ref
        _set_level(market, trigger)
    if change.trail_ref is not None and before.trail_ref:
        trigger.trail_ref = change.trail_ref
        _set_level(market, trigger)
    watch = watch_of(market, before.source)
    watch.remove(order)
    order.trigger, order.amount_lots = trigger, change.amount_lots
    if change.price_ticks is not None and order.order_type not in AT_MARKET:
        order.price_ticks = change.price_ticks
    if change.post_only is not None:
        order.post_only = change.post_only
    if change.reject_post_only is not None:
        order.reject_post_only = change.reject_post_only
    if change.reduce_only is not None:
        order.reduce_only = change.reduce_only
    order.replaced, order.updated_ms = True, exchange.now_ms
    watch.add(order)
    exchange.note_order(order)
    _record(exchange, order, "new", "edit")


def disarm(exchange: Exchange, order: Order, reason: str) -> None:
    """Cancel a trigger order that waits, or is about to be entered."""
    trigger = order.trigger
    assert trigger is not None, "only trigger orders wait"
    market = exchange.markets[order.instrument.name]
    watch_of(market, trigger.source).remove(order)
    exchange.forget_open(order)
    exchange.close(order, "cancelled", reason)
    _record(exchange, order, "cancelled", "cancel")


def look(exchange: Exchange, watches: dict[str, Watch], source: str, ref: int) -> None:
    """Let a price that has moved reach who waits for it.

    Cost: a look-up when nobody waits.
    """
    watch = watches.get(source)
    if watch:
        for order in watch.moved(ref):
            _reach(exchange, order)


def _reach(exchange: Exchange, order: Order) -> None:
    assert order.trigger is not None, "only trigger orders wait"
    order.trigger.reached = True
    exchange.soon(order, partial(_release, exchange, order))


def _release(exchange: Exchange, order: Order) -> None:
    """Enter what a trigger order stands for."""
    trigger = order.trigger
    if order.state != "untriggered" or trigger is None:
        return
    market = exchange.markets[order.instrument.name]
    if market.state != "open" or market.index.locked:
        trigger.reached = False
        watch_of(market, trigger.source).add(order)
        return
    exchange.forget_open(order)
    new = NewOrder(
        account=order.account,
        market=market,
        side=order.side,
        lots=order.amount_lots,
        price_ticks=None if order.order_type in AT_MARKET else order.price_ticks,
        time_in_force=order.time_in_force,
        label=order.label,
        post_only=order.post_only,
        reject_post_only=order.reject_post_only,
        reduce_only=order.reduce_only,
        origin=order.origin,
        api=order.api,
        trigger=trigger,
        trigger_order_id=order.order_id,
        link=order.link,
    )
    try:
        entered = orders.checked(exchange, new)
    except Reject as reject:
        exchange.close(order, "rejected")
        _record(exchange, order, f"rejected:{_reason(reject)}", "trigger:order")
    else:
        exchange.close(order, "triggered")
        orders.start(exchange, new, entered)
        _record(exchange, order, "triggered", "trigger:order", entered.order_id)


def _reason(reject: Reject) -> str:
    return "reduce_direction" if "reduce_only" in reject.message else reject.name


def _record(
    exchange: Exchange, order: Order, state: str, request: str, order_id: str = ""
) -> None:
    """Write a line of the history of the account's trigger orders."""
    assert order.trigger is not None, "only trigger orders have a history"
    history = order.account.trigger_history
    history.append(
        TriggerRecord(
            history[-1].number + 1 if history else 1,
            exchange.now_ms,
            order,
            order_id or order.order_id,
            state,
            request,
            replace(order.trigger),
            order.price_ticks,
            order.amount_lots,
        )
    )
