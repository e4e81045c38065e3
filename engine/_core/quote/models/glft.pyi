from typing import Self, Unpack

from engine._core.quote.models.quoter import Quoter, _Shape

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
    def __new__(
        cls,
        *,
        gamma: float,
        k_per_tick: float,
        a_per_s: float,
        xi: float | None = None,
        **shape: Unpack[_Shape],
    ) -> Self: ...
