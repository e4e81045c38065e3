from collections.abc import Sequence
from typing import Self

from engine._core.quote.models.package import PackageTaker

class ParityTaker(PackageTaker):
    strike: float
    delivery_fee: float
    def __new__(
        cls,
        *,
        call: str,
        put: str,
        future: str,
        strike: float,
        delivery_fee: float = 0.00015,
        clip_lots: int,
        edge_bps: float,
        exit_bps: float = 0.0,
        reach_ticks: float | Sequence[float] = 10,
        leg_timeout_s: float = 2.0,
        stop_s: float = 3600.0,
    ) -> Self: ...

class BoxTaker(PackageTaker):
    low_strike: float
    high_strike: float
    usd_rate: float
    delivery_fee: float
    def __new__(
        cls,
        *,
        low_call: str,
        low_put: str,
        high_call: str,
        high_put: str,
        low_strike: float,
        high_strike: float,
        future: str = "",
        usd_rate: float = 0.0,
        delivery_fee: float = 0.00015,
        clip_lots: int,
        edge_bps: float,
        exit_bps: float = 0.0,
        reach_ticks: float | Sequence[float] = 10,
        leg_timeout_s: float = 2.0,
        stop_s: float = 3600.0,
    ) -> Self: ...
