from typing import Any, Self, final

from engine._core.base.instrument import InstrumentTable

KIND_NAMES: dict[int, str]

@final
class Decoder:
    surprises: int
    quick: int
    def __new__(cls, table: InstrumentTable) -> Self: ...
    def read(self, payload: bytes, size: int = -1) -> dict[str, Any]: ...
