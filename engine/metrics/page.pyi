from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

class _Known(Protocol):
    head: bytes
    starts: dict[Any, bytes]

_Family = TypeVar("_Family")
_Labels = TypeVar("_Labels")
_Spread = TypeVar("_Spread")
_Kept = TypeVar("_Kept", bound=_Known)

class Page:
    def __init__(self, rest: Callable[[], object], at_once: int) -> None: ...
    def text(self, lines: bytes) -> None: ...
    def families(
        self,
        rows: Iterable[tuple[_Family, Iterable[tuple[_Labels, float | _Spread]]]],
        known: dict[_Family, _Kept],
        learn: Callable[[_Family], _Kept],
        begin: Callable[[_Kept, _Family, _Labels], bytes],
        spread: Callable[[_Kept, _Family, _Labels, _Spread], object],
    ) -> None: ...
    def lines_of(self, starts: tuple[bytes, ...], values: list[float]) -> None: ...
    def written(self) -> bytes: ...
