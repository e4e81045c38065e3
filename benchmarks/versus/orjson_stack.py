"""From bytes to two requests with orjson, a SortedDict, Python and orjson again."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import orjson

from benchmarks.versus.glft import Glft
from benchmarks.versus.orjson_sorteddict import Client
from benchmarks.versus.rival import Follower, Touch

ORDER_IDS = ("BTC-00000000001", "BTC-00000000002")
AMOUNT = 100


class Stack:
    """A follower with the model and two edits behind it."""

    order_ids = ORDER_IDS

    def __init__(self, follower: Follower, dumps: Callable[[object], bytes]) -> None:
        self.client = follower
        self.model = Glft()
        self.numbers = itertools.count(1_000_000)
        self.dumps = dumps
        self.first = self.quote()

    def one(self, frame: bytes) -> list[bytes]:
        """Take a frame; return both requests."""
        self.client.frame(frame)
        return self.quote()

    def quote(self) -> list[bytes]:
        """Return both requests for the book as it is."""
        book, dumps, numbers = self.client.book, self.dumps, self.numbers
        prices = self.model.quotes(book.best(), book.sizes())
        return [
            dumps(
                {
                    "jsonrpc": "2.0",
                    "id": next(numbers),
                    "method": "private/edit",
                    "params": {
                        "order_id": order_id,
                        "amount": AMOUNT,
                        "price": price,
                        "post_only": True,
                    },
                }
            )
            for order_id, price in zip(ORDER_IDS, prices, strict=True)
        ]

    def after(self) -> None:
        """Let the venue answer: nothing here hears it."""

    def touch(self) -> Touch:
        """Return best bid and ask."""
        return self.client.touch()


def make(snapshot: bytes) -> Stack:
    """Return the stack on a snapshot."""
    return Stack(Client(snapshot), orjson.dumps)
