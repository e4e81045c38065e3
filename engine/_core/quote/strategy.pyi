from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from engine._core.quote.sheet import QuoteSheet
from engine._core.signals.signal import Signal

_S = TypeVar("_S", bound=Signal)

class View:
    name: str
    now_ns: int
    mark_price: float
    index_price: float
    underlying_price: float
    current_funding: float
    funding_8h: float
    inventory_limit_lots: int
    @property
    def best_bid_ticks(self) -> int: ...
    @property
    def best_ask_ticks(self) -> int: ...
    @property
    def best_bid_lots(self) -> int: ...
    @property
    def best_ask_lots(self) -> int: ...
    @property
    def mid_ticks(self) -> float: ...
    @property
    def micro_ticks(self) -> float: ...
    @property
    def imbalance(self) -> float: ...
    @property
    def sigma_ticks(self) -> float: ...
    @property
    def sigma_is_warm(self) -> bool: ...
    @property
    def inventory_lots(self) -> int: ...
    @property
    def pending_lots(self) -> int: ...
    @property
    def tick_size(self) -> float: ...
    @property
    def lot_size(self) -> float: ...
    @property
    def maker_fee(self) -> float: ...
    @property
    def taker_fee(self) -> float: ...
    def levels(self, side: str, n: int = 10) -> list[tuple[int, int]]: ...
    def other(self, name: str) -> View | None: ...
    @staticmethod
    def for_test(
        row: Mapping[str, Any],
        bids: Sequence[tuple[int, int]],
        asks: Sequence[tuple[int, int]],
        inventory_lots: int = 0,
        inventory_limit_lots: int = 1000,
        sigma_ticks: float | None = None,
        mark_price: float = 0.0,
        now_ns: int = 0,
        average_price: float = 0.0,
        others: Iterable[View] = (),
        index_price: float = 0.0,
        pending_lots: int = 0,
        underlying_price: float = 0.0,
        current_funding: float = 0.0,
        funding_8h: float = 0.0,
    ) -> View: ...

def sheet_for(view: View) -> QuoteSheet: ...

class Strategy:
    error: str
    @property
    def reads(self) -> tuple[str, ...]: ...
    def listen(self, signal: _S, instrument: str = "") -> _S: ...
    def watch(self, instrument: str) -> None: ...
    def quote(self, view: View, sheet: QuoteSheet) -> None: ...
