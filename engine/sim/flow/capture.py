"""Recorded market data as events: books, trades and index prices, in order.

Any file that ``engine.recording`` reads, with frames of Deribit's channels

* ``book.{instrument}.{interval}``, full depth with snapshot and changes, or
  ``book.{instrument}.{group}.{depth}.{interval}``, a whole picture each time; of
  several channels of one instrument the first in the file is taken;
* ``trades.…``;
* ``deribit_price_index.{index}``, or what tickers and trades say of the index.

Anything else is passed over. A change that does not follow the one before leaves its
book as it is until the next snapshot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.errors import ConfigError
from engine.recording import Frame, Recording

MILLISECOND_NS = 1_000_000
LOOK_EVENTS = 20_000  # looked at before the world starts
NAMES_SHOWN = 8

Level = tuple[float, float]  # price, amount


@dataclass(frozen=True, slots=True)
class BookEvent:
    """A change of a book; amounts are new totals, 0 for gone.

    Empty: ``is_whole`` = everything not named is gone.
    """

    t_ns: int
    instrument: str
    is_whole: bool
    bids: list[Level]
    asks: list[Level]


@dataclass(frozen=True, slots=True)
class TradeEvent:
    """One print; the direction is the taker's."""

    t_ns: int
    instrument: str
    is_buy: bool
    price: float
    amount: float


@dataclass(frozen=True, slots=True)
class IndexEvent:
    """An index price."""

    t_ns: int
    index_name: str
    price: float


Event = BookEvent | TradeEvent | IndexEvent


@dataclass(slots=True)
class Outline:
    """What a capture holds, from its first events: first prices, in order."""

    indices: dict[str, float] = field(default_factory=dict)
    books: dict[str, BookEvent] = field(default_factory=dict)


class Capture:
    """The events of one file; may be read again and again.

    ``problems`` counts what was passed over as unreadable in the last reading.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            ConfigError: it cannot be opened.
        """
        self.path = path
        self._recording = Recording(path)
        self.problems: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Event]:
        """Yield the events in order; times never go back."""
        self.problems.clear()
        reader = _Reader(self.problems)
        for frame in self._recording:
            if frame.direction == "recv":
                yield from reader.read(frame)
        self.problems.update(self._recording.problems)

    def outline(self) -> Outline:
        """Return what the first ``LOOK_EVENTS`` events hold.

        An index without a price of its own takes the middle of its first book.

        Raises:
            ConfigError: there is no whole book among them.
        """
        found = Outline()
        for count, event in enumerate(self):
            if count >= LOOK_EVENTS:
                break
            if isinstance(event, IndexEvent):
                found.indices.setdefault(event.index_name, event.price)
            elif isinstance(event, BookEvent) and event.is_whole:
                found.books.setdefault(event.instrument, event)
        for name, book in found.books.items():
            if book.bids and book.asks and name.count("-") < 2:
                best_bid = max(price for price, _ in book.bids)
                best_ask = min(price for price, _ in book.asks)
                middle = (best_bid + best_ask) / 2.0
                found.indices.setdefault(index_of(name), middle)
        if not found.books:
            wanted = (
                "a recording of Deribit's book channels with a whole book among its "
                f"first {LOOK_EVENTS} events; found none"
            )
            if self.problems:
                wrong = (f"{count} x {what}" for what, count in self.problems.items())
                wanted += f" ({', '.join(wrong)})"
            raise ConfigError(self.path, "market.capture", str(self.path), wanted)
        return found


def index_of(instrument: str) -> str:
    """Return the index an instrument is written on, by its name."""
    family = instrument.partition("-")[0].lower()
    return family if "_" in family else f"{family}_usd"


class _Reader:
    """Turns frames into events; remembers channels, change ids and indices."""

    def __init__(self, problems: Counter[str]) -> None:
        self._problems = problems
        self._channels: dict[str, str] = {}
        self._change_ids: dict[str, int] = {}
        self._said: set[str] = set()  # indices that have a channel of their own
        self._indices: dict[str, float] = {}
        self._t_ns = 0

    def read(self, frame: Frame) -> list[Event]:
        """Return the events of one frame; what cannot be read is counted."""
        try:
            message = orjson.loads(frame.payload)
            params = message.get("params") if isinstance(message, dict) else None
            if not isinstance(params, dict) or "channel" not in params:
                return []
            return self._events(frame, params["channel"], params["data"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            self._problems["frame that is no notification of its channel"] += 1
            return []

    def _events(self, frame: Frame, channel: str, data: Any) -> list[Event]:
        kind = channel.partition(".")[0]
        if kind == "book":
            return self._book(frame, channel, data)
        if kind == "trades":
            return self._trades(frame, data)
        if kind == "deribit_price_index":
            self._said.add(data["index_name"])
            return self._index(frame, data, data["index_name"], data["price"])
        if kind == "ticker" and "index_price" in data:
            name = index_of(data["instrument_name"])
            if name not in self._said:
                return self._index(frame, data, name, data["index_price"])
        return []

    def _time(self, frame: Frame, data: Any) -> int:
        """Return the time of a message: of its receipt, else the venue's."""
        t_ns = frame.t_ns
        if t_ns is None:
            t_ns = int(data["timestamp"]) * MILLISECOND_NS
        self._t_ns = max(self._t_ns, t_ns)
        return self._t_ns

    def _index(self, frame: Frame, data: Any, name: str, price: Any) -> list[Event]:
        price = float(price)
        if price <= 0.0 or self._indices.get(name) == price:
            return []
        self._indices[name] = price
        return [IndexEvent(self._time(frame, data), name, price)]

    def _trades(self, frame: Frame, data: Any) -> list[Event]:
        found: list[Event] = []
        for one in data:
            name = one["instrument_name"]
            index = index_of(name)
            if index not in self._said and "index_price" in one:
                found += self._index(frame, one, index, one["index_price"])
            if "block_trade_id" in one or "combo_id" in one:
                continue  # such a print may lie off its book
            is_buy = {"buy": True, "sell": False}[one["direction"]]
            price, amount = float(one["price"]), float(one["amount"])
            found.append(
                TradeEvent(self._time(frame, one), name, is_buy, price, amount)
            )
        return found

    def _book(self, frame: Frame, channel: str, data: Any) -> list[Event]:
        name = data["instrument_name"]
        if self._channels.setdefault(name, channel) != channel:
            return []
        bids, asks = ([_level(one) for one in data[s]] for s in ("bids", "asks"))
        is_whole = data.get("type", "snapshot") == "snapshot"
        change_id = int(data["change_id"])
        if not is_whole:
            before = self._change_ids.get(name)
            if before is None:
                return []
            if data["prev_change_id"] != before:
                del self._change_ids[name]
                self._problems["gap in a book; it waits for a snapshot"] += 1
                return []
        self._change_ids[name] = change_id
        return [BookEvent(self._time(frame, data), name, is_whole, bids, asks)]


def _level(level: Any) -> Level:
    """Return a level of ``[price, amount]`` or ``[action, price, amount]``."""
    *action, price, amount = level
    if action and action[0] == "delete":
        return float(price), 0.0
    return float(price), float(amount)
