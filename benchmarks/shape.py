"""The statistics of a stream of book frames, and whether it is a valid one.

python -m benchmarks.shape [--frames N] [--seed S]   both profiles, as a table
"""

from __future__ import annotations

import argparse
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from benchmarks.rounds import percentile
from benchmarks.stream import PROFILES, frames


@dataclass(frozen=True)
class Shape:
    """What is compared with recordings."""

    frames: int
    frame_bytes: float
    levels: float
    levels_max: int
    shares: dict[str, float]
    """Of delete, new, change."""
    ranks: tuple[float, float, float]
    """Of the touched level: p50, p90, p99."""
    book: tuple[int, int]
    """Bids and asks at the end."""
    touch_moves: float
    """Share of frames after which a best price is another."""


class StreamError(ValueError):
    """A frame that no venue would send; says which and why."""


class _Reader:
    """A book that believes nothing."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[float, float]] = {"bids": {}, "asks": {}}
        self.keys: dict[str, list[float]] = {"bids": [], "asks": []}
        self.actions: Counter[str] = Counter()
        self.ranks: list[float] = []

    def apply(self, name: str, action: str, price: float, amount: float) -> None:
        side, keys = self.sides[name], self.keys[name]
        key = price if name == "asks" else -price
        rank = bisect_left(keys, key)
        if (action == "new") == (key in side) or (action == "delete") != (amount == 0):
            raise StreamError(f"{action} of {name} {price}, amount {amount}")
        self.actions[action] += 1
        self.ranks.append(rank)
        if action == "delete":
            del side[key], keys[rank]
            return
        if action == "new":
            insort(keys, key)
        side[key] = amount

    def touch(self) -> tuple[float, float]:
        bid, ask = -self.keys["bids"][0], self.keys["asks"][0]
        if bid >= ask:
            raise StreamError(f"crossed: {bid} and {ask}")
        return bid, ask


def shape(stream: Iterable[bytes]) -> Shape:
    """Return the statistics of the changes of a stream that begins with a snapshot.

    Raises: StreamError when an action does not fit the book, the chain breaks, or
    the book crosses.
    """
    reader = _Reader()
    counts: list[float] = []
    sizes = moves = 0
    chain = touch = None
    for number, frame in enumerate(stream):
        data = orjson.loads(frame)["params"]["data"]
        if data.get("prev_change_id") != chain or (data["type"] == "snapshot") != (
            number == 0
        ):
            raise StreamError(f"frame {number}: the chain breaks at {chain}")
        chain = data["change_id"]
        for name in ("bids", "asks"):
            for row in data[name]:
                reader.apply(name, *row)
        before, touch = touch, reader.touch()
        if number == 0:
            reader.actions.clear()
            reader.ranks.clear()
            continue
        counts.append(len(data["bids"]) + len(data["asks"]))
        sizes += len(frame)
        moves += before != touch
    total = sum(counts)
    return Shape(
        frames=len(counts),
        frame_bytes=sizes / len(counts),
        levels=total / len(counts),
        levels_max=int(max(counts)),
        shares={name: n / total for name, n in sorted(reader.actions.items())},
        ranks=(
            percentile(reader.ranks, 0.5),
            percentile(reader.ranks, 0.9),
            percentile(reader.ranks, 0.99),
        ),
        book=(len(reader.sides["bids"]), len(reader.sides["asks"])),
        touch_moves=moves / len(counts),
    )


def main() -> None:
    """Print the statistics of both profiles."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shape")
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    for name in PROFILES:
        print(name, shape(frames(arguments.frames, arguments.seed, name)))
    decisive = frames(arguments.frames, arguments.seed, at_touch=True)
    print("raw, at the touch", shape(decisive))


if __name__ == "__main__":
    main()
