"""What a market looks like in numbers, whoever recorded it.

The same code measures recorded and simulated markets. Distances are in basis points of
the touch, amounts in the notional of the instrument (USD for inverse contracts), rates
per second of tape time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

SECOND_NS = 1_000_000_000
SAMPLE_NS = SECOND_NS
DEPTH_BPS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0)
BAND_BPS = (0.5, 2.0, 10.0, 50.0)  # upper edges of the update bands; the last is open
BURST_NS = 100_000_000  # orders this close belong together
SWEEP_NS = 1_000_000  # prints of one side this close are one order
DELTAS = ((0.05, "wing"), (0.35, "out"), (0.65, "near"), (0.95, "in"), (9.0, "deep"))

Level = tuple[float, float]  # price, amount


class Tape:
    """Collects a book's changes and the trades beside them.

    Units: merge_ns joins changes into frames, as a channel with an interval does.
    """

    def __init__(self, merge_ns: int = 1) -> None:
        self._merge_ns, self._bin = merge_ns, 0
        self.sides: dict[bool, dict[float, float]] = {True: {}, False: {}}
        self._first_ns = self._last_ns = self._sample_ns = 0
        self._touch: tuple[float, float] | None = None
        self._seen_touch = self._touch
        self._updates: Counter[tuple[int, str]] = Counter()
        self._frames = self._touch_moves = 0
        self._spreads_bps: list[float] = []
        self._touch_sizes: list[float] = []
        self._depths: dict[float, list[float]] = {bps: [] for bps in DEPTH_BPS}
        self._mids: list[float] = []
        self._prints: list[tuple[int, bool, float, float]] = []

    def replace(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Take a snapshot."""
        self.sides = {True: dict(bids), False: dict(asks)}
        self._touch = self._best()

    def change(self, t_ns: int, levels: Iterable[tuple[bool, float, float]]) -> None:
        """Take a change: (is bid, price, new total of that level, 0 for gone)."""
        self._pass_time(t_ns)
        if t_ns // self._merge_ns != self._bin:
            self._bin = t_ns // self._merge_ns
            self._frames += 1
            self._touch_moves += self._touch != self._seen_touch
            self._seen_touch = self._touch
        touch = self._touch
        for is_bid, price, amount in levels:
            side = self.sides[is_bid]
            if touch is not None:
                best = touch[0] if is_bid else touch[1]
                away = (best - price if is_bid else price - best) / best * 1e4
                action = ("change" if price in side else "new") if amount else "delete"
                self._updates[sum(away >= edge for edge in BAND_BPS), action] += 1
            if amount:
                side[price] = amount
            else:
                side.pop(price, None)
        self._touch = self._best()

    def trade(self, t_ns: int, is_buy: bool, price: float, amount: float) -> None:
        """Take one print; the direction is the taker's."""
        self._prints.append((t_ns, is_buy, price, amount))

    def _best(self) -> tuple[float, float] | None:
        bids, asks = self.sides[True], self.sides[False]
        return (max(bids), min(asks)) if bids and asks else None

    def _pass_time(self, t_ns: int) -> None:
        if not self._first_ns:
            self._first_ns, self._sample_ns = t_ns, t_ns + SAMPLE_NS
        while self._sample_ns <= t_ns:
            self._sample_ns += SAMPLE_NS
            self._sample()
        self._last_ns = t_ns

    def _sample(self) -> None:
        if self._touch is None:
            return
        bid, ask = self._touch
        mid = (bid + ask) / 2
        self._mids.append(mid)
        self._spreads_bps.append((ask - bid) / mid * 1e4)
        self._touch_sizes += [self.sides[True][bid], self.sides[False][ask]]
        for bps, found in self._depths.items():
            low, high = bid * (1 - bps / 1e4), ask * (1 + bps / 1e4)
            found.append(sum(q for p, q in self.sides[True].items() if p >= low))
            found.append(sum(q for p, q in self.sides[False].items() if p <= high))

    def summary(self) -> dict[str, float]:
        """Return every statistic by name."""
        seconds = (self._last_ns - self._first_ns) / SECOND_NS
        found = {
            "seconds": seconds,
            "spread bps, mean": mean(self._spreads_bps),
            "spread bps, p90": quantile(self._spreads_bps, 0.9),
        }
        for percent in (25, 50, 75):
            size = quantile(self._touch_sizes, percent / 100)
            found[f"touch size, p{percent}"] = size
        for bps, sizes in self._depths.items():
            found[f"depth within {bps:g} bps, p50"] = quantile(sizes, 0.5)
        found["book frames/s"] = self._frames / seconds
        found["touch moves/s"] = self._touch_moves / seconds
        found |= self._update_summary(seconds) | self._trade_summary(seconds)
        for step in (1, 10, 60):
            found[f"vol of {step} s returns"] = realised_vol(self._mids, step)
        return found

    def _update_summary(self, seconds: float) -> dict[str, float]:
        total = sum(self._updates.values())
        found = {"level updates/s": total / seconds}
        for action in ("new", "change", "delete"):
            count = sum(n for (_, a), n in self._updates.items() if a == action)
            found[f"updates that are {action}"] = count / max(1, total)
        edges = (0.0, *BAND_BPS, math.inf)
        for band, (low, high) in enumerate(pairwise(edges)):
            count = sum(n for (b, _), n in self._updates.items() if b == band)
            found[f"updates at {low:g}-{high:g} bps"] = count / max(1, total)
        return found

    def _trade_summary(self, seconds: float) -> dict[str, float]:
        orders: list[tuple[int, bool, float, set[float]]] = []
        for t_ns, is_buy, price, amount in self._prints:
            last = orders[-1] if orders else None
            if last and last[1] == is_buy and t_ns - last[0] <= SWEEP_NS:
                orders[-1] = (last[0], is_buy, last[2] + amount, last[3] | {price})
            else:
                orders.append((t_ns, is_buy, amount, {price}))
        sizes = [one[2] for one in orders]
        gaps = [float(b[0] - a[0]) for a, b in pairwise(orders)]
        return {
            "prints/s": len(self._prints) / seconds,
            "taker orders/s": len(orders) / seconds,
            "traded notional/s": sum(sizes) / seconds,
            "taker size, p50": quantile(sizes, 0.5),
            "taker size, p90": quantile(sizes, 0.9),
            "taker size, p99": quantile(sizes, 0.99),
            "orders through 2+ levels": mean([len(one[3]) > 1 for one in orders]),
            "gaps under 100 ms": mean([gap < BURST_NS for gap in gaps]),
            "gap deviation / mean": deviation(gaps) / max(mean(gaps), 1.0),
            "next order on the same side": mean(
                [a[1] == b[1] for a, b in pairwise(orders)]
            ),
        }


class ChainSample:
    """Collects option tickers, as the venue states them, and their book frames."""

    def __init__(self) -> None:
        self._tickers: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self._classes: dict[str, str] = {}
        self._frames: Counter[str] = Counter()
        self.seconds = 0.0  # summed over instruments' captures, each with its own

    def ticker(self, row: Mapping[str, Any]) -> None:
        """Take one ticker."""
        name = row["instrument_name"]
        delta = abs(row["greeks"]["delta"])
        self._classes[name] = next(label for edge, label in DELTAS if delta < edge)
        self._tickers[name].append(row)

    def frame(self, name: str) -> None:
        """Take note of one book change."""
        self._frames[name] += 1

    def summary(self) -> dict[str, dict[str, float]]:
        """Return the statistics of every class of delta."""
        found = {}
        for _, label in DELTAS:
            names = [name for name in self._tickers if self._classes[name] == label]
            found[label] = self._class_summary(names)
        return found

    def _class_summary(self, names: Sequence[str]) -> dict[str, float]:
        """Every instrument weighs the same, however often it spoke."""
        rows = [row for name in names for row in self._tickers[name][-1:]]
        bids = [row["best_bid_price"] or 0.0 for row in rows]
        asks = [row["best_ask_price"] or 0.0 for row in rows]
        both = [row for row, b, a in zip(rows, bids, asks, strict=True) if b and a]
        vols = [r["ask_iv"] - r["bid_iv"] for r in both if r["bid_iv"] and r["ask_iv"]]
        sizes = [
            row[side] * row["index_price"]
            for row in rows
            for side in ("best_bid_amount", "best_ask_amount")
            if row[side]
        ]
        spreads = [row["best_ask_price"] - row["best_bid_price"] for row in both]
        frames = sum(self._frames[name] for name in names)
        share = {
            "two-sided": mean([bool(b and a) for b, a in zip(bids, asks, strict=True)]),
            "bid only": mean(
                [bool(b and not a) for b, a in zip(bids, asks, strict=True)]
            ),
            "ask only": mean(
                [bool(a and not b) for b, a in zip(bids, asks, strict=True)]
            ),
        }
        return {
            "instruments": len(names),
            **share,
            "spread, coin 1e-4": 1e4 * quantile(spreads, 0.5),
            "spread, vol points": quantile(vols, 0.5),
            "touch, kUSD": quantile(sizes, 0.5) / 1_000,
            "book frames/s each": frames / max(1, len(names)) / max(1.0, self.seconds),
        }


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation, 0 of nothing."""
    centre = mean(values)
    return math.sqrt(mean([(value - centre) ** 2 for value in values]))


def quantile(values: Iterable[float], share: float) -> float:
    """Return the value below which a share of all lies, 0 of nothing."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    whole, part = divmod(share * (len(ordered) - 1), 1.0)
    low, high = ordered[int(whole)], ordered[min(int(whole) + 1, len(ordered) - 1)]
    return low + part * (high - low)


def realised_vol(mids: Sequence[float], step: int) -> float:
    """Return the vol of mids one second apart, from returns over ``step`` seconds."""
    returns = [math.log(b / a) for a, b in pairwise(mids[::step])]
    yearly = 365 * 86_400 / step
    return math.sqrt(mean([r * r for r in returns]) * yearly)
