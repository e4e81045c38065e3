from collections.abc import Sequence
from typing import Any, Literal

from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View

LEVELS_LIMIT: int
QTY_LOTS_LIMIT: int
FAIR_PRICES: tuple[str, ...]

_Fair = Literal["micro", "mid"]
_Sizes = int | Sequence[int]

def number(
    name: str, value: Any, low: float, high: float = ..., *, open_low: bool = False
) -> float: ...
def whole(name: str, value: Any, low: int, high: int) -> int: ...

class Quoter(Strategy):
    levels: int
    step_ticks: float
    step_growth: float
    min_edge_ticks: float
    skew_max_ticks: float
    def quote(self, view: View, sheet: QuoteSheet) -> None: ...
