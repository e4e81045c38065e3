from typing import final

@final
class Credits:
    n_pools: int
    names: list[str]
    def __init__(self, reserve: int) -> None: ...
    def describe(self, now_ns: int) -> dict[str, dict[str, float]]: ...
