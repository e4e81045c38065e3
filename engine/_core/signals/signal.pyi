from collections.abc import Mapping, Sequence
from typing import Any

from engine._core.signals.past import Candle
from engine._core.state.book import Book

class Signal:
    value: float
    is_ready: bool
    is_warm: bool
    heard_ns: int
    tick_size: float
    own: Signal | None
    def dump(self, now_ns: int) -> dict[str, Any]: ...
    def load(self, found: Mapping[str, Any], now_ns: int, away_ns: int) -> None: ...
    @property
    def past_s(self) -> float: ...
    @property
    def past_step_s(self) -> float: ...
    def learn(self, candles: Sequence[Candle], now_ns: int) -> None: ...
    def observe_book(self, book: Book, now_ns: int, has_moved: bool = True) -> None: ...
    def observe_trade(
        self,
        taker_side: str,
        price_ticks: int,
        qty_lots: int,
        now_ns: int,
        *,
        venue_ms: int | None = None,
    ) -> None: ...
    def observe_ticker(
        self,
        now_ns: int,
        *,
        mark_price: float = 0.0,
        index_price: float = 0.0,
        underlying_price: float = 0.0,
        current_funding: float = 0.0,
        funding_8h: float = 0.0,
    ) -> None: ...
    def observe_time(self, now_ns: int) -> None: ...
