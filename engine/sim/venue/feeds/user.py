"""Private feeds: the account's orders, trades, changes and portfolio.

``user.orders.*.raw`` sends one order object per message, every other interval an array;
``user.trades`` always sends arrays. No snapshot is sent for them.
Source: docs.deribit.com, private subscriptions, 2026-08-22; capture of 2025-12-12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.sim.venue.feeds.feed import Feed, ListFeed
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.rows.accounts import portfolio_row, position_row
from engine.sim.venue.rows.trading import account_trade_row, combo_trade_row, order_row

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.accounts.position import Position
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.feeds.channels import Channel

PORTFOLIO_NS = 100_000_000


class UserOrdersFeed(Feed):
    """``user.orders.{…}.{interval}``: every order that changed, as it stands now."""

    hears = ("order",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._orders: dict[int, Order] = {}

    def take(self, order: Order) -> None:
        """Gather one changed order."""
        self._orders[order.number] = order

    def flush(self) -> None:
        """Send the gathered orders."""
        orders, self._orders = self._orders, {}
        rows = [order_row(order) for order in orders.values()]
        if self.period_ns:
            self.send(rows)
            return
        for row in rows:
            self.send(row)


class UserTradesFeed(ListFeed):
    """``user.trades.{…}.{interval}``."""

    hears = ("fill",)

    def flush(self) -> None:
        """Send the gathered trades."""
        assert self.account is not None, "a private feed has an account"
        self.send([account_trade_row(trade, self.account) for trade in self.taken()])


class UserComboTradesFeed(ListFeed):
    """``user.combo_trades.{…}.{interval}``: trades of combos, each with its legs."""

    hears = ("fill",)

    def flush(self) -> None:
        """Send the gathered trades of combos, nothing when there are none."""
        assert self.account is not None, "a private feed has an account"
        combos = [trade for trade in self.taken() if trade.legs]
        if combos:
            self.send([combo_trade_row(trade, self.account) for trade in combos])


class Changes:
    """What changed for one account in one instrument."""

    __slots__ = ("orders", "position", "trades")

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.trades: list[Trade] = []
        self.position: Position | None = None


class UserChangesFeed(Feed):
    """``user.changes.{…}.{interval}``: orders, trades and position together."""

    hears = ("order", "fill", "position")

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._changes: dict[str, Changes] = {}

    def take(self, item: Order | Trade | Position) -> None:
        """Gather one change."""
        changes = self._changes.setdefault(item.instrument.name, Changes())
        if isinstance(item, Order):
            changes.orders[item.number] = item
            changes.position = item.account.positions.get(item.instrument.name)
        elif isinstance(item, Trade):
            changes.trades.append(item)
        else:
            changes.position = item

    def flush(self) -> None:
        """Send one message for each instrument."""
        assert self.account is not None, "a private feed has an account"
        gathered, self._changes = self._changes, {}
        for name, changes in gathered.items():
            positions = [] if changes.position is None else [changes.position]
            self.send(
                {
                    "orders": [order_row(o) for o in changes.orders.values()],
                    "instrument_name": name,
                    "trades": [
                        account_trade_row(t, self.account) for t in changes.trades
                    ],
                    "positions": [position_row(p) for p in positions],
                }
            )


class PortfolioFeed(Feed):
    """``user.portfolio.{currency or any}``: sent when a figure in it has changed."""

    hears = ("account",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.period_ns = PORTFOLIO_NS
        self._sent: dict[str, bytes] = {}

    def currencies(self) -> list[str]:
        """Return the currencies the channel is about."""
        assert self.account is not None, "a private feed has an account"
        if self.channel.target == "any":
            return list(self.account.cash)
        return [self.channel.target]

    def greet(self, connection: Connection) -> None:
        """Send the portfolio of now."""
        assert self.account is not None, "a private feed has an account"
        for currency in self.currencies():
            row = portfolio_row(self.account, currency)
            self._sent.setdefault(currency, orjson.dumps(row))
            self.send_one(connection, row)

    def flush(self) -> None:
        """Send each currency whose figures differ from the last ones."""
        assert self.account is not None, "a private feed has an account"
        for currency in self.currencies():
            row = portfolio_row(self.account, currency)
            figures = orjson.dumps(row)
            if figures != self._sent.get(currency):
                self._sent[currency] = figures
                self.send(row)
