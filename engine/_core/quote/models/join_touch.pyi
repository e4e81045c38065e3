from typing import Self, Unpack

from engine._core.quote.models.quoter import Quoter, _ShapeWithDecay

class JoinTouchQuoter(Quoter):
    skew_ticks: float
    improve_ticks: float
    def __new__(
        cls,
        *,
        skew_ticks: float = 0.0,
        improve_ticks: float = 0.0,
        **shape: Unpack[_ShapeWithDecay],
    ) -> Self: ...
