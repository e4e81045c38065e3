from typing import Self, Unpack

from engine._core.quote.models.quoter import Quoter, _Shape

def avellaneda_stoikov_quotes(
    fair_ticks: float,
    inventory_lots: float,
    *,
    sigma_ticks: float,
    gamma: float,
    k_per_tick: float,
    horizon_s: float,
    qty_lots: float = 1.0,
) -> tuple[float, float]: ...
def seconds_left(
    venue_ms: int,
    *,
    horizon_s: float,
    horizon_min_s: float = 0.0,
    close_every_s: int = 0,
    close_offset_s: int = 0,
) -> float: ...

class AvellanedaStoikovQuoter(Quoter):
    gamma: float
    k_per_tick: float
    horizon_s: float
    horizon_min_s: float
    def __new__(
        cls,
        *,
        gamma: float,
        k_per_tick: float,
        horizon_s: float = 60.0,
        horizon_min_s: float = 0.0,
        close_every_s: int = 0,
        close_offset_s: int = 0,
        **shape: Unpack[_Shape],
    ) -> Self: ...
