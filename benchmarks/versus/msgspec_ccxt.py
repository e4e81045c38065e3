"""msgspec into typed structs, and ccxt's order book: the best Python stack found."""

from __future__ import annotations

from typing import Optional

import msgspec
from ccxt.async_support.base.ws.order_book import CountedOrderBook

from benchmarks.versus.rival import BookClient, GapError, Touch

# msgspec reads these annotations when the class is made.
Level = tuple[str, float, float]


class Data(msgspec.Struct, gc=False):
    """The fields of a book frame that a book needs; the rest is stepped over."""

    type: str
    change_id: int
    bids: list[Level]
    asks: list[Level]
    prev_change_id: Optional[int] = None  # noqa: UP045 (msgspec resolves it)


class Params(msgspec.Struct, gc=False):
    """Channel and data."""

    channel: str
    data: Data


class Message(msgspec.Struct, gc=False):
    """A notification."""

    params: Params


class CcxtBook:
    """ccxt's book of counted levels: sorted lists, found by bisection."""

    def __init__(self) -> None:
        self.sides = CountedOrderBook({})

    def apply(self, bids: list[Level], asks: list[Level]) -> None:
        """Apply the two arrays of a frame."""
        store = self.sides["bids"].storeArray
        for action, price, amount in bids:
            store([price, amount, 0 if action == "delete" else 1])
        store = self.sides["asks"].storeArray
        for action, price, amount in asks:
            store([price, amount, 0 if action == "delete" else 1])

    def best(self) -> Touch:
        """Return best bid and ask."""
        return self.sides["bids"][0][0], self.sides["asks"][0][0]

    def sizes(self) -> tuple[float, float]:
        """Return what stands there."""
        return self.sides["bids"][0][1], self.sides["asks"][0][1]


class Client(BookClient):
    """Reads the frame, checks the chain, applies the levels."""

    def __init__(self, snapshot: bytes) -> None:
        self.book = CcxtBook()
        self.change_id: int | None = None
        self.decode = msgspec.json.Decoder(Message).decode
        self.frame(snapshot)

    def frame(self, frame: bytes) -> None:
        """Take one frame. Raises: GapError."""
        data = self.decode(frame).params.data
        if data.type == "snapshot":
            self.book = CcxtBook()
        elif data.prev_change_id != self.change_id:
            raise GapError(self.change_id)
        self.change_id = data.change_id
        self.book.apply(data.bids, data.asks)
