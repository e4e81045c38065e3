from typing import Self, Unpack

from engine._core.quote.models.quoter import Quoter, _ShapeWithDecay

class CrossQuoter(Quoter):
    reference: str
    edge_ticks: float
    skew_ticks: float
    stale_ms: float
    worst_leg_lots: int
    def __new__(
        cls,
        *,
        reference: str,
        edge_ticks: float,
        skew_ticks: float = 0.0,
        stale_ms: float = 2000.0,
        **shape: Unpack[_ShapeWithDecay],
    ) -> Self: ...
