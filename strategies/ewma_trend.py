"""Follow the trend by the crossover of averages, at a risk that stays the same."""

from typing import Any

from engine import EwmaCross, TrendTaker

SPEEDS = (1, 2, 4)  # the second and third pair of averages are this much slower
SLOW = 4  # and the slow one of a pair is this much slower than its fast one


class EwmaTrend(TrendTaker):
    """Hold more the further a fast average of the price is above a slow one.

    Idea: prices that have risen tend to rise on, a little. Three pairs of averages,
    each twice as slow, in deviations of a price without drift, make the forecast; the
    position is scaled by volatility. docs/strategies/ewma_trend.md

    Parameters (all by name):
        fast_s: time constant of the fastest average, seconds; the slowest of the three
            pairs has 16 times that, and has to know twice as long of the past: from
            300 on the venue's candles tell it.
        risk_usd_day: deviation of a day's result at a forecast of 1, US dollars.
        lots_max: the position goes no further either way, lots.
        forecast_max: a forecast goes no further, deviations. Default 2.
        buffer: no trade within this share of the position of 1. Default 0.1.
        vol_tau_s, vol_sample_s: of the volatility, seconds. Default 1800 and 1.
        take_max_lots, take_min_lots, reach_ticks, spread_max_ticks: as in
            strategies/delta_hedger.py.

    What kills it: markets that go to and fro at its speed; costs, where the spans are
    short: each turn pays the spread and the taker fee; jumps against the position.
    """

    def __init__(self, *, fast_s: float, **params: Any) -> None:
        pairs = [(fast_s * speed, fast_s * speed * SLOW) for speed in SPEEDS]
        crosses = [EwmaCross(fast_s=fast, slow_s=slow) for fast, slow in pairs]
        super().__init__([self.listen(cross) for cross in crosses], **params)
