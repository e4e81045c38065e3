from collections.abc import Mapping
from typing import Any, final

@final
class Attribution:
    n_makers: int
    n_takers: int
    n_midless: int
    n_moved: int
    n_elsewhere: int
    def dump(self) -> dict[str, Any]: ...
    def load(self, found: Mapping[str, Any]) -> None: ...
