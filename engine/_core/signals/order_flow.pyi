from typing import Self, final

from engine._core.signals.signal import Signal

@final
class OrderFlowImbalance(Signal):
    tau_s: float
    depth_tau_s: float
    depth_lots: float
    move_ticks: float
    def __new__(cls, *, tau_s: float = 2.0, depth_tau_s: float = 60.0) -> Self: ...
