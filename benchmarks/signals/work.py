"""The program that is counted: ``work MARKS.so``, under callgrind.

Every signal hears the same events by the same calls; a `Signal` that does nothing hears
them, too, and what it takes is subtracted: what is left is the signal's own.
"""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine._core.signals.basis import Basis, FundingExpectation
from engine._core.signals.depth import DepthImbalance
from engine._core.signals.micro_price import MicroPrice
from engine._core.signals.order_flow import OrderFlowImbalance
from engine._core.signals.reference import Reference
from engine._core.signals.signal import Signal
from engine._core.signals.trade_flow import Toxicity, TradeFlowImbalance
from engine._core.signals.trend import Breakout, EwmaCross
from engine._core.signals.volatility import EwmaVolatility, TwoScaleVolatility
from engine._core.state.book import Book

EVENTS, WARM = 1_000, 300
STEP_NS = 20_000_000
TABLE = [[-0.4, -0.2, 0.0, 0.2, 0.4]] * 3
SIGNALS: dict[str, Callable[[], Signal]] = {
    "Signal": Signal,
    "EwmaVolatility": EwmaVolatility,
    "TwoScaleVolatility": TwoScaleVolatility,
    "OrderFlowImbalance": OrderFlowImbalance,
    "TradeFlowImbalance": TradeFlowImbalance,
    "Toxicity": lambda: Toxicity(bucket_lots=50),
    "DepthImbalance": lambda: DepthImbalance(reach_ticks=20),
    "MicroPrice": lambda: MicroPrice(table=TABLE),
    "Basis": Basis,
    "FundingExpectation": FundingExpectation,
    "Reference": Reference,
    "EwmaCross": lambda: EwmaCross(fast_s=2.0, slow_s=8.0),
    "Breakout": lambda: Breakout(window_s=10.0),
}
KINDS = ("book", "trade", "ticker", "call")


def play(
    signal: Signal,
    book: Book,
    kind: str,
    first: int,
    count: int,
    toggle: Callable[[], object] = lambda: None,
) -> None:
    """Let a signal hear so many events of a kind, 20 ms apart, the same for all.

    What is counted is the call between the toggles: not how the event is made.
    """
    rng = random.Random(first)
    for number in range(first, first + count):
        hear = _event(signal, book, kind, rng, (number + 1) * STEP_NS)
        toggle()
        hear()
        toggle()


def _event(
    signal: Signal, book: Book, kind: str, rng: random.Random, now_ns: int
) -> Callable[[], None]:
    if kind == "book":
        _replace(book, rng)
        return partial(signal.observe_book, book, now_ns)
    if kind == "trade":
        side = "buy" if rng.random() < 0.5 else "sell"
        return partial(signal.observe_trade, side, 1_000, rng.randint(1, 30), now_ns)
    if kind == "ticker":
        mark = 50_000.0 + rng.randint(-50, 50)
        prices = {"mark_price": mark, "index_price": 50_000.0}
        return partial(signal.observe_ticker, now_ns, **prices)
    return partial(signal.observe_time, now_ns)


def _replace(book: Book, rng: random.Random) -> None:
    """Replace the book: ten levels a side around a mid that walks."""
    bid = 1_000 + rng.randint(-3, 3)
    levels = [("bid", bid - i, rng.randint(1, 50)) for i in range(10)]
    levels += [("ask", bid + 1 + i, rng.randint(1, 50)) for i in range(10)]
    book.apply_rows(levels, change_id=1, is_snapshot=True)  # type: ignore[arg-type]


def main(library: Path) -> None:
    """Count every signal with every kind of event."""
    # Needs the compiled loops; the table does not.
    from benchmarks.regress.work import Marks

    gc.disable()
    marks = Marks(library)
    for name, make in SIGNALS.items():
        for kind in KINDS:
            signal, book = make(), Book(window_ticks=64)
            if signal.own is not None:
                play(signal.own, book, "book", 0, 1)
            for number, each in enumerate((*KINDS, kind)):
                play(signal, book, each, number * WARM, WARM)
            play(signal, book, kind, (len(KINDS) + 1) * WARM, EVENTS, marks.toggle)
            marks.dump(f"{name} {kind}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
