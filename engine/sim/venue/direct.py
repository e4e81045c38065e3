"""A venue's own doors: for the background market, tests and views, in process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

from engine.sim.venue.accounts.account import Account
from engine.sim.venue.errors import Reject
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.markets.matching import BUY, SELL, SIDES, Order
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.surface import SurfaceState
from engine.sim.venue.rows.accounts import position_row
from engine.sim.venue.rows.markets import levels_row
from engine.sim.venue.rows.trading import order_row
from engine.sim.venue.trading.edits import Change, edit
from engine.sim.venue.trading.orders import NewOrder, submit
from engine.sim.venue.units import coins

Price = float | Decimal


class DirectEntry(ABC):
    """Orders, prices and states without a connection: no login, no credits.

    Units: every ``t_ns`` is the venue's wall clock, nanoseconds since the epoch.
    """

    exchange: Exchange

    @abstractmethod
    def _advance(self, t_ns: int) -> None:
        """Move the clock, doing what falls due on the way."""

    @abstractmethod
    def publish(self) -> None:
        """Close the turn and let the channels say what it changed."""

    def instruments(self) -> list[Instrument]:
        """Return what is listed and open, in the order of listing."""
        return [
            market.instrument
            for market in self.exchange.markets.values()
            if market.state == "open"
        ]

    def place(
        self,
        account: str | Account,
        instrument: str,
        direction: str,
        price: Price | None,
        amount: Price,
        *,
        t_ns: int,
        post_only: bool = False,
        reject_post_only: bool = False,
        time_in_force: str = "good_til_cancelled",
        label: str = "",
        at_once: bool = False,
    ) -> Order:
        """Enter an order in the name of an account; None is a market order.

        An account nobody configured is an internal one: no margin, no history. An order
        ``at_once`` does not wait in the speed bump.

        Raises:
            Reject: the venue refuses it, as it would a client's.
        """
        self._advance(t_ns)
        market = self.exchange.market(instrument)
        if isinstance(account, str):
            account = self.exchange.account(account)
        lots = market.instrument.lots(amount)
        if lots is None or lots <= 0:
            raise Reject("invalid_amount")
        new = NewOrder(
            account=account,
            market=market,
            side=SIDES[direction],
            lots=lots,
            price_ticks=None if price is None else self._ticks(instrument, price),
            time_in_force=time_in_force,
            label=label,
            post_only=post_only,
            reject_post_only=reject_post_only,
            at_once=at_once,
        )
        try:
            return submit(self.exchange, new)
        finally:
            self.publish()

    def edit_order(self, order: Order, price: Price, amount: Price, t_ns: int) -> None:
        """Change price and total amount of an open order.

        Raises:
            Reject: the venue refuses it, as it would a client's.
        """
        self._advance(t_ns)
        lots = order.instrument.lots(amount)
        if lots is None:
            raise Reject("invalid_amount")
        if order.state != "open":
            raise Reject("not_open_order")
        change = Change(lots, self._ticks(order.instrument.name, price))
        try:
            edit(self.exchange, order, change)
        finally:
            self.publish()

    def cancel_order(self, order: Order, t_ns: int) -> bool:
        """Cancel an order; False when it was no longer open."""
        self._advance(t_ns)
        if order.state not in ("open", "untriggered"):
            return False
        self.exchange.cancel(order)
        self.publish()
        return True

    def set_index(self, index_name: str, price: Price, t_ns: int) -> None:
        """Publish an index price."""
        self._advance(t_ns)
        self.exchange.set_index(index_name, price)
        self.publish()

    def set_surface(self, index_name: str, state: SurfaceState, t_ns: int) -> None:
        """Move the vol surface of an index; option marks follow within a second."""
        self._advance(t_ns)
        self.exchange.set_surface(index_name, state)

    def set_state(self, instrument: str, state: str, t_ns: int) -> None:
        """Put a book into a state."""
        self._advance(t_ns)
        self.exchange.put_into(instrument, state)
        self.publish()

    def snapshot(self) -> dict[str, Any]:
        """Return accounts and books as they stand, for tests and views."""
        exchange = self.exchange
        accounts = {
            name: {
                "open_orders": [order_row(o) for o in account.open_orders.values()],
                "positions": {
                    instrument: position_row(position)
                    for instrument, position in account.positions.items()
                    if position.traded
                },
                "balances": {c: coins(cash) for c, cash in account.cash.items()},
                "equity": {c: coins(account.equity(c)) for c in account.cash},
                "fees": {c: coins(fee) for c, fee in account.fees.items()},
                "usage": account.usage.rows(),
            }
            for name, account in exchange.accounts.items()
        }
        books = {
            name: {
                "change_id": market.change_id,
                "bids": levels_row(market, BUY, None),
                "asks": levels_row(market, SELL, None),
            }
            for name, market in exchange.markets.items()
        }
        return {"t_ns": exchange.now_ns, "accounts": accounts, "books": books}

    def _ticks(self, instrument: str, price: Price) -> int:
        facts = self.exchange.market(instrument).instrument
        ticks = facts.ticks(price)
        if ticks is None or (ticks <= 0 and not facts.is_combo):
            raise Reject("price_wrong_tick")
        return ticks
