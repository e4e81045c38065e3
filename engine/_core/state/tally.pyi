from typing import final

@final
class Tally:
    def set_obligation(
        self, spread_max_bps: float, size_min_lots: int, uptime_min_pct: float
    ) -> None: ...
