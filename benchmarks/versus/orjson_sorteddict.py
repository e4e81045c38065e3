"""orjson and a SortedDict a side: how most Python clients keep a book."""

from __future__ import annotations

import orjson
from sortedcontainers import SortedDict

from benchmarks.versus.rival import BookClient, GapError, Touch


class SortedBook:
    """Two sorted dictionaries of price and amount."""

    def __init__(self) -> None:
        self.bids, self.asks = SortedDict(), SortedDict()

    def apply(self, bids: list[list], asks: list[list]) -> None:
        """Apply the two arrays of a frame."""
        own = self.bids
        for action, price, amount in bids:
            if action == "delete":
                del own[price]
            else:
                own[price] = amount
        own = self.asks
        for action, price, amount in asks:
            if action == "delete":
                del own[price]
            else:
                own[price] = amount

    def best(self) -> Touch:
        """Return best bid and ask."""
        return self.bids.keys()[-1], self.asks.keys()[0]

    def sizes(self) -> tuple[float, float]:
        """Return what stands there."""
        return self.bids.values()[-1], self.asks.values()[0]


class Client(BookClient):
    """Reads the frame, checks the chain, applies the levels."""

    def __init__(self, snapshot: bytes) -> None:
        self.book = SortedBook()
        self.change_id = None
        self.frame(snapshot)

    def frame(self, frame: bytes) -> None:
        """Take one frame. Raises: GapError."""
        params = orjson.loads(frame)["params"]
        if not params["channel"].startswith("book."):
            return
        data = params["data"]
        if data["type"] == "snapshot":
            self.book = SortedBook()
        elif data["prev_change_id"] != self.change_id:
            raise GapError(self.change_id)
        self.change_id = data["change_id"]
        self.book.apply(data["bids"], data["asks"])
