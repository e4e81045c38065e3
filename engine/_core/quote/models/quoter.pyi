from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

from engine._core.base.param import number as number
from engine._core.base.param import whole as whole
from engine._core.quote.models.obligation import Obligation
from engine._core.quote.models.shape import LADDER_SHAPES as LADDER_SHAPES
from engine._core.quote.models.shape import QTY_LOTS_LIMIT as QTY_LOTS_LIMIT
from engine._core.quote.models.shape import SIZE_SHAPES as SIZE_SHAPES
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import Strategy, View
from engine._core.signals.signal import Signal

FAIR_PRICES: tuple[str, ...]

class _Shape(TypedDict, total=False):
    qty_lots: Required[int | Sequence[int]]
    levels: int | None
    step_ticks: float
    step_growth: float
    ladder_shape: Literal["steps", "equal_value"]
    size_growth: float
    size_shape: Literal["geometric", "fill_probability"]
    min_edge_ticks: float
    adverse_ticks: float
    adverse: Signal | None
    hedge_cost_bps: float
    hedge_share: float
    fair: Literal["micro", "mid"] | Signal
    volatility: Signal | None
    cold_sigma_ticks: float
    widen_per_sigma: float
    toxicity: Signal | None
    widen_per_toxicity: float
    skew_max_ticks: float
    size_skew: float
    stop_lots: int
    obligation: Mapping[str, Any] | None

class _ShapeWithDecay(_Shape, total=False):
    k_per_tick: float | None

def signal_of(name: str, value: object) -> Signal | None: ...

class Quoter(Strategy):
    levels: int
    step_ticks: float
    step_growth: float
    min_edge_ticks: float
    skew_max_ticks: float
    cold_sigma_ticks: float
    fair_signal: Signal | None
    volatility: Signal | None
    toxicity: Signal | None
    adverse: Signal | None
    adverse_ticks: float
    hedge_cost_bps: float
    hedge_share: float
    widen_per_sigma: float
    widen_per_toxicity: float
    size_skew: float
    stop_lots: int
    obligation: Obligation | None
    def quote(self, view: View, sheet: QuoteSheet) -> None: ...
