"""What the venue says of an index: its price, what it is made of, vols, expiries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.sim.venue.feeds.feed import SECOND_NS, Feed, ListFeed
from engine.sim.venue.rows.history import statistics_row
from engine.sim.venue.rows.indices import (
    expiration_row,
    index_row,
    option_mark_row,
    ranking_rows,
    volatility_row,
)

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.feeds.channels import Channel
    from engine.sim.venue.markets.market import Market


class IndexFeed(Feed):
    """``deribit_price_index.{index}``: sent with every price."""

    hears: ClassVar[tuple[str, ...]] = ("index",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.index = exchange.indices[channel.target]

    def greet(self, connection: Connection) -> None:
        """Send what the channel says now."""
        self.send_one(connection, self.row())

    def flush(self) -> None:
        """Send what the channel says now."""
        self.send(self.row())

    def row(self) -> Any:
        """Return what the channel says now."""
        return index_row(self.index, self.exchange.now_ms)


class RankingFeed(IndexFeed):
    """``deribit_price_ranking.{index}``: the exchanges an index is made of."""

    def row(self) -> Any:
        """Return one row for each exchange."""
        return ranking_rows(self.index, self.exchange.now_ms)


class StatisticsFeed(IndexFeed):
    """``deribit_price_statistics.{index}``: the last day, every 15 seconds."""

    hears = ()
    clock_ns = 15 * SECOND_NS

    def row(self) -> Any:
        """Return the statistics."""
        return statistics_row(self.exchange.histories, self.index, self.exchange.now_ms)


class ExpirationFeed(IndexFeed):
    """``estimated_expiration_price.{index}``: the price of the next expiry, by now."""

    hears = ()
    clock_ns = SECOND_NS

    def row(self) -> Any:
        """Return the estimate."""
        return expiration_row(self.exchange, self.index)


class VolatilityFeed(Feed):
    """``deribit_volatility_index.{index}``: sent when it has changed."""

    clock_ns = SECOND_NS

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.volatility = exchange.histories.volatility[channel.target]
        self._sent = self.volatility.value

    def greet(self, connection: Connection) -> None:
        """Send the index of now, if there are options to make it of."""
        if self.volatility.value:
            self.send_one(connection, self._row())

    def flush(self) -> None:
        """Send the index if it differs from the last one."""
        if self.volatility.value != self._sent:
            self._sent = self.volatility.value
            self.send(self._row())

    def _row(self) -> dict[str, Any]:
        return volatility_row(self.volatility, self.exchange.now_ms)


class OptionMarksFeed(ListFeed):
    """``markprice.options.{index}``: first every option's mark, then those that moved.

    A late subscriber gets the marks of now. ``_told`` is what was sent of an option.
    """

    hears = ("option",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._told: dict[str, tuple[float, float]] = {}

    def greet(self, connection: Connection) -> None:
        """Send every option's mark."""
        index = self.exchange.indices[self.channel.target]
        rows = [
            self._row(market)
            for market in self.exchange.markets.values()
            if market.index is index and market.theory is not None
        ]
        self.send_one(connection, rows)

    def flush(self) -> None:
        """Send the marks that moved."""
        rows = []
        for market in self.taken():
            told = self._told.get(market.instrument.name)
            row = self._row(market)
            if told != (row["mark_price"], row["iv"]):
                rows.append(row)
        if rows:
            self.send(rows)

    def _row(self, market: Market) -> dict[str, Any]:
        row = option_mark_row(market, self.exchange.now_ms)
        self._told[market.instrument.name] = (row["mark_price"], row["iv"])
        return row
