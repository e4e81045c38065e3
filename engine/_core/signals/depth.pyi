from typing import Self, final

from engine._core.signals.signal import Signal

@final
class DepthImbalance(Signal):
    reach_ticks: float
    levels: int
    tau_s: float
    score: float
    bid_lots: float
    ask_lots: float
    def __new__(
        cls, *, reach_ticks: float, levels: int = 10, tau_s: float = 300.0
    ) -> Self: ...
