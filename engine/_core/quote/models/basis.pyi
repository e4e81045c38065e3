from collections.abc import Sequence
from typing import Self

from engine._core.quote.models.package import PackageTaker
from engine._core.signals.basis import Basis

class BasisTaker(PackageTaker):
    fair_rate: float
    fair_bps: float
    fair_tau_s: float
    future_basis: Basis | None
    perpetual_basis: Basis | None
    def __new__(
        cls,
        *,
        future: str,
        perpetual: str,
        fair_rate: float = 0.0,
        fair_bps: float = 0.0,
        fair_tau_s: float = 0.0,
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
    funding_half_life_s: float
    delivery_fee: float
    def __new__(
        cls,
        *,
        future: str,
        perpetual: str,
        hurdle_rate: float,
        funding_8h: float = 0.0,
        funding_half_life_s: float = 0.0,
        delivery_fee: float = 0.00025,
        clip_lots: int,
        edge_bps: float = 0.0,
        exit_bps: float = 0.0,
        reach_ticks: float | Sequence[float] = 10,
        leg_timeout_s: float = 2.0,
        stop_s: float = 3600.0,
    ) -> Self: ...
