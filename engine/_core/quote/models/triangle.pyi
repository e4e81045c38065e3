from collections.abc import Sequence
from typing import Self

from engine._core.quote.models.package import PackageTaker

class TriangleTaker(PackageTaker):
    def __new__(
        cls,
        *,
        cross: str,
        base: str,
        quote: str,
        clip_lots: int,
        edge_bps: float,
        exit_bps: float | None = None,
        reach_ticks: float | Sequence[float] = 10,
        leg_timeout_s: float = 2.0,
        stop_s: float = 3600.0,
    ) -> Self: ...
