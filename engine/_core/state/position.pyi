from collections.abc import Mapping
from typing import Any

class Position:
    size_lots: int
    max_abs_lots: int
    average_price: float
    realized_pnl: float
    fees: float
    n_fills: int
    def dump(self) -> dict[str, int | float]: ...
    def load(self, found: Mapping[str, Any]) -> None: ...
