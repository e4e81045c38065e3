from collections.abc import Sequence
from typing import Literal

from engine._core.quote.models.taker import Taker
from engine._core.signals.signal import Signal
from engine._core.signals.volatility import EwmaVolatility

FORECASTS_LIMIT: int

class TrendTaker(Taker):
    pace: EwmaVolatility
    scale: float
    forecast_max: float
    risk_usd_day: float
    lots_max: float
    buffer: float
    wished_lots: float
    def __init__(
        self,
        forecasts: Sequence[Signal],
        *,
        risk_usd_day: float,
        lots_max: float,
        scale: float = 1.0,
        forecast_max: float = 2.0,
        buffer: float = 0.1,
        vol_tau_s: float = 1800.0,
        vol_sample_s: float = 1.0,
        take_max_lots: int,
        take_min_lots: int = 1,
        reach_ticks: float = 0.0,
        spread_max_ticks: float = ...,
        stop: Literal["edge", "middle"] = "edge",
    ) -> None: ...
