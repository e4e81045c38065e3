from collections.abc import Sequence
from typing import Literal

from engine._core.base.param import number as number
from engine._core.base.param import whole as whole
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View

LEVELS_LIMIT: int
QTY_LOTS_LIMIT: int
FAIR_PRICES: tuple[str, ...]

_Fair = Literal["micro", "mid"]
_Sizes = int | Sequence[int]

class Quoter(Strategy):
    levels: int
    step_ticks: float
    step_growth: float
    min_edge_ticks: float
    skew_max_ticks: float
    def quote(self, view: View, sheet: QuoteSheet) -> None: ...
