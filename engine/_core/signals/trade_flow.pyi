from typing import Self, final

from engine._core.signals.signal import Signal

@final
class TradeFlowImbalance(Signal):
    tau_s: float
    warm_trades: int
    n_trades: int
    bought_lots: float
    sold_lots: float
    recent_trades: float
    def __new__(cls, *, tau_s: float = 10.0, warm_trades: int = 20) -> Self: ...

@final
class Toxicity(Signal):
    bucket_lots: float
    buckets: float
    n_buckets: float
    def __new__(cls, *, bucket_lots: float, buckets: int = 50) -> Self: ...
