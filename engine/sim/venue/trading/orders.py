"""Order entry: what the venue accepts, moves, refuses and how an edit keeps its place.

A refused request changes nothing, but for one: an edit in reject-post-only mode that
would trade cancels the resting order. An order that would trade where the speed bump
applies waits for it: it is firm, a cancel turns it into immediate-or-cancel, and it
cannot be edited (since 2026-11-26; the code of that refusal is not published).
Source: docs.deribit.com, order management, private/buy, private/edit, 2026-08-22;
changelog 22.10.21 (off tick or step is refused), 25.01.23 (bands refuse), 01.08.23.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine.sim.venue.accounts import claims
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY, Order
from engine.sim.venue.trading import bump

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market

RESTING = ("good_til_cancelled", "good_til_day")
OPEN_ORDERS_MAX = 10_000


@dataclass(slots=True)
class NewOrder:
    """A request for an order, numbers already on the grid.

    Empty: ``price_ticks`` None = market order.
    """

    account: Account
    market: Market
    side: int
    lots: int
    price_ticks: int | None
    time_in_force: str = "good_til_cancelled"
    label: str = ""
    post_only: bool = False
    reject_post_only: bool = False
    reduce_only: bool = False
    valid_until_ms: int | None = None
    origin: int = 0
    api: bool = True
    mmp: bool = False


@dataclass(slots=True)
class Change:
    """A request to edit an order. Empty: None = as it is."""

    amount_lots: int
    price_ticks: int | None = None
    post_only: bool | None = None
    reject_post_only: bool | None = None
    reduce_only: bool | None = None
    valid_until_ms: int | None = None


def submit(exchange: Exchange, new: NewOrder) -> Order:
    """Enter an order: check it, trade what can trade, rest what may rest.

    Raises:
        Reject: the order was not accepted; nothing has changed.
    """
    check_time(exchange, new.valid_until_ms)
    market, account = new.market, new.account
    check_open(market)
    if not account.internal and len(account.open_orders) >= OPEN_ORDERS_MAX:
        raise Reject("pme_max_total_open_orders", str(OPEN_ORDERS_MAX))
    is_market_order = new.price_ticks is None
    ticks = new.price_ticks
    if ticks is None:
        ticks = market.max_ticks if new.side == BUY else market.min_ticks
    if new.post_only:
        ticks = passive_price(market, new.side, ticks, new.reject_post_only)
    check_band(market, new.side, ticks)
    lots = new.lots
    if new.reduce_only:
        lots = min(lots, _reducible(account, market, new.side))
    order = Order(account, market.instrument, new.side, ticks, lots)
    group = exchange.mmp.orders_group(account, market) if new.mmp else None
    if group is not None:
        exchange.mmp.check(group, market, new.side, lots, ticks)
    else:
        claims.check(account, market, new.side, lots, ticks)
    check_self_trade(order, market)
    if is_market_order:
        order.original_order_type = "market"
    order.time_in_force, order.label = new.time_in_force, new.label
    order.post_only, order.reduce_only = new.post_only, new.reduce_only
    order.reject_post_only = new.reject_post_only
    order.origin, order.api = new.origin, new.api
    exchange.admit(order)
    if group is not None:
        group.hold(order)
    enter(exchange, market, order)
    return order


def enter(exchange: Exchange, market: Market, order: Order) -> None:
    """Let an order meet the book, at once or after the speed bump."""
    if bump.applies(exchange, market, order.side, order.price_ticks):
        bump.hold(exchange, order, partial(_settle, exchange, market))
    else:
        _settle(exchange, market, order)


def _settle(exchange: Exchange, market: Market, order: Order) -> None:
    """Trade what can trade, rest what may rest, cancel the remainder."""
    exchange.note_order(order)
    if market.state != "open":
        exchange.close(order, "cancelled", order.doomed)
        return
    if order.time_in_force == "fill_or_kill" and not _can_fill(order, market):
        exchange.close(order, "cancelled")
        return
    exchange.match(order)
    if order.state != "open":
        return
    may_rest = order.time_in_force in RESTING and order.original_order_type != "market"
    if may_rest and not order.doomed and market.state == "open":
        exchange.rest(order)
    else:
        exchange.close(order, "cancelled", order.doomed)


def edit(exchange: Exchange, order: Order, change: Change) -> None:
    """Change an open order.

    Same price and no more than before: the order keeps its place in the queue. Any
    other price, or more amount: it goes to the end, and may trade at once.

    Raises:
        Reject: the order stands as it was, or has been cancelled (11054).
    """
    check_time(exchange, change.valid_until_ms)
    market = exchange.markets[order.instrument.name]
    check_open(market)
    if order.pending:
        raise Reject("other_reject", "speed_bumped")
    if change.amount_lots <= order.filled_lots:
        raise Reject("invalid_amount")
    post_only = order.post_only if change.post_only is None else change.post_only
    reject = change.reject_post_only
    reject = order.reject_post_only if reject is None else reject
    reduce_only = order.reduce_only
    if change.reduce_only is not None:
        reduce_only = change.reduce_only
    ticks = order.price_ticks if change.price_ticks is None else change.price_ticks
    if post_only and reject and market.book.would_cross(order.side, ticks):
        exchange.cancel(order, "edit_post_only_reject")
        raise Reject("post_only_reject")
    if post_only:
        ticks = passive_price(market, order.side, ticks, reject)
    if ticks != order.price_ticks:
        check_band(market, order.side, ticks)
    open_lots = change.amount_lots - order.filled_lots
    if reduce_only:
        open_lots = min(open_lots, _reducible(order.account, market, order.side))
    before = (order.open_lots, order.price_ticks)
    if order.group is not None:
        exchange.mmp.check(order.group, market, order.side, open_lots, ticks, order)
    else:
        claims.check(order.account, market, order.side, open_lots, ticks, before)
    amount_lots = order.filled_lots + open_lots
    moves = ticks != order.price_ticks or amount_lots > order.amount_lots
    if moves:
        probe = Order(order.account, order.instrument, order.side, ticks, open_lots)
        check_self_trade(probe, market)
    flags = (post_only, reject, reduce_only)
    _apply(exchange, order, ticks, amount_lots, moves, flags)


def _apply(
    exchange: Exchange,
    order: Order,
    ticks: int,
    amount_lots: int,
    moves: bool,
    flags: tuple[bool, bool, bool],
) -> None:
    if moves:
        exchange.lift(order)
        order.price_ticks, order.amount_lots = ticks, amount_lots
    order.post_only, order.reject_post_only, order.reduce_only = flags
    order.replaced, order.updated_ms = True, exchange.now_ms
    if moves:
        enter(exchange, exchange.markets[order.instrument.name], order)
        return
    account = order.account
    account.reduce_only_orders.pop(order.order_id, None)
    if order.reduce_only:
        account.reduce_only_orders[order.order_id] = order
    exchange.shrink(order, amount_lots)


def check_time(exchange: Exchange, valid_until_ms: int | None) -> None:
    """Refuse a request that comes too late (13888)."""
    if valid_until_ms is not None and exchange.now_ms > valid_until_ms:
        raise Reject("timed_out")


def check_open(market: Market) -> None:
    """Refuse an order while its book takes none (10012, in a settlement 10041).

    The same (10019) while its index is locked.
    """
    if market.index.locked:
        raise Reject("locked_by_admin")
    if market.state == "settlement":
        raise Reject("settlement_in_progress")
    if market.state != "open":
        raise Reject("book_closed")


def check_band(market: Market, side: int, ticks: int) -> None:
    """Refuse a price beyond the band on the side that would push the market."""
    price = market.instrument.price
    if side == BUY and ticks > market.max_ticks:
        raise Reject("price_too_high", str(price(market.max_ticks)))
    if side != BUY and ticks < market.min_ticks:
        raise Reject("price_too_low", str(price(market.min_ticks)))


def passive_price(market: Market, side: int, ticks: int, reject: bool) -> int:
    """Return the price at which a post-only order rests: one tick inside at most."""
    if not market.book.would_cross(side, ticks):
        return ticks
    if reject:
        raise Reject("post_only_reject")
    facing = market.book.best(-side)
    assert facing is not None, "crossing needs a facing price"
    inside = market.instrument.inside(facing, side)
    if inside <= 0 and not market.instrument.is_combo:
        raise Reject("post_only_price_modification_not_possible")
    return inside


def _reducible(account: Account, market: Market, side: int) -> int:
    """Return the lots by which an order of a side can reduce the position."""
    size = account.position(market.instrument, market).size
    if size * side >= 0:
        raise Reject("other_reject", "reduce_only_would_increase_position")
    return abs(size)


def check_self_trade(order: Order, market: Market) -> None:
    """Refuse an order that would meet an own order (mode reject_taker)."""
    if order.account.self_trade_mode != "reject_taker":
        return
    left = order.open_lots
    for maker, lots in market.book.facing(order.side, order.price_ticks):
        if maker.account is order.account:
            raise Reject("order_overlap")
        left -= lots
        if left <= 0:
            return


def _can_fill(order: Order, market: Market) -> bool:
    """Say whether an order would fill completely, own orders not counted."""
    left = order.open_lots
    for maker, lots in market.book.facing(order.side, order.price_ticks):
        if maker.account is not order.account:
            left -= lots
        if left <= 0:
            return True
    return False
