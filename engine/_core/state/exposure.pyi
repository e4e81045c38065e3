from collections.abc import Mapping
from typing import final

from engine._core.state.orders import OrderTable

@final
class ExposureTable:
    def set_caps(
        self, account_max_usd: float, by_currency: Mapping[str, tuple[float, float]]
    ) -> None: ...
    def totals(
        self, orders: OrderTable
    ) -> tuple[float, dict[str, tuple[float, float, float]]]: ...
    def counted(
        self, orders: OrderTable
    ) -> tuple[float, dict[str, tuple[float, float, float]]]: ...
