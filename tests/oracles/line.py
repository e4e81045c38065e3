"""The true line of every price, order by order, around the slow venue.

Whoever joins stands at the end, a trade takes from the front, an order of ours keeps
its place when its price stays and its total does not grow (docs.deribit.com, order
management, seen 2026-08-22). Orders, book and trades go out as three streams; a test
delivers them in any order.
"""

import json
from typing import Any

from tests.oracles.venue import SlowVenue

Level = tuple[str, int]
"""(side, price in ticks)."""

OTHERS = "others"
LOT = 10.0
TICK = 0.5
SIDES = {"buy": "bid", "sell": "ask"}


class Lines:
    """Lines of ``[owner, lots]`` by level; the owner is an order id, or others."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.venue = SlowVenue(name)
        self.lines: dict[Level, list[list[Any]]] = {}
        self.known: dict[str, tuple[Level, float]] = {}
        self.book: list[bytes] = []
        self.prints: list[bytes] = []
        self.change_id = 1
        self.told: dict[Level, int] = {}

    # What happens at the venue.

    def join(self, side: str, price: int, lots: int) -> None:
        """Let somebody join the end of a line."""
        self.venue.clock_ms += 1
        self.lines.setdefault((side, price), []).append([OTHERS, lots])
        self.publish()

    def leave(self, side: str, price: int, which: int) -> None:
        """Let somebody cancel, whom is up to the test."""
        line = self.lines.get((side, price), [])
        theirs = [entry for entry in line if entry[0] == OTHERS]
        if theirs:
            self.venue.clock_ms += 1
            line.remove(theirs[which % len(theirs)])
            self.publish()

    def hit(self, side: str, lots: int) -> None:
        """Let an aggressive order take from the best line of a side, and on."""
        self.venue.clock_ms += 1
        prices = sorted((p for s, p in self.lines if s == side), reverse=side == "bid")
        rows = []
        for price in prices:
            line = self.lines[side, price]
            while line and lots:
                owner, size = line[0]
                taken = min(size, lots)
                lots -= taken
                if owner == OTHERS:
                    line[0][1] -= taken
                    if not line[0][1]:
                        line.pop(0)
                else:
                    self.venue.clock_ms -= 1
                    self.venue.trade(owner, taken * LOT)
                    self.settle()
                rows.append(self._print(side, price, taken))
        if rows:
            self.prints.append(self._frame(f"trades.{self.name}.raw", rows))
        self.publish()

    def work(self) -> None:
        """Let the venue carry out one request of ours."""
        self.venue.work()
        self.settle()
        self.publish()

    def settle(self) -> None:
        """Give our orders the places the venue's priority rule gives them."""
        for order_id, row in self.venue.orders.items():
            level = (SIDES[row["direction"]], int(row["price"] / TICK))
            rest = int((row["amount"] - row["filled_amount"]) / LOT)
            before, total = self.known.get(order_id, (None, 0.0))
            is_open = row["order_state"] == "open"
            if before and is_open and before == level and row["amount"] <= total:
                for entry in self.lines[before]:
                    if entry[0] == order_id:
                        entry[1] = rest
            else:
                if before:
                    self.lines[before] = [
                        entry for entry in self.lines[before] if entry[0] != order_id
                    ]
                    del self.known[order_id]
                if is_open:
                    self.lines.setdefault(level, []).append([order_id, rest])
            if is_open:
                self.known[order_id] = (level, row["amount"])

    # What it tells.

    def publish(self) -> None:
        """Tell what the book has become, if it has changed."""
        now = {
            level: sum(lots for _, lots in line) for level, line in self.lines.items()
        }
        sides: dict[str, list[list[Any]]] = {"bid": [], "ask": []}
        for level in now:
            lots, before = now[level], self.told.get(level, 0)
            if lots != before:
                action = "new" if not before else "change" if lots else "delete"
                sides[level[0]].append([action, level[1] * TICK, lots * LOT])
        if not sides["bid"] and not sides["ask"]:
            return
        self.told = now
        self.book.append(self._book("change", sides))

    def snapshot(self) -> bytes:
        """Return the book as it stands; what was to be told before is part of it."""
        self.book.clear()
        self.told = {
            level: sum(lots for _, lots in line) for level, line in self.lines.items()
        }
        sides: dict[str, list[list[Any]]] = {"bid": [], "ask": []}
        for (side, price), lots in self.told.items():
            if lots:
                sides[side].append(["new", price * TICK, lots * LOT])
        return self._book("snapshot", sides)

    def _book(self, kind: str, sides: dict[str, list[list[Any]]]) -> bytes:
        before, self.change_id = self.change_id, self.change_id + 7
        data = {
            "type": kind,
            "timestamp": self.venue.clock_ms,
            "instrument_name": self.name,
            "change_id": self.change_id,
            "bids": sides["bid"],
            "asks": sides["ask"],
        }
        if kind == "change":
            data["prev_change_id"] = before
        return self._frame(f"book.{self.name}.raw", data)

    def _print(self, side: str, price: int, lots: int) -> dict[str, Any]:
        return {
            "instrument_name": self.name,
            "trade_id": "1",
            "direction": "sell" if side == "bid" else "buy",
            "price": price * TICK,
            "amount": lots * LOT,
            "timestamp": self.venue.clock_ms,
        }

    @staticmethod
    def _frame(channel: str, data: Any) -> bytes:
        params = {"channel": channel, "data": data}
        frame = {"jsonrpc": "2.0", "method": "subscription", "params": params}
        return json.dumps(frame).encode()

    def ahead(self, order_id: str) -> int:
        """Return the lots of others that truly stand before an order of ours."""
        level, _ = self.known[order_id]
        total = 0
        for owner, lots in self.lines[level]:
            if owner == order_id:
                return total
            total += lots if owner == OTHERS else 0
        raise AssertionError(f"{order_id} does not rest")
