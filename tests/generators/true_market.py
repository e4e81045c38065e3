"""A made-up market whose A, k, volatility and adverse move are known exactly.

The efficient price is a compound Poisson walk of single ticks. Around it stand a bid
and an ask whose distances flicker, independent of everything else: an honest noise
that a plain volatility takes for movement. Taker orders come as a Poisson process on
each side with exponential depths from the mid: the model itself. One in so many takes
the efficient price a tick along, at once: the adverse move at any horizon.

Everything follows from the seed. What a recorder would have written is written by the
engine's own `FrameFile`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson

from engine.live.framefile import FrameFile

NAME = "BTC-PERPETUAL"
ROW: dict[str, Any] = {
    "instrument_name": NAME,
    "kind": "future",
    "instrument_type": "reversed",
    "base_currency": "BTC",
    "quote_currency": "USD",
    "settlement_currency": "BTC",
    "tick_size": 0.5,
    "contract_size": 10.0,
    "min_trade_amount": 10.0,
    "maker_commission": 0.0,
    "taker_commission": 0.0005,
}
START_MS = 1_790_000_000_000
LEVELS = 14


@dataclass
class TrueMarket:
    """The parameters, the truth they amount to, and the frames.

    Units: a_per_s and k_per_tick as in the model; walk_per_s single-tick moves of the
        efficient price a second; flicker_per_s changes of the touch around it a second;
        drag is the share of taker orders that move the price.
    """

    seed: int
    a_per_s: float = 0.8
    k_per_tick: float = 0.6
    walk_per_s: float = 1.0
    flicker_per_s: float = 2.0
    drag: float = 0.5
    seconds: float = 1800.0
    distances: tuple[int, ...] = (1, 2)
    """How far bid and ask stand from the efficient price, ticks, each as likely."""
    _price: int = 130_000
    _change_id: int = 10
    _book: dict[tuple[str, int], int] = field(default_factory=dict)

    def arrivals_per_s(self) -> float:
        """Return how many taker orders a second trade at all, both sides."""
        spreads = [a + b for a in self.distances for b in self.distances]
        reached = [math.exp(-self.k_per_tick * spread / 2) for spread in spreads]
        return 2 * self.a_per_s * math.fsum(reached) / len(reached)

    def sigma_ticks(self) -> float:
        """Return the volatility of the efficient price, ticks per sqrt(second)."""
        return math.sqrt(self.walk_per_s + self.drag * self.arrivals_per_s())

    def frames(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (ms, message) in the order a recorder would have them."""
        rng = Random(self.seed)
        below, above = self.distances[0], self.distances[-1]
        yield START_MS, self._book_frame(START_MS, rng, below, above, "snapshot")
        each = (self.walk_per_s, self.flicker_per_s, 2 * self.a_per_s)
        now_s, last_ms = 0.0, START_MS
        while True:
            now_s += rng.expovariate(sum(each))
            if now_s >= self.seconds:
                return
            ms = max(last_ms + 1, START_MS + math.floor(now_s * 1000))
            what = rng.choices(("walk", "flicker", "take"), each)[0]
            told: list[dict[str, Any]] = []
            if what == "walk":
                self._price += rng.choice((-1, 1))
            elif what == "flicker":
                below, above = (rng.choice(self.distances) for _ in range(2))
            else:
                told = self._take(rng, ms, below, above)
                if not told:
                    continue
            last_ms = ms
            change = self._book_frame(ms, rng, below, above, "change")
            # Trades and book come on two channels, either first.
            told.insert(rng.randrange(len(told) + 1), change)
            for message in told:
                yield ms, message

    def _take(
        self, rng: Random, ms: int, below: int, above: int
    ) -> list[dict[str, Any]]:
        """Return the trades of one taker order; none if it does not reach the touch."""
        side = rng.choice((-1, 1))
        depth = rng.expovariate(self.k_per_tick)
        mid = self._price + (above - below) / 2
        touch = self._price + (above if side > 0 else -below)
        levels = math.floor(depth - abs(touch - mid))
        if levels < 0:
            return []
        prices = [touch + side * at for at in range(min(levels, LEVELS - 1) + 1)]
        if rng.random() < self.drag:
            self._price += side
        rows = [self._trade(ms, side, price, n) for n, price in enumerate(prices)]
        # A long order may be told in one frame or in two.
        cut = rng.randrange(len(rows)) if len(rows) > 2 else 0
        return [self._trades(part) for part in (rows[:cut], rows[cut:]) if part]

    def _trade(self, ms: int, side: int, ticks: int, number: int) -> dict[str, Any]:
        return {
            "trade_seq": self._change_id + number,
            "trade_id": f"{self._change_id}{number}",
            "timestamp": ms,
            "tick_direction": 0,
            "price": ticks * ROW["tick_size"],
            "mark_price": ticks * ROW["tick_size"],
            "instrument_name": NAME,
            "index_price": ticks * ROW["tick_size"],
            "direction": "buy" if side > 0 else "sell",
            "amount": 10.0,
            "contracts": 1.0,
        }

    def _trades(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return notification(f"trades.{NAME}.raw", rows)

    def _book_frame(
        self, ms: int, rng: Random, below: int, above: int, kind: str
    ) -> dict[str, Any]:
        wanted = {
            (side, self._price + sign * (distance + at)): 10 * (5 + at)
            for side, sign, distance in (("bids", -1, below), ("asks", 1, above))
            for at in range(LEVELS)
        }
        for side, sign, distance in (("bids", -1, below), ("asks", 1, above)):
            wanted[side, self._price + sign * distance] = 10 * rng.randint(1, 50)
        rows: dict[str, list[list[Any]]] = {"bids": [], "asks": []}
        for (side, ticks), amount in wanted.items():
            if self._book.get((side, ticks)) != amount:
                action = "change" if (side, ticks) in self._book else "new"
                rows[side].append([action, ticks * ROW["tick_size"], amount])
        for side, ticks in self._book:
            if (side, ticks) not in wanted:
                rows[side].append(["delete", ticks * ROW["tick_size"], 0])
        before, self._change_id = self._change_id, self._change_id + 7
        self._book = wanted
        data = {
            "timestamp": ms,
            "type": kind,
            "change_id": self._change_id,
            "instrument_name": NAME,
            **rows,
        }
        if kind == "change":
            data["prev_change_id"] = before
        return notification(f"book.{NAME}.raw", data)

    def write(self, path: Path) -> Path:
        """Write the recording; return where."""
        file = FrameFile(path)
        answer = {"jsonrpc": "2.0", "id": 1000, "result": ROW}
        file.write(START_MS * 1_000_000, "recv", orjson.dumps(answer))
        for ms, message in self.frames():
            file.write(ms * 1_000_000 + 2_000_000, "recv", orjson.dumps(message))
        file.close()
        return path


def notification(channel: str, data: Any) -> dict[str, Any]:
    """Return what a subscription sends."""
    return {
        "jsonrpc": "2.0",
        "method": "subscription",
        "params": {"channel": channel, "data": data},
    }
