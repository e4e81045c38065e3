"""Feeds: a channel with its subscribers, which turns changes into messages.

A feed exists while somebody listens and is shared by all who do, so that a message is
written once. ``raw`` feeds speak at the end of the turn that changed something,
``100ms`` and ``agg2`` (1 s) ones on the next multiple of their period of the venue's
clock. Clocked feeds are woken at every multiple of a period, whether something changed
or not.
Source: docs.deribit.com, subscriptions, market data collection, 2026-08-22.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from engine.sim.venue.api.wire import notification
from engine.sim.venue.feeds.channels import PERIODS_NS

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.feeds.channels import Channel
    from engine.sim.venue.markets.market import Market

SECOND_NS = 1_000_000_000


class Feed(ABC):
    """One channel with its subscribers. Subclasses say what is sent and when.

    ``hears`` names the events of a turn that concern it (see the hub).
    Units: ``period_ns`` is how often it speaks at most, ``clock_ns`` how often it is
    woken.
    Empty: ``account`` None for public channels; ``period_ns`` 0 = after every turn;
    ``clock_ns`` 0 = never.
    """

    hears: ClassVar[tuple[str, ...]] = ()
    clock_ns: int = 0

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        self.channel, self.exchange, self.account = channel, exchange, account
        self.period_ns = PERIODS_NS.get(channel.interval, 0)
        self.subscribers: dict[Connection, str] = {}

    def greet(self, connection: Connection) -> None:  # noqa: B027 (optional hook)
        """Send a new subscriber what the channel begins with; nothing by default."""

    def take(self, item: Any) -> None:  # noqa: B027 (optional hook)
        """Gather one change; nothing by default: most feeds look when they flush."""

    @abstractmethod
    def flush(self) -> None:
        """Send what has gathered."""

    def wake(self) -> None:
        """Do what is due at the end of a period of a clocked feed."""
        self.flush()

    def send(self, data: Any) -> None:
        """Send one message to every subscriber."""
        plain: bytes | None = None
        for connection, label in self.subscribers.items():
            if label:
                connection.send(notification(self.channel.name, data, label))
                continue
            if plain is None:
                plain = notification(self.channel.name, data)
            connection.send(plain)

    def send_one(self, connection: Connection, data: Any) -> None:
        """Send one message to one subscriber."""
        label = self.subscribers.get(connection, "")
        connection.send(notification(self.channel.name, data, label))


class ListFeed(Feed):
    """A feed that gathers items and sends them when it flushes."""

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self._items: list[Any] = []

    def take(self, item: Any) -> None:
        """Gather one item."""
        self._items.append(item)

    def taken(self) -> list[Any]:
        """Return what has gathered, each item once."""
        items, self._items = self._items, []
        return items


class MarketFeed(Feed):
    """A feed about one instrument."""

    hears: ClassVar[tuple[str, ...]] = ("market",)

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        super().__init__(channel, exchange, account)
        self.market: Market = exchange.markets[channel.target]
