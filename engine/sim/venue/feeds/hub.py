"""The hub: who listens to what, and which feeds a turn concerns.

What a turn changed comes as events, each about a target:

    book      levels of a market changed          the instrument
    market    anything about a market changed     the instrument
    option    the same, of an option              its index
    trade     a trade on the tape                 the instrument, kind.currency
    index     an index price                      the index
    state     a new instrument, a change of state kind.currency
    created   a new instrument                    kind.currency
    order, fill, position                         the instrument, kind.currency
    account   an account's figures                the currency, any
    notice    something told once                 what it is about, any

The last three lines are an account's own, except for notices to everybody.
A feed names the events it hears; nothing here looks at feeds that are not concerned, so
one that nobody subscribes to costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.feeds.books import BookFeed, GroupedBookFeed
from engine.sim.venue.feeds.channels import wide_targets
from engine.sim.venue.feeds.indices import (
    ExpirationFeed,
    IndexFeed,
    OptionMarksFeed,
    RankingFeed,
    StatisticsFeed,
    VolatilityFeed,
)
from engine.sim.venue.feeds.listings import CreationFeed, StateFeed
from engine.sim.venue.feeds.notices import NoticeFeed, PublicMethodsFeed
from engine.sim.venue.feeds.tape import ChartFeed, TradesFeed
from engine.sim.venue.feeds.tickers import (
    IncrementalTickerFeed,
    PerpetualFeed,
    QuoteFeed,
    TickerFeed,
)
from engine.sim.venue.feeds.user import (
    PortfolioFeed,
    UserChangesFeed,
    UserComboTradesFeed,
    UserOrdersFeed,
    UserTradesFeed,
)

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange, Turn
    from engine.sim.venue.feeds.channels import Channel
    from engine.sim.venue.feeds.feed import Feed
    from engine.sim.venue.products.instruments import Instrument

FEEDS: dict[str, type[Feed]] = {
    "book": BookFeed,
    "grouped": GroupedBookFeed,
    "ticker": TickerFeed,
    "incremental_ticker": IncrementalTickerFeed,
    "quote": QuoteFeed,
    "perpetual": PerpetualFeed,
    "trades": TradesFeed,
    "chart.trades": ChartFeed,
    "deribit_price_index": IndexFeed,
    "deribit_price_ranking": RankingFeed,
    "deribit_price_statistics": StatisticsFeed,
    "deribit_volatility_index": VolatilityFeed,
    "markprice.options": OptionMarksFeed,
    "estimated_expiration_price": ExpirationFeed,
    "instrument.state": StateFeed,
    "instrument.creation": CreationFeed,
    "platform_state": NoticeFeed,
    "platform_state.public_methods_state": PublicMethodsFeed,
    "announcements": NoticeFeed,
    "user.orders": UserOrdersFeed,
    "user.trades": UserTradesFeed,
    "user.combo_trades": UserComboTradesFeed,
    "user.changes": UserChangesFeed,
    "user.portfolio": PortfolioFeed,
    "user.mmp_trigger": NoticeFeed,
    "user.lock": NoticeFeed,
    "user.access_log": NoticeFeed,
}
PUBLIC = ""
Targets = dict[str, list["Feed"]]


class Clock:
    """Feeds that are due at the end of periods. Units: ns."""

    def __init__(self) -> None:
        self._feeds: dict[int, dict[Feed, None]] = {}
        self._due_ns: dict[int, int] = {}
        self.next_ns = 0  # when the next period ends that has a feed in it, 0 = none

    def enter(self, period_ns: int, feed: Feed, now_ns: int) -> None:
        """Let a feed be due at the next multiple of a period, once."""
        feeds = self._feeds.get(period_ns)
        if feeds is None:
            feeds = self._feeds[period_ns] = {}
            due_ns = (now_ns // period_ns + 1) * period_ns
            self._due_ns[period_ns] = due_ns
            if not 0 < self.next_ns <= due_ns:
                self.next_ns = due_ns
        feeds[feed] = None

    def leave(self, period_ns: int, feed: Feed) -> None:
        """Forget a feed."""
        if period_ns in self._feeds:
            self._feeds[period_ns].pop(feed, None)

    def take(self, now_ns: int) -> list[Feed]:
        """Return the feeds whose period has ended, each once."""
        if not 0 < self.next_ns <= now_ns:
            return []
        ended = [period for period, due in self._due_ns.items() if due <= now_ns]
        feeds: list[Feed] = []
        for period_ns in sorted(ended):
            del self._due_ns[period_ns]
            feeds += self._feeds.pop(period_ns)
        self.next_ns = min(self._due_ns.values(), default=0)
        return feeds


class Hub:
    """All feeds of the venue.

    ``_routes`` leads from the owner ("" = everybody) and the event to the feeds of a
    target; several feeds may share one, as the intervals of a channel do.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._routes: dict[str, dict[str, Targets]] = {}
        self._raw: dict[Feed, None] = {}
        self._gathering = Clock()
        self._waking = Clock()

    # Subscribers.

    def subscribe(
        self,
        connection: Connection,
        channel: Channel,
        account: Account | None,
        label: str,
    ) -> Feed:
        """Add a subscriber and return the feed; the caller greets it."""
        owner = account.name if account is not None else PUBLIC
        feed = self._feeds.get((owner, channel.name))
        if feed is None:
            feed = self._open(owner, channel, account)
        feed.subscribers[connection] = label
        connection.feeds[channel.name] = feed
        return feed

    def _open(self, owner: str, channel: Channel, account: Account | None) -> Feed:
        feed = FEEDS[channel.topic](channel, self._exchange, account)
        self._feeds[(owner, channel.name)] = feed
        for event in feed.hears:
            targets = self._routes.setdefault(owner, {}).setdefault(event, {})
            targets.setdefault(self._target(feed), []).append(feed)
        if feed.clock_ns:
            self._waking.enter(feed.clock_ns, feed, self._exchange.now_ns)
        return feed

    def unsubscribe(self, connection: Connection, name: str) -> bool:
        """Remove a subscriber; False when it was none."""
        feed = connection.feeds.pop(name, None)
        if feed is None:
            return False
        del feed.subscribers[connection]
        if not feed.subscribers:
            self._close(feed)
        return True

    def leave(self, connection: Connection, private_only: bool = False) -> None:
        """Remove a connection from all its channels."""
        for name, feed in list(connection.feeds.items()):
            if feed.account is not None or not private_only:
                self.unsubscribe(connection, name)

    def _close(self, feed: Feed) -> None:
        owner = feed.account.name if feed.account is not None else PUBLIC
        del self._feeds[(owner, feed.channel.name)]
        target = self._target(feed)
        for event in feed.hears:
            targets = self._routes[owner][event]
            targets[target].remove(feed)
            if not targets[target]:
                del targets[target]
            if not targets:
                del self._routes[owner][event]
            if not self._routes[owner]:
                del self._routes[owner]
        self._raw.pop(feed, None)
        self._gathering.leave(feed.period_ns, feed)
        self._waking.leave(feed.clock_ns, feed)

    @staticmethod
    def _target(feed: Feed) -> str:
        """Return what the events a feed hears are about; a notice has its topic too."""
        channel = feed.channel
        if "notice" in feed.hears:
            return f"{channel.topic} {channel.target}"
        return channel.target

    # Publishing.

    def next_due_ns(self) -> int:
        """Return when the next period ends that has something to send, 0 = none."""
        gathering, waking = self._gathering.next_ns, self._waking.next_ns
        return min(gathering, waking) if gathering and waking else gathering or waking

    def flush_due(self, now_ns: int) -> None:
        """Let every feed speak whose period has ended."""
        for feed in self._gathering.take(now_ns):
            feed.flush()
        for feed in self._waking.take(now_ns):
            feed.wake()
            self._waking.enter(feed.clock_ns, feed, now_ns)

    def publish(self, turn: Turn) -> None:
        """Hand a turn to the feeds it concerns and send the raw ones.

        Cost: O(what the turn changed), whatever else is subscribed or listed.
        """
        if self._routes:
            self._publish_private(turn)
            self._publish_notices(turn)
            public = self._routes.get(PUBLIC)
            if public is not None:
                self._publish_markets(turn, public)
                self._publish_public(turn, public)
            raw, self._raw = self._raw, {}
            for feed in raw:
                feed.flush()
        for market in turn.markets.values():
            if market.book.touched:
                market.book.touched.clear()

    def start_books_afresh(self) -> None:
        """Send a new snapshot to everybody on a book channel; the chain goes on."""
        for feed in list(self._feeds.values()):
            if feed.channel.topic == "book":
                for connection in list(feed.subscribers):
                    feed.greet(connection)

    def _publish_private(self, turn: Turn) -> None:
        for order in turn.orders.values():
            self._tell_owner("order", order, order.account)
        for trade in turn.trades:
            for account in (trade.maker.account, trade.taker.account):
                self._tell_owner("fill", trade, account)
        for account, position in turn.positions.values():
            self._tell_owner("position", position, account)
        for (_, currency), account in turn.accounts.items():
            targets = self._routes.get(account.name, {}).get("account")
            if targets:
                for target in (currency, "any"):
                    self._schedule(targets.get(target, ()))

    def _tell_owner(self, event: str, item: Any, account: Account) -> None:
        targets = self._routes.get(account.name, {}).get(event)
        if targets:
            self._tell_wide(targets, item.instrument, item)

    def _tell_wide(self, targets: Targets, instrument: Instrument, item: Any) -> None:
        """Give an item to the feeds of its instrument and of its kind and currency."""
        for target in (instrument.name, *wide_targets(instrument)):
            feeds = targets.get(target)
            if feeds:
                self._give(feeds, item)

    def _publish_notices(self, turn: Turn) -> None:
        for topic, account, about, row in turn.notices:
            owner = account.name if account is not None else PUBLIC
            targets = self._routes.get(owner, {}).get("notice", {})
            for target in dict.fromkeys((about, "any")):
                self._give(targets.get(f"{topic} {target}", ()), row)

    def _publish_markets(self, turn: Turn, public: dict[str, Targets]) -> None:
        books, changes = public.get("book", {}), public.get("market", {})
        options = public.get("option", {})
        for name, market in turn.markets.items():
            if name in books and market.book.touched:
                self._give(books[name], market.book.touched)
            if name in changes:
                self._schedule(changes[name])
            if options and market.theory is not None and market.index.name in options:
                self._give(options[market.index.name], market)

    def _publish_public(self, turn: Turn, public: dict[str, Targets]) -> None:
        trades = public.get("trade")
        if trades:
            for trade in turn.trades:
                self._tell_wide(trades, trade.instrument, trade)
        for name in turn.indices:
            self._schedule(public.get("index", {}).get(name, ()))
        for market in turn.created:
            self._tell_wide(public.get("created", {}), market.instrument, market)
        states = {market.instrument.name: market for market in turn.created}
        for market in (states | turn.states).values():
            self._tell_wide(public.get("state", {}), market.instrument, market)

    def _give(self, feeds: list[Feed] | tuple[()], item: Any) -> None:
        for feed in feeds:
            feed.take(item)
        self._schedule(feeds)

    def _schedule(self, feeds: list[Feed] | tuple[()]) -> None:
        """Let feeds speak: at the end of the turn, or of their period."""
        for feed in feeds:
            if feed.period_ns:
                self._gathering.enter(feed.period_ns, feed, self._exchange.now_ns)
            else:
                self._raw[feed] = None
