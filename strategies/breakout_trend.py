"""Follow a breakout from the range of a window, at a risk that stays the same."""

from typing import Any

from engine import Breakout, TrendTaker

STRONG = 2.0  # the forecast of a price that stays at the edge of its range


class BreakoutTrend(TrendTaker):
    """Be long at the high of the last window, short at its low, in proportion between.

    Idea: a price that leaves its range tends to go on. The place in the range is
    smoothed and is the forecast; the position is scaled by volatility. It trades less
    often than averages do and gives up sooner. docs/strategies/breakout_trend.md

    Parameters (all by name):
        window_s: length of the window, seconds; it has to know as much of the past:
            from 1920 on the venue's candles tell it.
        smooth_s: time constant of the smoothing, seconds. Default window_s / 4.
        risk_usd_day, lots_max, forecast_max, buffer, vol_tau_s, vol_sample_s: as in
            strategies/ewma_trend.py.
        take_max_lots, take_min_lots, reach_ticks, spread_max_ticks: as in
            strategies/delta_hedger.py.

    What kills it: ranges that are broken only to be entered again; costs, where the
    window is short; jumps against the position.
    """

    def __init__(
        self, *, window_s: float, smooth_s: float | None = None, **params: Any
    ) -> None:
        place = self.listen(Breakout(window_s=window_s, smooth_s=smooth_s))
        super().__init__([place], scale=STRONG, **params)
