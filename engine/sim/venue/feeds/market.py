"""Public feeds: books, tickers, quotes, trades, indices, instrument states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.feeds.channels import Channel, Feed
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.rows.markets import quote_row, ticker_row
from engine.sim.venue.rows.trading import public_trade_row
from engine.sim.venue.units import fraction, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Index, Market
    from engine.sim.venue.markets.trades import Trade


class MarketFeed(Feed):
    """A feed about one instrument."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.market: Market = exchange.markets[channel.target]


class BookFeed(MarketFeed):
    """``book.{instrument}.{interval}``: a snapshot, then a chain of changes.

    The chain is the channel's own: ``prev_change_id`` is the id of its last message.
    ``_before`` holds what the subscribers last saw at every price changed since; a late
    subscriber gets that older picture, so the one chain fits all.
    """

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.change_id = self.market.change_id
        self._before: dict[tuple[int, int], int] = {}

    def take(self, touched: dict[tuple[int, int], int]) -> None:
        """Note prices that changed and what stood there before."""
        for key, lots in touched.items():
            self._before.setdefault(key, lots)

    def greet(self, connection: Connection) -> None:
        """Send the snapshot of what the channel has published so far."""
        self.send_one(
            connection,
            {
                "type": "snapshot",
                "timestamp": self.exchange.now_ms,
                "instrument_name": self.channel.target,
                "change_id": self.change_id,
                "bids": self._snapshot(BUY),
                "asks": self._snapshot(SELL),
            },
        )

    def flush(self) -> None:
        """Send every level that differs from what was last published."""
        i, book = self.market.instrument, self.market.book
        sides: dict[int, list[list[Any]]] = {BUY: [], SELL: []}
        for (side, ticks), before in self._before.items():
            lots = book.lots_at(side, ticks)
            if lots == before:
                continue
            action = "change" if before else "new"
            action = action if lots else "delete"
            sides[side].append([action, i.price(ticks), i.amount(lots)])
        self._before.clear()
        if not sides[BUY] and not sides[SELL]:
            return
        previous, self.change_id = self.change_id, self.market.change_id
        self.send(
            {
                "timestamp": self.exchange.now_ms,
                "type": "change",
                "change_id": self.change_id,
                "instrument_name": self.channel.target,
                "bids": sides[BUY],
                "asks": sides[SELL],
                "prev_change_id": previous,
            }
        )

    def _snapshot(self, side: int) -> list[list[Any]]:
        i = self.market.instrument
        levels = dict(self.market.book.levels(side))
        for (changed_side, ticks), before in self._before.items():
            if changed_side == side:
                levels[ticks] = before
        prices = sorted(levels, reverse=side == BUY)
        return [
            ["new", i.price(ticks), i.amount(levels[ticks])]
            for ticks in prices
            if levels[ticks]
        ]


class GroupedBookFeed(MarketFeed):
    """``book.{instrument}.{group}.{depth}.{interval}``: whole pictures, no chain.

    Group steps are in quote currency for BTC and in hundredths of it for ETH.
    """

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.depth = int(channel.depth)
        i = self.market.instrument
        self.step_ticks = 1
        if channel.group != "none":
            numerator, denominator = fraction(channel.group)
            denominator *= 100 if i.base == "ETH" else 1
            step = numerator * i.tick_den // (denominator * i.tick_num)
            self.step_ticks = max(step, 1)

    def greet(self, connection: Connection) -> None:
        """Send the picture of now."""
        self.send_one(connection, self._picture())

    def flush(self) -> None:
        """Send the picture of now."""
        self.send(self._picture())

    def _picture(self) -> dict[str, Any]:
        return {
            "timestamp": self.exchange.now_ms,
            "instrument_name": self.channel.target,
            "change_id": self.market.change_id,
            "bids": self._side(BUY),
            "asks": self._side(SELL),
        }

    def _side(self, side: int) -> list[list[float]]:
        i, step = self.market.instrument, self.step_ticks
        grouped: dict[int, int] = {}
        for ticks, lots in self.market.book.levels(side):
            group = ticks // step * step if side == BUY else -(-ticks // step) * step
            if group not in grouped and len(grouped) == self.depth:
                break
            grouped[group] = grouped.get(group, 0) + lots
        return [[i.price(ticks), i.amount(lots)] for ticks, lots in grouped.items()]


class TickerFeed(MarketFeed):
    """``ticker.{instrument}.{interval}``: sent when a figure in it has changed."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._sent: object = self._figures()

    def greet(self, connection: Connection) -> None:
        """Send the ticker of now."""
        row = ticker_row(self.market, self.exchange.now_ms)
        self.send_one(connection, row)

    def flush(self) -> None:
        """Send the ticker if it differs from the last one."""
        figures = self._figures()
        if figures != self._sent:
            self._sent = figures
            self.send(ticker_row(self.market, self.exchange.now_ms))

    def _figures(self) -> object:
        m = self.market
        return (*touch(m), m.trade_seq, m.mark_ref, m.index.ref, m.state)


class QuoteFeed(MarketFeed):
    """``quote.{instrument}``: the touch whenever it changes."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._sent = touch(self.market)

    def greet(self, connection: Connection) -> None:
        """Send the touch of now."""
        self.send_one(connection, quote_row(self.market, self.exchange.now_ms))

    def flush(self) -> None:
        """Send the touch if it differs from the last one."""
        now = touch(self.market)
        if now != self._sent:
            self._sent = now
            self.send(quote_row(self.market, self.exchange.now_ms))


def touch(market: Market) -> tuple[int, int, int, int]:
    """Return (bid, bid lots, ask, ask lots); 0 where a side is empty."""
    bid, ask = market.book.best(BUY) or 0, market.book.best(SELL) or 0
    return (
        bid, market.book.lots_at(BUY, bid), ask, market.book.lots_at(SELL, ask),
    )  # fmt: skip


class TradesFeed(Feed):
    """``trades.{instrument or kind.currency}.{interval}``: the tape, as arrays."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._trades: list[Trade] = []

    def take(self, trade: Trade) -> None:
        """Gather one trade."""
        self._trades.append(trade)

    def flush(self) -> None:
        """Send the gathered trades."""
        trades, self._trades = self._trades, []
        if trades:
            self.send([public_trade_row(trade) for trade in trades])


class IndexFeed(Feed):
    """``deribit_price_index.{index}``."""

    def greet(self, connection: Connection) -> None:
        """Send the index of now."""
        self.send_one(connection, self._row())

    def flush(self) -> None:
        """Send the index of now."""
        self.send(self._row())

    def _row(self) -> dict[str, Any]:
        index: Index = self.exchange.indices[self.channel.target]
        return {
            "timestamp": self.exchange.now_ms,
            "price": ref_price(index.ref),
            "index_name": index.name,
        }


class StateFeed(Feed):
    """``instrument.state.{kind}.{currency}``."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._markets: list[Market] = []

    def take(self, market: Market) -> None:
        """Gather one change of state."""
        self._markets.append(market)

    def flush(self) -> None:
        """Send one message for each change."""
        markets, self._markets = self._markets, []
        for market in markets:
            self.send(
                {
                    "timestamp": self.exchange.now_ms,
                    "state": market.state,
                    "instrument_name": market.instrument.name,
                }
            )


class PlatformFeed(Feed):
    """``platform_state``: maintenance and locks, as they are announced."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._said: list[dict[str, Any]] = []

    def take(self, said: dict[str, Any]) -> None:
        """Gather one announcement."""
        self._said.append(said)

    def flush(self) -> None:
        """Send one message for each announcement."""
        announced, self._said = self._said, []
        for said in announced:
            self.send(dict(said))
