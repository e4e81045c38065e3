from collections.abc import Mapping
from typing import final

from engine._core.base.stance import STANCES as STANCES
from engine._core.quote.strategy import Strategy
from engine._core.signals.volatility import EwmaVolatility
from engine._core.state.attribution import Attribution
from engine._core.state.book import Book
from engine._core.state.position import Position
from engine._core.state.queue import Queue
from engine._core.state.tally import Tally

AILMENTS: dict[int, str]
DOLLARS: tuple[str, ...]
LIMIT_KEYS: tuple[str, ...]
OPTIONAL_LIMITS: dict[str, float]

@final
class Market:
    index: int
    name: str
    currency: str
    book: Book
    volatility: EwmaVolatility
    position: Position
    queue: Queue
    attribution: Attribution
    tally: Tally
    gaps: int
    is_quoted: bool
    strategy: Strategy | None
    quotes: int
    strategy_errors: int
    why_blank: str
    why_stance: str
    def bind(self, strategy: Strategy, limits: Mapping[str, float]) -> None: ...
