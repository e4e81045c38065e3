"""Eight hundred option books on one core, each tick reaching its strategy."""

from __future__ import annotations

import random
import time
from statistics import median

from benchmarks.pipeline.ours import LIMITS, RUN_ID, START_NS
from engine import GlftQuoter
from engine._core.core import Core

BOOKS = 800
LEVELS = 20
"""Of a side, one tick apart."""

TICK = 0.0005
"""Above 0.005 BTC, where the finer step of 0.0001 ends."""

CHUNKS = 5


class Options:
    """A chain of books, its frames, and a core that quotes all of them.

    The calculators wait for a volatility that never gets warm: they are called and wish
    nothing, so that what is timed is data reaching its strategy.
    """

    def __init__(self, seed: int, books: int = BOOKS) -> None:
        self.dice = random.Random(seed)
        self.names = [f"BTC-25JUN27-{40_000 + 100 * n}-C" for n in range(books)]
        self.ids = [1_000_000 + 1_000 * n for n in range(books)]
        self.bids = [100 + self.dice.randrange(100) for _ in range(books)]
        self.core = Core(RUN_ID)
        self.core.measure(True)
        self.core.connection_made(0, START_NS)
        self.core.handle_timer(START_NS)
        for number, name in enumerate(self.names):
            index = self.core.add_instrument(_row(name))
            quoter = GlftQuoter(qty_lots=1, gamma=0.1, k_per_tick=0.5, a_per_s=1.0)
            self.core.bind(index, quoter, LIMITS)
            self.core.receive_data(0, START_NS, self._snapshot(number))
        self.core.set_quoting(True, "benchmark")
        self.core.handle_timer(START_NS + 1)

    def snapshots(self) -> list[bytes]:
        """Return every book as it stands, a frame each."""
        return [self._snapshot(number) for number in range(len(self.names))]

    def frames(self, count: int) -> list[bytes]:
        """Return changes of books by chance, each at the touch."""
        return [
            self._change(self.dice.randrange(len(self.names))) for _ in range(count)
        ]

    def play(self, frames: list[bytes]) -> None:
        """Take every frame."""
        receive, t_ns = self.core.receive_data, START_NS + 2
        for frame in frames:
            receive(0, t_ns, frame)

    def calls(self) -> int:
        """Return how often a strategy was called."""
        return int(self.core.snapshot()["counters"]["quotes"])

    def _snapshot(self, number: int) -> bytes:
        best = self.bids[number]
        bids = [f'["new",{_text(best - n)},{n + 1}.0]' for n in range(LEVELS)]
        asks = [f'["new",{_text(best + 1 + n)},{n + 1}.0]' for n in range(LEVELS)]
        return self._frame(number, "snapshot", ",".join(bids), ",".join(asks), "")

    def _change(self, number: int) -> bytes:
        prev = self.ids[number]
        self.ids[number] += self.dice.randint(1, 60)
        # Never the size that stands there: ids of one book are far from a whole turn.
        size = f"{(2 * 10 + self.ids[number] % 99_991) / 10}"
        is_bid = self.dice.random() < 0.5
        price = _text(self.bids[number] + (not is_bid))
        row = f'["change",{price},{size}]'
        bids, asks = (row, "") if is_bid else ("", row)
        return self._frame(number, "change", bids, asks, f',"prev_change_id":{prev}')

    def _frame(self, number: int, kind: str, bids: str, asks: str, tail: str) -> bytes:
        name = self.names[number]
        return (
            '{"jsonrpc":"2.0","method":"subscription","params":{"channel":'
            f'"book.{name}.raw","data":{{"timestamp":1790559412833,"type":"{kind}",'
            f'"change_id":{self.ids[number]},"instrument_name":"{name}",'
            f'"bids":[{bids}],"asks":[{asks}]{tail}}}}}}}'
        ).encode()


def _row(name: str) -> dict[str, object]:
    return {
        "instrument_name": name,
        "kind": "option",
        "instrument_type": "reversed",
        "settlement_currency": "BTC",
        "tick_size": 0.0001,
        "tick_size_steps": [{"above_price": 0.005, "tick_size": TICK}],
        "contract_size": 1.0,
        "min_trade_amount": 0.1,
        "maker_commission": 0.0003,
        "taker_commission": 0.0003,
    }


def _text(ticks: int) -> str:
    return repr(round(ticks * TICK, 4))


def frames_a_second(options: Options, count: int) -> float:
    """Return how many frames a core takes each second; the median of some chunks.

    Raises: ValueError when a frame did not reach its strategy.
    """
    rates = []
    for _ in range(CHUNKS):
        frames = options.frames(count)
        before = options.calls()
        start = time.process_time_ns()
        options.play(frames)
        rates.append(count * 1e9 / (time.process_time_ns() - start))
        if options.calls() - before != count:
            raise ValueError(f"{options.calls() - before} of {count} reached it")
    return median(rates)
