"""Trades as they happen, and the candles they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.feeds.feed import Feed, ListFeed
from engine.sim.venue.markets.candles import RESOLUTIONS_MS
from engine.sim.venue.rows.history import candle_row
from engine.sim.venue.rows.trading import public_trade_row

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.feeds.channels import Channel
    from engine.sim.venue.markets.trades import Trade

MS_NS = 1_000_000


class TradesFeed(ListFeed):
    """``trades.{instrument or kind.currency}.{interval}``: the tape, as arrays."""

    hears = ("trade",)

    def flush(self) -> None:
        """Send the gathered trades."""
        trades = self.taken()
        if trades:
            self.send([public_trade_row(trade) for trade in trades])


class ChartFeed(Feed):
    """``chart.trades.{instrument}.{resolution}``: the candle of now, as it grows.

    A span that ends without a trade is told once, filled with the close before it.
    """

    hears = ("trade",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.market = exchange.markets[channel.target]
        self.span_ms = RESOLUTIONS_MS[channel.interval]
        self.clock_ns = self.span_ms * MS_NS
        self._told_ms = 0

    def greet(self, connection: Connection) -> None:
        """Send the candle of now."""
        row = self._row(self.exchange.now_ms)
        if row is not None:
            self.send_one(connection, row)

    def take(self, trade: Trade) -> None:
        """Remember that the span of now has been told of."""
        self._told_ms = trade.time_ms - trade.time_ms % self.span_ms

    def flush(self) -> None:
        """Send the candle that the last trade is in."""
        self._send(self.exchange.now_ms)

    def wake(self) -> None:
        """Send the span that has just ended if nothing happened in it."""
        start_ms = self.exchange.now_ms // self.span_ms * self.span_ms - self.span_ms
        if self._told_ms < start_ms:
            self._send(start_ms)

    def _send(self, time_ms: int) -> None:
        row = self._row(time_ms)
        if row is not None:
            self.send(row)

    def _row(self, time_ms: int) -> dict[str, Any] | None:
        candle = self.market.candles.latest(self.span_ms, time_ms)
        if candle is None:
            return None
        return candle_row(self.market.instrument, candle)
