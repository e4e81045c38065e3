from collections.abc import Sequence

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
