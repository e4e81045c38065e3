"""Seeded book frames with the shape of a busy perpetual, valid by construction.

A snapshot of about 1,700 levels, then changes: a ``new`` only for an absent level,
``change`` and ``delete`` only for a present one, an unbroken chain of change ids, a
book that never crosses. Two profiles: ``raw``, one or two levels a frame, and
``100ms``, conflated frames of 1 to 110. Numbers are the shorter of decimal and
scientific and the chain's previous id stands last, as the venue writes since 2026.

What was recorded and what comes out stands side by side in docs/benchmarks.md;
``benchmarks.shape`` takes the statistics, and a test compares them.
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

NAME = "BTC-PERPETUAL"
INSTRUMENT = {
    "instrument_name": NAME,
    "kind": "future",
    "instrument_type": "reversed",
    "settlement_currency": "BTC",
    "tick_size": 0.5,
    "contract_size": 10.0,
    "min_trade_amount": 10.0,
    "maker_commission": 0.00015,
    "taker_commission": 0.00035,
}
TICKS_PER_DOLLAR = 2

Curve = tuple[tuple[float, float], ...]
"""A quantile function by its corners: (share, value), straight between."""


@dataclass(frozen=True)
class Profile:
    """The shape of one channel."""

    interval: str
    levels: Curve
    """Levels a frame."""
    ranks: Curve
    """How many levels stand between the touched one and the touch."""
    is_sorted: bool
    """Whether a frame lists each side from the touch outwards."""
    is_one_sided: bool


def _curve(corners: str) -> Curve:
    numbers = [float(word) for word in corners.split()]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


PROFILES = {
    "raw": Profile(
        "raw",
        _curve("0 1  .46 1  .4601 2  1 2"),
        _curve("0 0  .06 0  .25 11  .5 31  .75 72  .9 126  .99 248  1 700"),
        is_sorted=False,
        is_one_sided=True,
    ),
    "100ms": Profile(
        "100ms",
        _curve("0 1  .1 1  .3 3  .5 5  .66 8  .83 14  .93 27  .976 56  1 110"),
        _curve("0 0  .06 0  .25 10  .5 28  .75 80  .9 165  .99 387  1 780"),
        is_sorted=True,
        is_one_sided=False,
    ),
}
BOOK_LEVELS = (896, 821)
"""Bids and asks of the snapshot; their number stays near it."""

DELETE_SHARE = NEW_SHARE = 0.36
BOOK_PULL = 0.005
"""How much a delete gains on a new level for each level too many."""

SPREAD_MAX_TICKS = 8
"""A wider one is narrowed before anything else happens at the touch."""

ROUND_SHARE = 0.45
ROUND_LOTS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 300, 500, 840, 1_000, 2_193, 10_000)


def at(curve: Curve, share: float) -> float:
    """Return a quantile."""
    for (x0, y0), (x1, y1) in pairwise(curve):
        if share <= x1:
            return y0 + (y1 - y0) * (share - x0) / (x1 - x0)
    return curve[-1][1]


def text_of(number: float) -> str:
    """Write a number as the venue does: the shorter form, decimal on a tie."""
    plain = repr(float(number))
    digits = plain.replace(".", "").strip("0") or "0"
    exponent = len(plain.partition(".")[0]) - 1
    short = f"{digits[0]}.{digits[1:] or '0'}e{exponent}"
    return short if number >= 1 and len(short) < len(plain) else plain


@dataclass
class Side:
    """One side of the book: keys ascend from the touch, whatever the side."""

    sign: int
    """+1 for asks, -1 for bids: a key is the price times it, so the best is least."""
    keys: list[int] = field(default_factory=list)
    lots: dict[int, int] = field(default_factory=dict)

    def put(self, key: int, lots: int) -> None:
        """Set a level."""
        if key not in self.lots:
            insort(self.keys, key)
        self.lots[key] = lots

    def drop(self, key: int) -> None:
        """Remove a level."""
        del self.keys[bisect_left(self.keys, key)]
        del self.lots[key]

    def text(self, action: str, key: int) -> str:
        """Return a level as a frame has it."""
        price = text_of(key * self.sign / TICKS_PER_DOLLAR)
        return f'["{action}",{price},{text_of(self.lots.get(key, 0) * 10.0)}]'


class Market:
    """A book and the dice that change it."""

    def __init__(self, profile: Profile, seed: int, touch_ticks: int) -> None:
        self.profile = profile
        self.dice = random.Random(seed)
        self.bids, self.asks = Side(-1), Side(1)
        for side, count in zip((self.bids, self.asks), BOOK_LEVELS, strict=True):
            key = touch_ticks * side.sign + (side.sign > 0)
            for rank in range(count):
                side.put(key, self.amount())
                key += 1 + int(self.dice.expovariate(1 / (0.3 + rank / 60)))

    def amount(self) -> int:
        """Return the size of a level. Units: lots."""
        if self.dice.random() < ROUND_SHARE:
            return self.dice.choice(ROUND_LOTS)
        return 1 + int(self.dice.lognormvariate(6.0, 1.6))

    def spread(self) -> int:
        """Return best ask less best bid. Units: ticks."""
        return self.asks.keys[0] + self.bids.keys[0]

    def changes(self, at_touch: bool) -> dict[str, str]:
        """Change the book once; return the two arrays of the frame."""
        total = round(at(self.profile.levels, self.dice.random()))
        first = self.dice.random() < 0.5
        rows: dict[str, list[tuple[int, str]]] = {"bids": [], "asks": []}
        used: set[int] = set()
        for number in range(total):
            if not self.profile.is_one_sided:
                first = self.dice.random() < 0.5
            side, name = (self.bids, "bids") if first else (self.asks, "asks")
            if at_touch and number == 0:
                changed = self.move_touch(side)
            else:
                changed = self.change(side, used)
            if changed is not None:
                key, action = changed
                used.add(key)
                rows[name].append((key, side.text(action, key)))
        if not rows["bids"] and not rows["asks"]:
            key, action = self.resize(self.bids, self.bids.keys[0])
            rows["bids"].append((key, self.bids.text(action, key)))
        for each in rows.values():
            if self.profile.is_sorted:
                each.sort()
        return {name: ",".join(text for _, text in each) for name, each in rows.items()}

    def move_touch(self, side: Side) -> tuple[int, str]:
        """Move the best price of a side: nearer when there is room for it."""
        room = self.spread()
        if room > SPREAD_MAX_TICKS // 2:
            key = side.keys[0] - self.dice.randrange(1, min(room, SPREAD_MAX_TICKS))
            side.put(key, self.amount())
            return key, "new"
        key = side.keys[0]
        side.drop(key)
        return key, "delete"

    def change(self, side: Side, used: set[int]) -> tuple[int, str] | None:
        """Add, remove or resize one level; None: this one had its turn already."""
        rank = int(at(self.profile.ranks, self.dice.random()))
        if rank == 0 and self.spread() > SPREAD_MAX_TICKS:
            return self.move_touch(side)
        too_many = len(side.keys) - BOOK_LEVELS[side.sign > 0]
        pull = max(-0.2, min(0.2, BOOK_PULL * too_many))
        key = side.keys[min(rank, len(side.keys) - 1)]
        luck = self.dice.random()
        if luck < NEW_SHARE - pull:
            while key in side.lots or key in used:
                key += 1
            if key * side.sign < 0 and side.sign > 0:
                return None
            side.put(key, self.amount())
            return key, "new"
        if key in used:
            return None
        if luck < NEW_SHARE + DELETE_SHARE:
            side.drop(key)
            return key, "delete"
        return self.resize(side, key)

    def resize(self, side: Side, key: int) -> tuple[int, str]:
        """Give a level another size."""
        before = side.lots[key]
        while side.lots[key] == before:
            side.lots[key] = self.amount()
        return key, "change"


def frames(
    count: int, seed: int = 7, profile: str = "raw", *, at_touch: bool = False
) -> Iterator[bytes]:
    """Yield a snapshot and ``count`` changes.

    ``at_touch``: the first level of every change moves the best price of its side, so
    that a market maker has something to do on each.
    """
    shape = PROFILES[profile]
    market = Market(shape, seed, touch_ticks=167_916)
    dice = market.dice
    head = (
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
        f'"book.{NAME}.{shape.interval}","data":'
    )
    change_id, venue_ms = 176_209_440_222, 1_790_559_412_833

    def frame(kind: str, bids: str, asks: str, prev: str) -> bytes:
        return (
            f'{head}{{"timestamp":{venue_ms},"type":"{kind}","change_id":{change_id},'
            f'"instrument_name":"{NAME}","bids":[{bids}],"asks":[{asks}]{prev}}}}}}}'
        ).encode()

    whole = [
        ",".join(side.text("new", key) for key in side.keys)
        for side in (market.bids, market.asks)
    ]
    yield frame("snapshot", *whole, "")
    for _ in range(count):
        arrays = market.changes(at_touch)
        prev, change_id = change_id, change_id + dice.randint(1, 60)
        venue_ms += int(dice.expovariate(1 / 12))
        tail = f',"prev_change_id":{prev}'
        yield frame("change", arrays["bids"], arrays["asks"], tail)
