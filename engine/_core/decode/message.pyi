from typing import Any

from engine._core.base.instrument import InstrumentTable

KIND_NAMES: dict[int, str]
STATUS_NAMES: tuple[str, ...]

class Decoder:
    surprises: int
    def __init__(self, table: InstrumentTable) -> None: ...
    def read(self, payload: bytes, size: int = -1) -> dict[str, Any]: ...
