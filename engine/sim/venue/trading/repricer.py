"""The venue's repricing of advanced option orders.

About every six seconds those whose price has moved are repriced, as an edit would: they
lose their place, and may trade. A price the venue would not accept now is left as it
was. A quarter of an hour before expiry they are cancelled.
Source: docs.deribit.com, option orders by USD or volatility, as last described with six
seconds; support.deribit.com says about one, and names the end before expiry.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject
from engine.sim.venue.trading.advanced import LAST_CALL_MS, ticks_of
from engine.sim.venue.trading.edits import Change, edit

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.matching import Order

MILLISECOND_NS = 1_000_000


class Repricer:
    """The open advanced orders, and the hour-glass by which they are repriced."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._orders: dict[int, Order] = {}
        self._running = False

    def follow(self, order: Order) -> None:
        """Keep an order at its price from now on."""
        self._orders[order.number] = order
        if not self._running:
            self._turn()

    def forget(self, order: Order) -> None:
        """Follow an order no longer."""
        self._orders.pop(order.number, None)

    def _turn(self) -> None:
        """Let the glass run once more, as long as there is anything to reprice."""
        self._running = bool(self._orders)
        if self._running:
            period_ns = self._exchange.config.reprice_ms * MILLISECOND_NS
            self._exchange.agenda.at(self._exchange.now_ns + period_ns, self._reprice)

    def _reprice(self) -> None:
        """Move every order whose price has moved.

        Cost: a price for each advanced order that is open.
        """
        for order in self._orders.values():
            self._exchange.soon(order, partial(self._follow_price, order))
        self._turn()

    def _follow_price(self, order: Order) -> None:
        exchange, advanced = self._exchange, order.advanced
        market = exchange.markets[order.instrument.name]
        if advanced is None or order.pending:
            return
        if order.order_id not in order.account.open_orders:
            return
        if exchange.now_ms >= order.instrument.expiry_ms - LAST_CALL_MS:
            exchange.cancel(order, "")
        elif market.state == "open":
            ticks = ticks_of(exchange, market, advanced)
            if ticks != order.price_ticks:
                self._move(order, ticks)

    def _move(self, order: Order, ticks: int) -> None:
        try:
            edit(self._exchange, order, Change(order.amount_lots, price_ticks=ticks))
        except Reject:
            return
        order.auto_replaced = True
