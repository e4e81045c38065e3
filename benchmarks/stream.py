"""Seeded book frames with the shape of a busy perpetual, valid by construction.

A snapshot of some hundred levels a side, then changes of one or two levels, most of
them away from the touch. The chain of change ids holds and the book never crosses.
"""

import random
from collections.abc import Iterator

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
HEAD = (
    '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
    f'"book.{NAME}.raw","data":'
)


def _text(side: dict[int, int]) -> str:
    return ",".join(f'["new",{t / 2},{q * 10.0}]' for t, q in side.items())


def _frame(kind: str, change_id: int, bids: str, asks: str, prev: str) -> bytes:
    body = (
        f'{{"timestamp":{1789344931639 + change_id},"type":"{kind}",'
        f'"change_id":{change_id},"instrument_name":"{NAME}",'
        f'"bids":[{bids}],"asks":[{asks}]{prev}}}}}}}'
    )
    return (HEAD + body).encode()


def frames(count: int, seed: int = 7, mid: int = 160_000) -> Iterator[bytes]:
    """Yield a snapshot and `count` changes; prices around `mid` half dollars."""
    rng = random.Random(seed)
    bids = {mid - 1 - i * 3 // 2: rng.randint(1, 5_000) for i in range(400)}
    asks = {mid + 1 + i * 3 // 2: rng.randint(1, 5_000) for i in range(400)}
    change_id = 1_000
    yield _frame("snapshot", change_id, _text(bids), _text(asks), "")
    for _ in range(count):
        prev, change_id = change_id, change_id + rng.randint(1, 9)
        parts = {"bids": [], "asks": []}
        for _ in range(1 + (rng.random() < 0.5)):
            side, own, sign = rng.choice((("bids", bids, -1), ("asks", asks, 1)))
            tick = mid + sign * (1 + int(rng.expovariate(1 / 40)))
            if tick in own and len(own) > 50 and rng.random() < 0.55:
                del own[tick]
                parts[side].append(f'["delete",{tick / 2},0.0]')
            else:
                action = "change" if tick in own else "new"
                own[tick] = rng.randint(1, 5_000)
                parts[side].append(f'["{action}",{tick / 2},{own[tick] * 10.0}]')
        yield _frame(
            "change",
            change_id,
            ",".join(parts["bids"]),
            ",".join(parts["asks"]),
            f',"prev_change_id":{prev}',
        )
