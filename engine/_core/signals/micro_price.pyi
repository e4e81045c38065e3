from collections.abc import Iterable
from typing import Self, final

from engine._core.signals.signal import Signal

def imbalance_bucket(bid_lots: float, ask_lots: float, buckets: int) -> int: ...

@final
class MicroPrice(Signal):
    buckets: int
    spreads: int
    adjust_ticks: float
    def __new__(cls, *, table: Iterable[Iterable[float]]) -> Self: ...
