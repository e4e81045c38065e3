from typing import Any, Self, final

DUTIES: tuple[str, ...]

@final
class Obligation:
    spread_max_ticks: float
    spread_max_bps: float
    qty_min_lots: int
    uptime_min_pct: float
    period_s: float
    elapsed_s: float
    met_s: float
    paid_s: float
    def __new__(
        cls,
        *,
        spread_max_ticks: float = 0.0,
        spread_max_bps: float = 0.0,
        qty_min_lots: int = 1,
        uptime_min_pct: float = 100.0,
        period_s: float = 86400.0,
    ) -> Self: ...
    @property
    def duty(self) -> str: ...
    @property
    def uptime_pct(self) -> float: ...
    def describe(self) -> dict[str, Any]: ...
