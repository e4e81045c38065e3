from collections.abc import Iterable
from typing import Literal, Self, final

STATE_NAMES: dict[int, str]
OUTCOME_NAMES: dict[int, str]
SIDES: dict[str, int]
TICKS_LIMIT: int

_Outcome = Literal["quiet", "touch", "stale", "gap", "waiting", "crossed"]
_SideName = Literal["bid", "ask"]

@final
class Book:
    state: int
    change_id: int
    venue_ms: int
    updated_ns: int
    overflows: int
    rebases: int
    window_ticks: int
    def __new__(cls, *, window_ticks: int = 65536) -> Self: ...
    @property
    def state_name(self) -> Literal["empty", "readable", "gapped", "crossed"]: ...
    @property
    def memory_cap_bytes(self) -> int: ...
    def apply_rows(
        self,
        rows: Iterable[tuple[_SideName, int, int]],
        *,
        change_id: int,
        prev_change_id: int = -1,
        is_snapshot: bool = False,
        venue_ms: int = 0,
        now_ns: int = 0,
    ) -> _Outcome: ...
    def levels(
        self, side: _SideName, n: int | None = None
    ) -> list[tuple[int, int]]: ...
    def qty(self, side: _SideName, price_ticks: int) -> int: ...
    def mark_lost(self) -> None: ...
    def forget(self) -> None: ...
    def check(self) -> str: ...
