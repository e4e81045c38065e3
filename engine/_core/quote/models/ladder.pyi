from typing import Self

from engine._core.quote.models.quoter import Quoter, _Fair, _Sizes

class LadderQuoter(Quoter):
    half_spread_ticks: float
    skew_ticks: float
    def __new__(
        cls,
        *,
        half_spread_ticks: float,
        skew_ticks: float = 0.0,
        qty_lots: _Sizes,
        levels: int | None = None,
        step_ticks: float = 1.0,
        step_growth: float = 1.0,
        min_edge_ticks: float = 0.0,
        skew_max_ticks: float = ...,
        fair: _Fair = "micro",
    ) -> Self: ...
