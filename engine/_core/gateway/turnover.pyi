from collections.abc import Mapping

PRODUCTS: dict[int, str]

class Turnover:
    def __init__(self, per_coin: Mapping[str, float], free: float) -> None: ...
    def describe(self) -> dict[str, dict[str, float]]: ...
