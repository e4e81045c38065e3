"""Linked orders: one triggers others, one cancels the other, and both together.

A primary order has secondaries that lie dormant (``OTO-…``) until it trades: with its
first fill (``first_hit``), when it has filled (``complete_fill``), or as it fills, in
proportion, rounded down to lots (``incremental``). What is due is entered a moment
after the fill, as an order with its own id; later parts of it enlarge that order while
it is open. When the primary ends, what is not due is cancelled with the reason
``oto_primary_closed``.

Two orders of which one cancels the other: a fill of one cancels the other at once,
when it has filled, or in proportion; any end of one ends the other
(``oco_other_closed``). A trigger order hands its part on to the order it becomes.

An order that is refused when its time comes ends as ``rejected``.
Source: docs.deribit.com, order management (linked orders), private/buy, 2026-08-22;
OTO rows captured 2024-12. Whether a stop whose level is passed already when its primary
fills is entered at once is not said; here it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.trading import bump, ceilings, orders, triggers
from engine.sim.venue.trading.edits import Change, edit

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.trading.orders import NewOrder

OTO = "one_triggers_other"
OCO = "one_cancels_other"
OTOCO = "one_triggers_one_cancels_other"
TYPES = (OTO, OCO, OTOCO)
FIRST_HIT, COMPLETE_FILL, INCREMENTAL = CONDITIONS = (
    "first_hit",
    "complete_fill",
    "incremental",
)
SECONDARIES_MAX = 10  # of one request; the account has its own limit
OTHER_CLOSED, PRIMARY_CLOSED = "oco_other_closed", "oto_primary_closed"


@dataclass(eq=False, slots=True)
class Link:
    """The part one order plays; what the order becomes plays it on.

    ``order`` is who plays it. ``peer`` is the part of the other of a pair, while either
    may still end the other. A secondary has its ``wish``, its ``dormant`` order while
    some of it is not due, ``given_lots`` of it entered, and its ``primary``.
    ``cut_lots`` is what fills of the peer have taken away. ``ended`` parts take nothing
    any more. Empty: None, () and "" where it plays no such part.
    """

    condition: str
    order: Order | None = None
    peer: Link | None = None
    oco_ref: str = ""
    secondaries: tuple[Link, ...] = ()
    oto_order_ids: list[str] = field(default_factory=list)
    primary: Link | None = None
    wish: NewOrder | None = None
    dormant: Order | None = None
    given_lots: int = 0
    cut_lots: int = 0
    due_soon: bool = False
    ended: bool = False


def place(
    exchange: Exchange,
    new: NewOrder,
    kind: str,
    condition: str,
    others: list[NewOrder],
) -> Order:
    """Enter an order with the ones linked to it; return it.

    Raises:
        Reject: one of them was not accepted; nothing has changed.
    """
    number = len(others)
    right = {OTO: 1 <= number <= SECONDARIES_MAX, OCO: number == 1, OTOCO: number == 2}
    if not right[kind]:
        raise bad_param("otoco_config", f"wrong number of orders for {kind}")
    link = Link(condition)
    new = replace(new, link=link)
    if kind == OCO:
        return _place_pair(exchange, new, replace(others[0], link=Link(condition)))
    ceilings.check_secondaries(exchange.config.limits, new.account, number)
    prepared = _checked(exchange, new)
    link.secondaries = tuple(
        Link(condition, primary=link, wish=other) for other in others
    )
    if kind == OTOCO:
        _pair(exchange, *link.secondaries)
    for one in link.secondaries:
        _lay_down(exchange, one)
    return _start(exchange, new, prepared)


def _place_pair(exchange: Exchange, new: NewOrder, other: NewOrder) -> Order:
    prepared, second = _checked(exchange, new), _checked(exchange, other)
    assert new.link is not None, "both of a pair are linked"
    assert other.link is not None, "both of a pair are linked"
    _pair(exchange, new.link, other.link)
    order = _start(exchange, new, prepared)
    if other.link.ended:
        exchange.admit(second, triggers.stem_of(second) if other.trigger else "")
        exchange.close(second, "cancelled", OTHER_CLOSED)
    else:
        _start(exchange, other, second)
    return order


def _pair(exchange: Exchange, one: Link, other: Link) -> None:
    one.peer, other.peer = other, one
    one.oco_ref = other.oco_ref = f"OCO-{exchange.next_number()}"


def _checked(exchange: Exchange, new: NewOrder) -> Order:
    """Return the order of a request that may be entered.

    Raises:
        Reject: it may not.
    """
    if new.trigger is None:
        return orders.checked(exchange, new)
    return triggers.checked(exchange, new)


def _start(exchange: Exchange, new: NewOrder, order: Order) -> Order:
    """Enter an order that has been checked, or let it wait."""
    if new.trigger is None:
        orders.start(exchange, new, order)
    else:
        triggers.wait(exchange, order)
    return order


def _lay_down(exchange: Exchange, link: Link) -> None:
    """Make the dormant order of a secondary."""
    wish, primary = link.wish, link.primary
    assert wish is not None, "a secondary has a wish"
    assert primary is not None, "a secondary has a primary"
    order = orders.order_of(wish, wish.price_ticks or 0, wish.lots)
    order.state, order.order_type = "untriggered", wish.order_type
    order.link, link.dormant = link, order
    exchange.admit(order, "OTO-")
    exchange.remember_open(order)
    exchange.note_order(order)
    primary.oto_order_ids.append(order.order_id)


# What happens to a linked order.


def filled(exchange: Exchange, order: Order) -> None:
    """Do what a fill of a linked order brings about, part of it a moment later."""
    link = order.link
    assert link is not None, "only linked orders"
    _advance_soon(exchange, link)
    peer = link.peer
    if peer is None or order.state == "filled":
        return
    if link.condition == FIRST_HIT:
        _end_peer(exchange, link)
    elif link.condition == INCREMENTAL:
        _cut(exchange, peer, order)


def closed(exchange: Exchange, order: Order) -> None:
    """Do what the end of a linked order brings about."""
    link = order.link
    assert link is not None, "only linked orders"
    if order.state == "triggered" or order is not link.order:
        return
    peer, filled_up = link.peer, order.state == "filled"
    if peer is not None and filled_up and link.dormant is not None:
        _cut(exchange, peer, order)  # more of both is to come
    elif peer is not None:
        _drop(exchange, link, OTHER_CLOSED)
        _end_peer(exchange, link)
    if order.filled_lots:
        _advance_soon(exchange, link)
    else:
        for one in link.secondaries:
            _drop(exchange, one, PRIMARY_CLOSED)


def cancel_dormant(exchange: Exchange, order: Order, reason: str) -> bool:
    """Cancel a dormant order; False when it is none."""
    link = order.link
    if link is None or link.dormant is not order:
        return False
    _drop(exchange, link, reason)
    if link.order is None or link.order.order_id not in order.account.open_orders:
        _end_peer(exchange, link)
    return True


def _drop(
    exchange: Exchange, link: Link, reason: str, state: str = "cancelled"
) -> None:
    """Close the dormant order of a secondary, if it still lies there."""
    dormant = link.dormant
    if dormant is not None:
        exchange.forget_open(dormant)
        link.dormant = None
        exchange.close(dormant, state, reason)


def _end_peer(exchange: Exchange, link: Link) -> None:
    """End the other of a pair."""
    peer = link.peer
    if peer is None:
        return
    link.peer = peer.peer = None
    peer.ended = True
    _drop(exchange, peer, OTHER_CLOSED)
    order = peer.order
    if order is not None and order.order_id in order.account.open_orders:
        exchange.cancel(order, OTHER_CLOSED)


def _cut(exchange: Exchange, peer: Link, order: Order) -> None:
    """Take from the other of a pair its part of what has filled of one."""
    other = peer.order
    if other is None or other.order_id not in other.account.open_orders:
        return
    whole = other.amount_lots + peer.cut_lots
    cut_lots = whole * order.filled_lots // order.amount_lots
    amount_lots = whole - cut_lots
    peer.cut_lots = cut_lots
    if other.pending or amount_lots <= other.filled_lots:
        peer.order, peer.cut_lots = None, 0
        exchange.cancel(other, OTHER_CLOSED)
    elif other.state == "untriggered":
        other.amount_lots, other.updated_ms = amount_lots, exchange.now_ms
        exchange.note_order(other)
    else:
        other.updated_ms = exchange.now_ms
        exchange.shrink(other, amount_lots)


# What is due.


def _advance_soon(exchange: Exchange, link: Link) -> None:
    if link.secondaries and not link.due_soon:
        link.due_soon = True
        assert link.order is not None, "an order that has filled was entered"
        exchange.soon(link.order, partial(_advance, exchange, link))


def _advance(exchange: Exchange, link: Link) -> None:
    """Enter what has become due of the secondaries, end them with their primary."""
    link.due_soon = False
    primary = link.order
    assert primary is not None, "a primary that has filled was entered"
    for one in link.secondaries:
        if one.dormant is not None and not one.ended:
            due_lots = _due_lots(primary, one)
            if due_lots > one.given_lots:
                _give(exchange, link, one, due_lots)
    if primary.order_id not in primary.account.open_orders:
        for one in link.secondaries:
            _drop(exchange, one, PRIMARY_CLOSED)


def _due_lots(primary: Order, link: Link) -> int:
    """Return how much of a secondary is due."""
    wish = link.wish
    assert wish is not None, "a secondary has a wish"
    if primary.state == "filled" or (
        link.condition == FIRST_HIT and primary.filled_lots
    ):
        return wish.lots
    if link.condition == INCREMENTAL:
        return wish.lots * primary.filled_lots // primary.amount_lots
    return 0


def _give(exchange: Exchange, primary: Link, link: Link, due_lots: int) -> None:
    """Enter a secondary up to what is due; its dormant order ends with the last part.

    While the order it has become is in the speed bump nothing can be added to it.
    """
    wish, dormant, order = link.wish, link.dormant, link.order
    assert wish is not None, "a secondary has a wish"
    assert dormant is not None, "its rest lies dormant"
    if order is not None and order.pending:
        primary.due_soon = True
        wait_ns = exchange.config.bump_ms * bump.MILLISECOND_NS
        again = partial(_advance, exchange, primary)
        exchange.agenda.at(exchange.now_ns + wait_ns, again)
        return
    more_lots = due_lots - link.given_lots
    link.given_lots = due_lots
    if due_lots == wish.lots:
        _drop(exchange, link, "", "triggered")
    try:
        if order is not None and order.order_id in order.account.open_orders:
            _enlarge(exchange, order, more_lots)
        else:
            part = replace(wish, lots=more_lots, link=link, valid_until_ms=None)
            _start(exchange, part, _due(exchange, part))
    except Reject:
        if dormant.state == "triggered":
            dormant.state = "rejected"


def _due(exchange: Exchange, new: NewOrder) -> Order:
    """Check a secondary; its level may have been passed while it lay dormant."""
    if new.trigger is None:
        return orders.checked(exchange, new)
    return triggers.checked(exchange, new, may_be_past=True)


def _enlarge(exchange: Exchange, order: Order, more_lots: int) -> None:
    if order.state == "untriggered":
        order.amount_lots += more_lots
        order.updated_ms = exchange.now_ms
        exchange.note_order(order)
    else:
        edit(exchange, order, Change(order.amount_lots + more_lots))
