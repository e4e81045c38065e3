from collections.abc import Sequence
from typing import NotRequired, Self, TypedDict, Unpack

from engine._core.quote.models.quoter import Quoter, _ShapeWithDecay

ASSET_KEYS: tuple[str, ...]

_Row = Sequence[float]

def correlations(rows: float | Sequence[_Row], n: int) -> list[list[float]]: ...
def multi_asset_coefficients(
    *,
    gamma: float,
    xi: float,
    k_per_tick: _Row,
    a_per_s: _Row,
    qty_lots: _Row,
    sigma_ticks: _Row,
    correlation: float | Sequence[_Row],
    tick_value: _Row | None = None,
) -> tuple[list[float], list[list[float]]]: ...
def multi_asset_quotes(
    fair_ticks: _Row,
    inventory_lots: _Row,
    *,
    gamma: float,
    xi: float,
    k_per_tick: _Row,
    a_per_s: _Row,
    qty_lots: _Row,
    sigma_ticks: _Row,
    correlation: float | Sequence[_Row],
    tick_value: _Row | None = None,
) -> list[tuple[float, float]]: ...

class _Asset(TypedDict):
    name: str
    k_per_tick: float
    a_per_s: float
    qty_lots: float
    cold_sigma_ticks: NotRequired[float]

class MultiAssetQuoter(Quoter):
    names: tuple[str, ...]
    def __new__(
        cls,
        *,
        assets: Sequence[_Asset],
        gamma: float,
        correlation: float | Sequence[_Row],
        xi: float | None = None,
        **shape: Unpack[_ShapeWithDecay],
    ) -> Self: ...
