from typing import Self, final

from engine._core.signals.basis import Standing
from engine._core.signals.signal import Signal

@final
class OwnPrice(Signal): ...

@final
class Reference(Standing):
    weight_of_gap: float
    gap_ticks: float
    def __new__(cls, *, tau_s: float = 60.0, weight: float = 1.0) -> Self: ...
