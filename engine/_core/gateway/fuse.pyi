from collections.abc import Mapping
from typing import Any

def judge(
    row: Mapping[str, Any],
    limits: Mapping[str, float],
    *,
    side: str,
    price_ticks: int,
    amount_lots: int,
    position_lots: int = 0,
    own_other_ticks: int | None = None,
    reference_ticks: float = 0.0,
    index_ticks: float = 0.0,
    fair_ticks: float = 0.0,
    credits: int = 10,
    stance: str = "normal",
    is_take: bool = False,
    mark_price: float = 0.0,
    account_max_usd: float = 0.0,
    currency_max_usd: float = 0.0,
    delta_max: float = 0.0,
    budget_max_usd: float = 0.0,
    budget_delta_max_usd: float = 0.0,
) -> str: ...
