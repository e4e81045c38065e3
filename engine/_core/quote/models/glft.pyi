from typing import Self

from engine._core.quote.models.quoter import Quoter, _Fair, _Sizes

def glft_coefficients(
    *, gamma: float, xi: float, k_per_tick: float, a_per_s: float, qty_lots: float
) -> tuple[float, float]: ...
def glft_quotes(
    fair_ticks: float,
    inventory_lots: float,
    *,
    sigma_ticks: float,
    gamma: float,
    xi: float,
    k_per_tick: float,
    a_per_s: float,
    qty_lots: float,
) -> tuple[float, float]: ...

class GlftQuoter(Quoter):
    gamma: float
    xi: float
    k_per_tick: float
    a_per_s: float
    cold_sigma_ticks: float
    def __new__(
        cls,
        *,
        gamma: float,
        k_per_tick: float,
        a_per_s: float,
        xi: float | None = None,
        cold_sigma_ticks: float = 0.0,
        qty_lots: _Sizes,
        levels: int | None = None,
        step_ticks: float = 1.0,
        step_growth: float = 1.0,
        min_edge_ticks: float = 0.0,
        skew_max_ticks: float = ...,
        fair: _Fair = "micro",
    ) -> Self: ...
