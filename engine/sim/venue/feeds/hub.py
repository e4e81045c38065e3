"""The hub: who listens to what, and which feeds a turn concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from engine.sim.venue.feeds.channels import PERIODS_NS, Channel, Feed
from engine.sim.venue.feeds.market import (
    BookFeed,
    GroupedBookFeed,
    IndexFeed,
    PlatformFeed,
    QuoteFeed,
    StateFeed,
    TickerFeed,
    TradesFeed,
)
from engine.sim.venue.feeds.notices import NoticeFeed
from engine.sim.venue.feeds.user import (
    PortfolioFeed,
    UserChangesFeed,
    UserOrdersFeed,
    UserTradesFeed,
)

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange, Turn
    from engine.sim.venue.products.instruments import Instrument

FEEDS: dict[str, type[Feed]] = {
    "book": BookFeed,
    "ticker": TickerFeed,
    "quote": QuoteFeed,
    "trades": TradesFeed,
    "deribit_price_index": IndexFeed,
    "instrument.state": StateFeed,
    "platform_state": PlatformFeed,
    "user.orders": UserOrdersFeed,
    "user.trades": UserTradesFeed,
    "user.changes": UserChangesFeed,
    "user.portfolio": PortfolioFeed,
    "user.mmp_trigger": NoticeFeed,
}
Route = tuple[str, str, str]


class Item(Protocol):
    """Anything that is about one instrument."""

    @property
    def instrument(self) -> Instrument:
        """Return the instrument."""


class Hub:
    """All feeds of the venue.

    A route is (topic, account name or "", target); several feeds may share one, as the
    intervals of a channel do.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._routes: dict[Route, list[Feed]] = {}
        self._due: dict[int, dict[Feed, None]] = {
            period: {} for period in PERIODS_NS.values()
        }
        self._due_ns: dict[int, int] = {}

    # Subscribers.

    def subscribe(
        self,
        connection: Connection,
        channel: Channel,
        account: Account | None,
        label: str,
    ) -> Feed:
        """Add a subscriber and return the feed; the caller greets it."""
        owner = account.name if account is not None else ""
        key = (owner, channel.name)
        feed = self._feeds.get(key)
        if feed is None:
            kind = GroupedBookFeed if channel.group else FEEDS[channel.topic]
            feed = self._feeds[key] = kind(channel, self._exchange, account)
            route = (channel.topic, owner, channel.target)
            self._routes.setdefault(route, []).append(feed)
        feed.subscribers[connection] = label
        connection.feeds[channel.name] = feed
        return feed

    def unsubscribe(self, connection: Connection, name: str) -> bool:
        """Remove a subscriber; False when it was none."""
        feed = connection.feeds.pop(name, None)
        if feed is None:
            return False
        del feed.subscribers[connection]
        if not feed.subscribers:
            self._remove(feed)
        return True

    def leave(self, connection: Connection, private_only: bool = False) -> None:
        """Remove a connection from all its channels."""
        for name, feed in list(connection.feeds.items()):
            if feed.account is not None or not private_only:
                self.unsubscribe(connection, name)

    def _remove(self, feed: Feed) -> None:
        owner = feed.account.name if feed.account is not None else ""
        channel = feed.channel
        del self._feeds[(owner, channel.name)]
        route = (channel.topic, owner, channel.target)
        self._routes[route].remove(feed)
        if not self._routes[route]:
            del self._routes[route]
        self._due[feed.period_ns].pop(feed, None)

    # Publishing.

    def next_due_ns(self) -> int:
        """Return when the next period ends that has something to send, 0 = none."""
        return min(self._due_ns.values(), default=0)

    def flush_due(self, now_ns: int) -> None:
        """Send what has gathered for every period that has ended."""
        for period_ns, due_ns in list(self._due_ns.items()):
            if due_ns <= now_ns:
                del self._due_ns[period_ns]
                self._flush(period_ns)

    def _flush(self, period_ns: int) -> None:
        due, self._due[period_ns] = self._due[period_ns], {}
        for feed in due:
            feed.flush()

    def publish(self, turn: Turn) -> None:
        """Hand a turn to the feeds it concerns and send the raw ones."""
        if self._feeds:
            self._publish_user(turn)
            self._publish_market(turn)
            self._flush(0)
        for market in turn.markets.values():
            market.book.touched.clear()

    def start_books_afresh(self) -> None:
        """Send a new snapshot to everybody on a book channel; the chain goes on."""
        for feed in list(self._feeds.values()):
            if feed.channel.topic == "book":
                for connection in list(feed.subscribers):
                    feed.greet(connection)

    def _publish_user(self, turn: Turn) -> None:
        for order in turn.orders.values():
            self._tell("user.orders", order, order.account)
            self._tell("user.changes", order, order.account)
        for trade in turn.trades:
            for account in (trade.maker.account, trade.taker.account):
                self._tell("user.trades", trade, account)
                self._tell("user.changes", trade, account)
        for account, position in turn.positions.values():
            self._tell("user.changes", position, account)
        for topic, account, about, row in turn.notices:
            for target in dict.fromkeys((about, "any")):
                for feed in self._gather(topic, account, target):
                    feed.take(row)
        for (_, currency), account in turn.accounts.items():
            for target in (currency, "any"):
                self._gather("user.portfolio", account, target)

    def _publish_market(self, turn: Turn) -> None:
        for trade in turn.trades:
            self._tell("trades", trade, None)
        for name, market in turn.markets.items():
            if market.book.touched:
                for feed in self._gather("book", None, name):
                    feed.take(market.book.touched)
            self._gather("ticker", None, name)
            self._gather("quote", None, name)
        for name in turn.indices:
            self._gather("deribit_price_index", None, name)
        for market in turn.states.values():
            self._tell("instrument.state", market, None)
        for said in turn.announced:
            for feed in self._gather("platform_state", None, ""):
                feed.take(said)

    def _tell(self, topic: str, item: Item, account: Account | None) -> None:
        """Give an item to the feeds of its instrument and of its kind and currency."""
        if account is not None and account.internal:
            return
        i = item.instrument
        for target in (
            i.name,
            f"{i.kind}.{i.currency}",
            f"any.{i.currency}",
            f"{i.kind}.any",
            "any.any",
        ):
            for feed in self._gather(topic, account, target):
                feed.take(item)

    def _gather(self, topic: str, account: Account | None, target: str) -> list[Feed]:
        """Return the feeds of a route and mark them as having something to send."""
        owner = account.name if account is not None else ""
        feeds = self._routes.get((topic, owner, target))
        if not feeds:
            return []
        now_ns = self._exchange.now_ns
        for feed in feeds:
            period_ns = feed.period_ns
            self._due[period_ns][feed] = None
            if period_ns and period_ns not in self._due_ns:
                self._due_ns[period_ns] = (now_ns // period_ns + 1) * period_ns
        return feeds
