"""The speed bump: an order that would trade at once waits ten milliseconds.

First in, first out, for the full time even if the other side goes away, and unseen by
everybody else. An order in the bump is firm: what would cancel it makes it immediate-
or-cancel instead. The instruments in ``bump_exempt`` are free of it.
Source: Starbase speed bumps, 2026-08-04; exempt instruments as of 2026-09-23.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.matching import Order

MILLISECOND_NS = 1_000_000


def applies(exchange: Exchange, market: Market) -> bool:
    """Say whether an order that would trade at once has to wait here."""
    config = exchange.config
    return config.bump_ms > 0 and market.instrument.name not in config.bump_exempt


def hold(exchange: Exchange, order: Order, settle: Callable[[Order], None]) -> None:
    """Keep an order out of the book for the length of the bump.

    It counts as open. Afterwards ``settle`` does with it what would have been done at
    once, and then whoever waits for it is told.
    """
    order.pending = True
    exchange.remember_open(order)
    exchange.count_open(order, order.open_lots)

    def release() -> None:
        exchange.forget_open(order)
        exchange.count_open(order, -order.open_lots)
        order.pending = False
        settle(order)
        told, order.on_settled = order.on_settled, None
        if told is not None:
            told()

    due_ns = exchange.now_ns + exchange.config.bump_ms * MILLISECOND_NS
    exchange.agenda.at(due_ns, release)
