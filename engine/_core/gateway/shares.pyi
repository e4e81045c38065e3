from collections.abc import Mapping
from typing import final

@final
class Shares:
    is_split: bool
    def set_parts(self, parts: Mapping[int, float]) -> None: ...
    def left(self, budget: int, pool: int, now_ns: int) -> float: ...
