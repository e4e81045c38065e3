from collections.abc import Mapping
from typing import final

from engine._core.state.orders import OrderTable

_Currencies = dict[str, tuple[float, float, float]]
_Budgets = dict[str, tuple[float, dict[str, tuple[float, float]]]]

@final
class ExposureTable:
    def set_caps(
        self, account_max_usd: float, by_currency: Mapping[str, tuple[float, float]]
    ) -> None: ...
    def set_budgets(self, budgets: Mapping[str, tuple[float, float]]) -> None: ...
    def totals(self, orders: OrderTable) -> tuple[float, _Currencies]: ...
    def budget_totals(self, orders: OrderTable) -> _Budgets: ...
    def counted(self, orders: OrderTable) -> tuple[float, _Currencies, _Budgets]: ...
