from collections.abc import Sequence
from typing import Literal, Self

from engine._core.quote.models.taker import Taker

LEGS_MAX: int

def hedge_band_usd(
    *,
    cost_bps: float,
    flow_usd2_per_s: float,
    risk_aversion: float,
    sigma_bps: float,
) -> float: ...

class HedgeTaker(Taker):
    legs: tuple[str, ...]
    band_usd: float
    target_usd: float
    def __new__(
        cls,
        *,
        legs: Sequence[str],
        band_usd: float,
        target_usd: float = 0.0,
        take_max_lots: int,
        take_min_lots: int = 1,
        reach_ticks: float = 0.0,
        spread_max_ticks: float = ...,
        stop: Literal["edge", "middle"] = "edge",
    ) -> Self: ...
