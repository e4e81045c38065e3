from collections.abc import Sequence
from typing import Self

from engine._core.quote.models.package import PackageTaker

class BasisTaker(PackageTaker):
    fair_rate: float
    fair_bps: float
    def __new__(
        cls,
        *,
        future: str,
        perpetual: str,
        fair_rate: float = 0.0,
        fair_bps: float = 0.0,
        clip_lots: int,
        edge_bps: float,
        exit_bps: float = 0.0,
        reach_ticks: float | Sequence[float] = 10,
        leg_timeout_s: float = 2.0,
        stop_s: float = 3600.0,
    ) -> Self: ...

class CarryTaker(PackageTaker):
    hurdle_rate: float
    funding_8h: float
    delivery_fee: float
    def __new__(
        cls,
        *,
        future: str,
        perpetual: str,
        hurdle_rate: float,
        funding_8h: float = 0.0,
        delivery_fee: float = 0.00025,
        clip_lots: int,
        edge_bps: float = 0.0,
        exit_bps: float = 0.0,
        reach_ticks: float | Sequence[float] = 10,
        leg_timeout_s: float = 2.0,
        stop_s: float = 3600.0,
    ) -> Self: ...
