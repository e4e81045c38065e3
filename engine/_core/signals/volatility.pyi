from typing import Self, final

from engine._core.signals.signal import Signal

class SampledMid(Signal):
    sample_ns: int
    tau_s: float
    warm_samples: int
    n_samples: int

@final
class EwmaVolatility(SampledMid):
    variance: float
    learns: bool
    def __new__(
        cls,
        *,
        sample_s: float = 0.1,
        tau_s: float = 60.0,
        warm_samples: int = 50,
        learns: bool = False,
    ) -> Self: ...

@final
class TwoScaleVolatility(SampledMid):
    variance: float
    noise_ticks: float
    scales: int
    def __new__(
        cls,
        *,
        sample_s: float = 0.1,
        scales: int = 20,
        tau_s: float = 300.0,
        warm_samples: int = 200,
    ) -> Self: ...
