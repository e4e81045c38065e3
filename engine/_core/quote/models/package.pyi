from engine._core.quote.models.shape import QTY_LOTS_LIMIT as QTY_LOTS_LIMIT
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View

class PackageTaker(Strategy):
    legs: tuple[str, ...]
    n_legs: int
    clip_lots: int
    edge_bps: float
    exit_bps: float
    leg_timeout_s: float
    stop_s: float
    @property
    def worst_leg_lots(self) -> int: ...
    def quote(self, view: View, sheet: QuoteSheet) -> None: ...
    def edges_bps(self, view: View) -> tuple[float, float]: ...
    def amounts(self, view: View) -> dict[str, float]: ...
