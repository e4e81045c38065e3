"""Order entry: what the venue accepts, moves and refuses.

A refused request changes nothing. An order that would trade where the speed bump
applies waits for it: it is firm, and a cancel turns it into immediate-or-cancel.

A market order is a limit order at the edge of the price band, a market-limit order one
at the best price of the other side (with none there: at the last price, kept within the
band); what does not fill rests there, unless the time in force forbids it.
Source: docs.deribit.com, order management, private/buy, Starbase placing a new order
(the market-limit flag), 2026-08-22; support.deribit.com, market order (the rest is left
at the bandwidth price); changelog 22.10.21 (off tick or step is refused), 25.01.23
(bands refuse).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine.sim.venue.accounts import claims
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY, Order
from engine.sim.venue.trading import advanced, bump, ceilings

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.watch import Trigger
    from engine.sim.venue.trading.advanced import Advanced
    from engine.sim.venue.trading.linked import Link

RESTING = ("good_til_cancelled", "good_til_day")
ICEBERG_MIN_LOTS = 100  # a lot is the minimum amount
ICEBERG_PARTS_MAX = 100


@dataclass(slots=True)
class NewOrder:
    """A request for an order, numbers already on the grid.

    ``order_type`` is what was asked for. ``display_lots`` is the tip of an iceberg. A
    ``trigger`` is what the order waits for; an order that comes of one that waited
    names it in ``trigger_order_id``. A ``link`` is its part in a linked request. An
    ``advanced`` one has its price from that, whatever ``price_ticks`` says. What is to
    be done ``at_once`` has the speed bump behind it, as a recorded trade has.
    Empty: ``price_ticks`` None = at the market; ``display_lots`` 0 = all is shown.
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
    order_type: str = "limit"
    display_lots: int = 0
    trigger: Trigger | None = None
    trigger_order_id: str = ""
    link: Link | None = None
    advanced: Advanced | None = None
    at_once: bool = False


def submit(exchange: Exchange, new: NewOrder) -> Order:
    """Enter an order: check it, trade what can trade, rest what may rest.

    Raises:
        Reject: the order was not accepted; nothing has changed.
    """
    order = checked(exchange, new)
    start(exchange, new, order)
    return order


def checked(exchange: Exchange, new: NewOrder) -> Order:
    """Return the order of a request that may be entered; nobody knows of it yet.

    Raises:
        Reject: it may not.
    """
    check_time(exchange.now_ms, new.valid_until_ms)
    market, account = new.market, new.account
    check_open(market)
    ticks = _price(exchange, new)
    if new.post_only:
        ticks = passive_price(market, new.side, ticks, new.reject_post_only)
    check_band(market, new.side, ticks)
    lots = new.lots
    if new.reduce_only:
        lots = min(lots, reducible(account, market, new.side))
    check_display(market, lots, new.display_lots)
    if new.mmp:
        group = exchange.mmp.orders_group(account, market)
        exchange.mmp.check(group, market, new.side, lots, ticks)
    else:
        claims.check(account, market, new.side, lots, ticks)
    ceilings.check_new(exchange.config.limits, account, market, new.side, lots)
    order = order_of(new, ticks, lots)
    check_self_trade(order, market)
    return order


def start(exchange: Exchange, new: NewOrder, order: Order) -> None:
    """Enter an order that has been checked."""
    exchange.admit(order)
    if order.link is not None:
        order.link.order = order
    if order.advanced is not None:
        exchange.repricer.follow(order)
    if new.mmp:
        exchange.mmp.orders_group(new.account, new.market).hold(order)
    enter(exchange, new.market, order, new.at_once)


def _price(exchange: Exchange, new: NewOrder) -> int:
    """Return the price an order is entered at."""
    market, pricing = new.market, new.advanced
    if pricing is not None:
        advanced.check_expiry(exchange, market.instrument, pricing.kind)
        return advanced.ticks_of(exchange, market, pricing)
    if new.price_ticks is not None:
        return new.price_ticks
    if new.order_type != "market_limit":
        return market.max_ticks if new.side == BUY else market.min_ticks
    best = market.book.best(-new.side)
    if best is None:
        best = market.last_ticks
    if best is None:
        best = market.instrument.ticks_below(market.mark_ref)
    return min(max(best, market.min_ticks), market.max_ticks)


def order_of(new: NewOrder, ticks: int, lots: int) -> Order:
    """Return the order of a request, not yet known to anybody."""
    order = Order(new.account, new.market.instrument, new.side, ticks, lots)
    if new.price_ticks is None:
        is_limit = new.order_type == "market_limit"
        order.original_order_type = "market_limit" if is_limit else "market"
    order.time_in_force, order.label = new.time_in_force, new.label
    order.post_only, order.reduce_only = new.post_only, new.reduce_only
    order.reject_post_only = new.reject_post_only
    order.origin, order.api = new.origin, new.api
    order.refresh_lots = new.display_lots
    order.trigger, order.trigger_order_id = new.trigger, new.trigger_order_id
    order.link, order.advanced = new.link, new.advanced
    return order


def enter(
    exchange: Exchange, market: Market, order: Order, at_once: bool = False
) -> None:
    """Let an order meet the book, at once or after the speed bump."""
    order.account.usage.changed(order.instrument)
    if not market.book.would_cross(order.side, order.price_ticks):
        _rest_or_end(exchange, market, order)
    elif bump.applies(exchange, market) and not at_once:
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
    exchange.matcher.match(order)
    if order.state == "open":
        _rest_or_end(exchange, market, order)


def _rest_or_end(exchange: Exchange, market: Market, order: Order) -> None:
    """Let what has not traded rest, or cancel it."""
    may_rest = order.time_in_force in RESTING and not order.doomed
    if may_rest and market.state == "open":
        exchange.rest(order)
    else:
        exchange.close(order, "cancelled", order.doomed)


def check_time(now_ms: int, valid_until_ms: int | None) -> None:
    """Refuse a request that comes too late (13888)."""
    if valid_until_ms is not None and now_ms > valid_until_ms:
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


def reducible(account: Account, market: Market, side: int) -> int:
    """Return the lots by which an order of a side can reduce the position."""
    position = account.positions.get(market.instrument.name)
    size = position.size if position is not None else 0
    if size * side >= 0:
        raise Reject("other_reject", "reduce_only_would_increase_position")
    return abs(size)


def check_display(market: Market, lots: int, display_lots: int) -> None:
    """Refuse a tip that is too small, or that the instrument does not have.

    Raises:
        Reject: 11048 an option, 11059 a combo, 10036 less than 100 times the minimum
            amount or less than a hundredth of the order.
    """
    if not display_lots:
        return
    if market.instrument.is_option:
        raise Reject("wrong_max_show_for_option")
    if market.instrument.is_combo:
        raise Reject("iceberg_not_allowed")
    if display_lots < ICEBERG_MIN_LOTS or display_lots * ICEBERG_PARTS_MAX < lots:
        raise Reject("invalid_max_show_amount")


def check_self_trade(order: Order, market: Market) -> None:
    """Refuse an order that would meet an own order (mode reject_taker).

    Own ones are those of the account and, when it says so, of its whole family.
    """
    if order.account.self_trade_mode != "reject_taker":
        return
    if not market.book.would_cross(order.side, order.price_ticks):
        return
    left = order.open_lots
    for maker, lots in market.book.facing(order.side, order.price_ticks):
        if order.account.overlap(maker.account):
            raise Reject("order_overlap")
        left -= lots
        if left <= 0:
            return


def _can_fill(order: Order, market: Market) -> bool:
    """Say whether an order would fill completely, own orders not counted."""
    left = order.open_lots
    for maker, lots in market.book.facing(order.side, order.price_ticks):
        if not order.account.overlap(maker.account):
            left -= lots
        if left <= 0:
            return True
    return False
