from typing import Self, final

from engine._core.signals.signal import Signal

@final
class EwmaVolatility(Signal):
    variance: float
    sample_ns: int
    tau_s: float
    warm_samples: int
    n_samples: int
    def __new__(
        cls, *, sample_s: float = 0.1, tau_s: float = 60.0, warm_samples: int = 50
    ) -> Self: ...
