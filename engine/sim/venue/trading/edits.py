"""Edits of open orders, and how an edit keeps its place.

A refused edit changes nothing, but for one: in reject-post-only mode an edit that would
trade cancels the resting order. An order in the speed bump cannot be edited (since
2026-11-26; the code of that refusal is not published).
Source: docs.deribit.com, order management, private/edit, 2026-08-22; changelog
01.08.23.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from engine.sim.venue.accounts import claims
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.trading.advanced import check_expiry, ticks_of
from engine.sim.venue.trading.orders import (
    check_band,
    check_display,
    check_open,
    check_self_trade,
    check_time,
    enter,
    passive_price,
    reducible,
)

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.trading.advanced import Advanced

T = TypeVar("T")


@dataclass(slots=True)
class Change:
    """A request to edit an order.

    Units: ``level_ref`` and ``trail_ref`` of a trigger in reference prices.
    Empty: None = as it is.
    """

    amount_lots: int
    price_ticks: int | None = None
    post_only: bool | None = None
    reject_post_only: bool | None = None
    reduce_only: bool | None = None
    valid_until_ms: int | None = None
    display_lots: int | None = None
    level_ref: int | None = None
    trail_ref: int | None = None
    advanced: Advanced | None = None


@dataclass(slots=True)
class Target:
    """What an order is to become."""

    ticks: int
    open_lots: int
    display_lots: int
    post_only: bool
    reject_post_only: bool
    reduce_only: bool

    def moves(self, order: Order) -> bool:
        """Say whether it costs the order its place in the queue."""
        return (
            self.ticks != order.price_ticks
            or self.open_lots > order.open_lots
            or self.display_lots > order.refresh_lots > 0
        )


def edit(exchange: Exchange, order: Order, change: Change) -> None:
    """Change an open order.

    Same price, no more amount and no larger tip than before: the order keeps its place
    in the queue. Otherwise it goes to the end, and may trade at once.

    Raises:
        Reject: the order stands as it was, or has been cancelled (11054).
    """
    check_time(exchange.now_ms, change.valid_until_ms)
    market = exchange.markets[order.instrument.name]
    check_open(market)
    if order.pending:
        raise Reject("other_reject", "speed_bumped")
    if change.amount_lots <= order.filled_lots:
        raise Reject("invalid_amount")
    if change.level_ref is not None or change.trail_ref is not None:
        raise Reject("unsupported_arg_combination")
    if change.advanced is not None:
        check_expiry(exchange, order.instrument, change.advanced.kind)
        change.price_ticks = ticks_of(exchange, market, change.advanced)
    target = _target(exchange, market, order, change)
    if target.open_lots != order.open_lots or change.display_lots is not None:
        check_display(market, target.open_lots, target.display_lots)
    wanted = (order.side, target.open_lots, target.ticks)
    if order.group is not None:
        exchange.mmp.check(order.group, market, *wanted, order)
    else:
        before = (order.open_lots, order.price_ticks)
        claims.check(order.account, market, *wanted, before)
    if target.moves(order):
        probe = Order(
            order.account,
            order.instrument,
            order.side,
            target.ticks,
            target.open_lots,
        )
        check_self_trade(probe, market)
    order.advanced, order.auto_replaced = change.advanced or order.advanced, False
    _apply(exchange, market, order, target)


def _target(exchange: Exchange, market: Market, order: Order, change: Change) -> Target:
    """Return what an order is to become, its price and amount checked."""
    target = Target(
        ticks=_given(change.price_ticks, order.price_ticks),
        open_lots=change.amount_lots - order.filled_lots,
        display_lots=_given(change.display_lots, order.refresh_lots),
        post_only=_given(change.post_only, order.post_only),
        reject_post_only=_given(change.reject_post_only, order.reject_post_only),
        reduce_only=_given(change.reduce_only, order.reduce_only),
    )
    if target.post_only and market.book.would_cross(order.side, target.ticks):
        if target.reject_post_only:
            exchange.cancel(order, "edit_post_only_reject")
            raise Reject("post_only_reject")
        target.ticks = passive_price(market, order.side, target.ticks, False)
    if target.ticks != order.price_ticks:
        check_band(market, order.side, target.ticks)
    if target.reduce_only:
        most = reducible(order.account, market, order.side)
        target.open_lots = min(target.open_lots, most)
    return target


def _given(wanted: T | None, present: T) -> T:
    return present if wanted is None else wanted


def _apply(exchange: Exchange, market: Market, order: Order, target: Target) -> None:
    amount_lots = order.filled_lots + target.open_lots
    moves = target.moves(order)
    if moves:
        exchange.lift(order)
        order.price_ticks, order.amount_lots = target.ticks, amount_lots
        order.refresh_lots = target.display_lots
    order.post_only, order.reject_post_only = target.post_only, target.reject_post_only
    order.reduce_only = target.reduce_only
    order.replaced, order.updated_ms = True, exchange.now_ms
    if moves:
        enter(exchange, market, order)
        return
    account = order.account
    account.reduce_only_orders.pop(order.order_id, None)
    if order.reduce_only:
        account.reduce_only_orders[order.order_id] = order
    if target.display_lots != order.refresh_lots:
        market.book.show_less(order, target.display_lots)
    account.usage.changed(order.instrument)
    exchange.shrink(order, amount_lots)
