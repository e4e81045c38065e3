from typing import Self, final

from engine._core.signals.signal import Signal
from engine._core.signals.volatility import EwmaVolatility

@final
class EwmaCross(Signal):
    fast_s: float
    slow_s: float
    volatility: EwmaVolatility
    fast_ticks: float
    slow_ticks: float
    def __new__(
        cls, *, fast_s: float, slow_s: float, sample_s: float | None = None
    ) -> Self: ...

@final
class Breakout(Signal):
    window_s: float
    smooth_s: float
    high_ticks: float
    low_ticks: float
    def __new__(cls, *, window_s: float, smooth_s: float | None = None) -> Self: ...
