from typing import Self, TypedDict, final

from engine._core.signals.signal import Signal

DRIFT_NAMES: tuple[str, ...]

class _Gauge(TypedDict):
    live: float | None
    standard_error: float | None
    configured: float | None
    is_off: bool

@final
class Drift(Signal):
    tau_s: float
    ratio_max: float
    horizon_s: float
    takes_min: int
    k_per_tick: float
    a_per_s: float
    sigma_ticks: float
    adverse_ticks: float
    takes: float
    def __new__(
        cls,
        *,
        k_per_tick: float = 0.0,
        a_per_s: float = 0.0,
        sigma_ticks: float = 0.0,
        adverse_ticks: float = 0.0,
        tau_s: float = 1800.0,
        horizon_s: float = 10.0,
        ratio_max: float = 1.5,
        takes_min: int = 200,
    ) -> Self: ...
    def readings(self) -> dict[str, _Gauge]: ...
