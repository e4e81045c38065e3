from typing import final

@final
class Caps:
    open_orders_max: int
    requests_per_s_max: int
    def set(self, open_orders_max: int, requests_per_s_max: int) -> None: ...
