"""Figures of one instrument: tickers, quotes, the interest of a perpetual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.feeds.feed import SECOND_NS, MarketFeed
from engine.sim.venue.rows.markets import figures, interest_of, quote_row, ticker_row
from engine.sim.venue.units import ref_price

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.feeds.channels import Channel

SILENCE_MS = 60_000
ALWAYS = ("timestamp", "instrument_name")


class TickerFeed(MarketFeed):
    """``ticker.{instrument}.{interval}``: sent when a figure in it has changed."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._sent = figures(self.market)

    def greet(self, connection: Connection) -> None:
        """Send the ticker of now."""
        row = ticker_row(self.market, self.exchange.now_ms)
        self.send_one(connection, row)

    def flush(self) -> None:
        """Send the ticker if it differs from the last one."""
        now = figures(self.market)
        if now != self._sent:
            self._sent = now
            self.send(ticker_row(self.market, self.exchange.now_ms))


class IncrementalTickerFeed(MarketFeed):
    """``incremental_ticker.{instrument}``: the ticker, then what changed in it.

    Once a second at most; after a minute in which nothing changed it is sent whole.
    ``_row`` is what the subscribers know.
    Source: changelog of 2021-09-21.
    """

    hears = ()
    clock_ns = SECOND_NS

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._figures = figures(self.market)
        self._row = ticker_row(self.market, exchange.now_ms)
        self._sent_ms = exchange.now_ms

    def greet(self, connection: Connection) -> None:
        """Send the whole ticker, as the last message left it."""
        self.send_one(connection, self._whole())

    def flush(self) -> None:
        """Send the fields that differ, or everything after a minute's silence."""
        now, now_ms = figures(self.market), self.exchange.now_ms
        if now != self._figures:
            self._figures = now
            before, self._row = self._row, ticker_row(self.market, now_ms)
            changed = {
                key: value
                for key, value in self._row.items()
                if key in ALWAYS or before.get(key) != value
            }
            self._sent_ms = now_ms
            self.send({"type": "change", **_copied(changed)})
        elif now_ms - self._sent_ms >= SILENCE_MS:
            self._sent_ms = self._row["timestamp"] = now_ms
            self.send(self._whole())

    def _whole(self) -> dict[str, Any]:
        return {"type": "snapshot", **_copied(self._row)}


def _copied(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that may be spelled without harm to the one it is taken from."""
    return {k: dict(v) if isinstance(v, dict) else v for k, v in row.items()}


class QuoteFeed(MarketFeed):
    """``quote.{instrument}``: the touch whenever it changes."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._sent = self.market.book.touch()

    def greet(self, connection: Connection) -> None:
        """Send the touch of now."""
        self.send_one(connection, quote_row(self.market, self.exchange.now_ms))

    def flush(self) -> None:
        """Send the touch if it differs from the last one."""
        now = self.market.book.touch()
        if now != self._sent:
            self._sent = now
            self.send(quote_row(self.market, self.exchange.now_ms))


class PerpetualFeed(MarketFeed):
    """``perpetual.{instrument}.{interval}``: what interest a perpetual pays now.

    For other instruments nothing is ever said.
    """

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._sent = self._figures()

    def greet(self, connection: Connection) -> None:
        """Send the interest of now."""
        now = self._figures()
        if now is not None:
            self.send_one(connection, self._row(*now))

    def flush(self) -> None:
        """Send interest and index if one of them has changed."""
        now = self._figures()
        if now is not None and now != self._sent:
            self._sent = now
            self.send(self._row(*now))

    def _figures(self) -> tuple[float, float] | None:
        interest = interest_of(self.market)
        if interest is None:
            return None
        return interest[1], ref_price(self.market.index.ref)

    def _row(self, interest: float, index_price: float) -> dict[str, Any]:
        return {
            "interest": interest,
            "timestamp": self.exchange.now_ms,
            "index_price": index_price,
        }
