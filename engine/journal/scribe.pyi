from typing import final

from engine._core.base.recordbuf import RecordBuf

@final
class Scribe:
    written: int
    direct: int
    error: int
    def __init__(
        self,
        records: RecordBuf,
        fd: int,
        written: int,
        bell: int = -1,
        button: int = -1,
    ) -> None: ...
    def drain(self) -> bool: ...
    def run(self) -> None: ...
    def end(self) -> None: ...
    def wake(self) -> None: ...
