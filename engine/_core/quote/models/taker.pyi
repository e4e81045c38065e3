from engine._core.quote.models.shape import QTY_LOTS_LIMIT as QTY_LOTS_LIMIT
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View

BAND_STOPS: tuple[str, ...]

class Taker(Strategy):
    reach_ticks: float
    spread_max_ticks: float
    take_max_lots: int
    take_min_lots: int
    def quote(self, view: View, sheet: QuoteSheet) -> None: ...
