"""Channels: names, subscribers, and the feeds that turn changes into messages.

A feed exists while somebody listens and is shared by all who do, so that a message is
written once. ``raw`` feeds speak at the end of the turn that changed something,
``100ms`` and ``agg2`` (1 s) ones on the next multiple of their period of the venue's
clock.
Source: docs.deribit.com, subscriptions, market data collection, 2026-08-22.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.sim.venue.api.wire import notification

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.api.connection import Connection
    from engine.sim.venue.exchange import Exchange

PERIODS_NS = {"raw": 0, "100ms": 100_000_000, "agg2": 1_000_000_000}
KINDS = ("future", "option", "spot", "future_combo", "option_combo", "any")
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR", "any")
GROUPS = {
    "BTC": ("none", "1", "2", "5", "10"),
    "ETH": ("none", "5", "10", "25", "100", "250"),
}
DEPTHS = ("1", "10", "20")
USER_TOPICS = ("orders", "trades", "changes")
WIDE_TOPICS = ("trades", "user.orders", "user.trades", "user.changes")
NEEDS_LOGIN_RAW = ("book", "ticker", "trades", "perpetual")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel name taken apart.

    ``target`` is what it is about: an instrument, ``kind.currency``, a currency or an
    index. Empty: group and depth "" = not grouped.
    """

    name: str
    topic: str
    target: str
    interval: str = "raw"
    group: str = ""
    depth: str = ""

    @property
    def scope(self) -> str:
        """Return the scope a private channel needs, "" for a public one."""
        if not self.topic.startswith("user."):
            return ""
        return "account:read" if self.topic == "user.portfolio" else "trade:read"

    @property
    def raw_needs_login(self) -> bool:
        """Say whether the channel is a raw market data channel."""
        return self.interval == "raw" and self.topic in NEEDS_LOGIN_RAW


def parse_channel(name: str, exchange: Exchange) -> Channel | None:
    """Return the channel of a name, None when the venue has no such channel."""
    match name.split("."):
        case ["user", "portfolio", currency]:
            target = "any" if currency == "any" else currency.upper()
            found = Channel(name, "user.portfolio", target, "100ms")
            return found if target in CURRENCIES else None
        case ["user", topic, *target, interval] if topic in USER_TOPICS:
            found = Channel(name, f"user.{topic}", ".".join(target), interval)
        case ["trades", *target, interval]:
            found = Channel(name, "trades", ".".join(target), interval)
        case ["book", instrument, group, depth, interval]:
            found = Channel(name, "book", instrument, interval, group, depth)
            return found if _is_grouped(found, exchange) else None
        case ["book" | "ticker" as topic, instrument, interval]:
            found = Channel(name, topic, instrument, interval)
        case ["user", "mmp_trigger", index]:
            found = Channel(name, "user.mmp_trigger", index)
            return found if index == "any" or index in exchange.indices else None
        case ["quote", instrument]:
            found = Channel(name, "quote", instrument)
        case ["deribit_price_index", index]:
            found = Channel(name, "deribit_price_index", index)
            return found if index in exchange.indices else None
        case ["instrument", "state", kind, currency]:
            found = Channel(name, "instrument.state", f"{kind}.{currency}")
            return found if _is_wide(found.target) else None
        case ["platform_state"]:
            return Channel(name, "platform_state", "")
        case _:
            return None
    wide = found.topic in WIDE_TOPICS and _is_wide(found.target)
    known = found.interval in PERIODS_NS and (wide or found.target in exchange.markets)
    return found if known else None


def _is_wide(target: str) -> bool:
    """Say whether a target is ``kind.currency``."""
    kind, _, currency = target.partition(".")
    return kind in KINDS and currency in CURRENCIES


def _is_grouped(channel: Channel, exchange: Exchange) -> bool:
    market = exchange.markets.get(channel.target)
    if market is None or channel.interval not in ("100ms", "agg2"):
        return False
    groups = GROUPS.get(market.instrument.base, ("none",))
    return channel.group in groups and channel.depth in DEPTHS


class Feed(ABC):
    """One channel with its subscribers. Subclasses say what is sent and when.

    Empty: ``account`` None for public channels.
    """

    def __init__(
        self, channel: Channel, exchange: Exchange, account: Account | None
    ) -> None:
        self.channel, self.exchange, self.account = channel, exchange, account
        self.period_ns = PERIODS_NS[channel.interval]
        self.subscribers: dict[Connection, str] = {}
        self.due = False

    def greet(self, connection: Connection) -> None:  # noqa: B027 (optional hook)
        """Send a new subscriber what the channel begins with; nothing by default."""

    def take(self, item: Any) -> None:  # noqa: B027 (optional hook)
        """Gather one change; nothing by default: most feeds look when they flush."""

    @abstractmethod
    def flush(self) -> None:
        """Send what has gathered."""

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
