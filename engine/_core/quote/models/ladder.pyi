from typing import Self, Unpack

from engine._core.quote.models.quoter import Quoter, _ShapeWithDecay

class LadderQuoter(Quoter):
    half_spread_ticks: float
    skew_ticks: float
    def __new__(
        cls,
        *,
        half_spread_ticks: float,
        skew_ticks: float = 0.0,
        **shape: Unpack[_ShapeWithDecay],
    ) -> Self: ...
