"""Frames that move the touch back and forth, for the way from a tick to an order.

The book is the generator's (``benchmarks.stream``): so are snapshot, sizes, spelling
and ids. Its touch is cleared so that one frame can move both sides by `STEP_TICKS`: a
new bid takes the place of the best ask, then gives it back. Every frame is a cause to
move both quotes, and the next one comes from the same prices.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.stream import NAME, PROFILES, Market

STEP_TICKS = 10
SPREAD_TICKS = 12
TOUCH_TICKS = 167_900
FIRST_ID = 176_209_440_222
TIME_MS = 1_790_559_412_833
"""Stands in the frames; the venue puts the time of sending in its place."""


def ticks(count: int, seed: int = 7) -> Iterator[bytes]:
    """Yield a snapshot and ``count`` changes, each of both sides of the touch."""
    market = Market(PROFILES["raw"], seed, TOUCH_TICKS)
    bids, asks = market.bids, market.asks
    low_ask = TOUCH_TICKS + SPREAD_TICKS
    for key in [key for key in asks.keys if key < low_ask + STEP_TICKS]:
        asks.drop(key)
    for price in (low_ask, low_ask + STEP_TICKS):
        asks.put(price, market.amount())
    yield _frame(
        "snapshot",
        FIRST_ID,
        *(
            ",".join(side.text("new", key) for key in side.keys)
            for side in (bids, asks)
        ),
    )
    change_id, high_bid = FIRST_ID, -(TOUCH_TICKS + STEP_TICKS)
    for number in range(count):
        if number % 2 == 0:
            bids.put(high_bid, market.amount())
            asks.drop(low_ask)
            rows = bids.text("new", high_bid), asks.text("delete", low_ask)
        else:
            bids.drop(high_bid)
            asks.put(low_ask, market.amount())
            rows = bids.text("delete", high_bid), asks.text("new", low_ask)
        prev, change_id = change_id, change_id + market.dice.randint(1, 60)
        yield _frame("change", change_id, *rows, f',"prev_change_id":{prev}')


def _frame(kind: str, change_id: int, bids: str, asks: str, tail: str = "") -> bytes:
    return (
        '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
        f'"book.{NAME}.raw","data":{{"timestamp":{TIME_MS},"type":"{kind}",'
        f'"change_id":{change_id},"instrument_name":"{NAME}",'
        f'"bids":[{bids}],"asks":[{asks}]{tail}}}}}}}'
    ).encode()
