"""Channel names: which there are, what each is about, who may have it.

Only instruments that are not over may be subscribed.
Source: docs.deribit.com, subscriptions, 2026-08-22; changelog of 2022-10-06 (open
instruments only) and 2022-01-15 (raw data needs a login).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.venue.markets.candles import RESOLUTIONS_MS

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.products.instruments import Instrument

PERIODS_NS = {"raw": 0, "100ms": 100_000_000, "agg2": 1_000_000_000}
KINDS = ("future", "option", "spot", "future_combo", "option_combo", "any")
WIDE_KINDS = (*KINDS, "combo")
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR", "any")
GROUPS = {
    "BTC": ("none", "1", "2", "5", "10"),
    "ETH": ("none", "5", "10", "25", "100", "250"),
}
DEPTHS = ("1", "10", "20")
USER_TOPICS = ("orders", "trades", "combo_trades", "changes")
INDEX_TOPICS = (
    "deribit_price_index",
    "deribit_price_ranking",
    "deribit_price_statistics",
    "estimated_expiration_price",
    "markprice.options",
)
NEEDS_LOGIN_RAW = ("book", "grouped", "ticker", "trades", "perpetual")
CLOSED_STATES = ("delivered", "inactive", "archivized")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel name taken apart.

    ``target`` is what it is about: an instrument, ``kind.currency``, a currency or an
    index. ``interval`` is a resolution for charts.
    Empty: group and depth "" = not grouped.
    """

    name: str
    topic: str
    target: str = ""
    interval: str = "raw"
    group: str = ""
    depth: str = ""

    @property
    def scope(self) -> str:
        """Return the scope a private channel needs, "" for a public one."""
        if not self.topic.startswith("user."):
            return ""
        orders = self.topic.removeprefix("user.") in (*USER_TOPICS, "mmp_trigger")
        return "trade:read" if orders else "account:read"

    @property
    def raw_needs_login(self) -> bool:
        """Say whether the channel is a raw market data channel."""
        return self.interval == "raw" and self.topic in NEEDS_LOGIN_RAW


def wide_targets(instrument: Instrument) -> tuple[str, ...]:
    """Return every ``kind.currency`` an instrument is found under."""
    kinds = [instrument.kind, "any", *(("combo",) if instrument.is_combo else ())]
    currencies = (*instrument.currencies, "any")
    return tuple(f"{kind}.{currency}" for kind in kinds for currency in currencies)


# Names.


def parse_channel(name: str, exchange: Exchange) -> Channel | None:
    """Return the channel of a name, None when the venue has no such channel."""
    head, *rest = name.split(".")
    parse = _PARSERS.get(head)
    return parse(name, rest, exchange) if parse is not None else None


def _is_wide(target: str) -> bool:
    """Say whether a target is ``kind.currency``."""
    kind, _, currency = target.partition(".")
    return kind in WIDE_KINDS and currency in CURRENCIES


def _is_open(instrument: str, exchange: Exchange) -> bool:
    """Say whether an instrument may be subscribed: it must be listed and not over."""
    market = exchange.markets.get(instrument)
    return market is not None and market.state not in CLOSED_STATES


def _about_instrument(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse ``topic.instrument``."""
    topic = name.partition(".")[0]
    if len(rest) != 1 or not _is_open(rest[0], exchange):
        return None
    return Channel(name, topic, rest[0])


def _at_interval(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse ``topic.instrument.interval``."""
    if len(rest) != 2 or rest[1] not in PERIODS_NS or not _is_open(rest[0], exchange):
        return None
    return Channel(name, name.partition(".")[0], rest[0], rest[1])


def _book(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse ``book.instrument[.group.depth].interval``."""
    if len(rest) != 4:
        return _at_interval(name, rest, exchange)
    instrument, group, depth, interval = rest
    if interval not in PERIODS_NS or not _is_open(instrument, exchange):
        return None
    groups = GROUPS.get(exchange.markets[instrument].instrument.base, ("none",))
    if group not in groups or depth not in DEPTHS:
        return None
    return Channel(name, "grouped", instrument, interval, group, depth)


def _trades(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse ``trades.instrument.interval`` and ``trades.kind.currency.interval``."""
    *target, interval = rest or [""]
    about = ".".join(target)
    if interval not in PERIODS_NS:
        return None
    if not (_is_wide(about) or _is_open(about, exchange)):
        return None
    return Channel(name, "trades", about, interval)


def _chart(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse ``chart.trades.instrument.resolution``."""
    match rest:
        case ["trades", instrument, resolution] if resolution in RESOLUTIONS_MS:
            found = Channel(name, "chart.trades", instrument, resolution)
            return found if _is_open(instrument, exchange) else None
    return None


def _instrument(name: str, rest: list[str], _: Exchange) -> Channel | None:
    """Parse ``instrument.state.kind.currency`` and ``instrument.creation...``."""
    topic, target = rest[0] if rest else "", ".".join(rest[1:])
    if topic not in ("state", "creation") or not _is_wide(target):
        return None
    return Channel(name, f"instrument.{topic}", target)


def _index(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse ``topic.index``; the topic itself may have a dot in it."""
    topic, _, index = name.rpartition(".")
    if index not in exchange.indices or topic not in INDEX_TOPICS:
        return None
    return Channel(name, topic, index)


def _volatility(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse ``deribit_volatility_index.index``."""
    if len(rest) != 1 or rest[0] not in exchange.histories.volatility:
        return None
    return Channel(name, "deribit_volatility_index", rest[0])


def _plain(name: str, rest: list[str], _: Exchange) -> Channel | None:
    """Parse what has no target."""
    known = rest == [] or name == "platform_state.public_methods_state"
    return Channel(name, name) if known else None


def _user(name: str, rest: list[str], exchange: Exchange) -> Channel | None:
    """Parse what is about an account."""
    match rest:
        case ["portfolio", currency]:
            target = "any" if currency == "any" else currency.upper()
            found = Channel(name, "user.portfolio", target)
            return found if target in CURRENCIES else None
        case [topic, *target, interval] if topic in USER_TOPICS:
            about = ".".join(target)
            known = _is_wide(about) or _is_open(about, exchange)
            found = Channel(name, f"user.{topic}", about, interval)
            return found if known and interval in PERIODS_NS else None
        case ["mmp_trigger", index]:
            known = index == "any" or index in exchange.indices
            return Channel(name, "user.mmp_trigger", index) if known else None
        case ["lock" | "access_log"]:
            return Channel(name, name)
    return None


_PARSERS: dict[str, Callable[[str, list[str], Exchange], Channel | None]] = {
    "book": _book,
    "ticker": _at_interval,
    "perpetual": _at_interval,
    "incremental_ticker": _about_instrument,
    "quote": _about_instrument,
    "trades": _trades,
    "chart": _chart,
    "instrument": _instrument,
    "deribit_price_index": _index,
    "deribit_price_ranking": _index,
    "deribit_price_statistics": _index,
    "estimated_expiration_price": _index,
    "markprice": _index,
    "deribit_volatility_index": _volatility,
    "platform_state": _plain,
    "announcements": _plain,
    "user": _user,
}
