"""Trend: a position in proportion to a forecast, sized by volatility.

    forecast = mean over signals of clip(scale * value, -most, most)
    one      = risk_usd_day / (sigma sqrt(86400) * dollars a tick and lot)
    wished   = clip(forecast * one, -lots_max, lots_max)
    band     = buffer * min(one, lots_max); beyond it, back to its edge

sigma is in ticks per square root of a second, so `one` is the position whose result has
a standard deviation of risk_usd_day over a day: when the market calms down the position
grows, when it gets rough the position shrinks, and the risk stays. A lot of an inverse
contract of N dollars is worth N/price dollars a tick (one of price), to first order.

The buffer keeps a forecast that trembles from paying the spread each time; it is the
no-trade band of :class:`Taker`, and every trade stops at its edge.

Nothing is done until every signal is ready and the volatility is: a position that was
there before stays until then.

Source: R. Carver, Systematic Trading, 2015, ch. 9-11: forecasts with a cap, volatility
targeting, position inertia of 10 %.
"""

from libc.math cimport sqrt

from engine._core.base.types cimport clip
from engine._core.quote.models.taker cimport (
    GAP_KNOWN, GAP_NONE, Gap, Taker, told_lots)
from engine._core.quote.strategy cimport View
from engine._core.signals.signal cimport Signal
from engine._core.signals.touch cimport mid_of
from engine._core.signals.volatility cimport EwmaVolatility

from engine._core.base.param import number

cdef double DAY_S = 86400.0
FORECASTS_LIMIT = FORECASTS_MAX


cdef double lots_at_risk(
        View view, double sigma_ticks, double risk_usd, double time_s) noexcept nogil:
    cdef double tick_usd = view.row.lot_size * view.row.tick_size
    if view.row.inverse:
        tick_usd = view.row.lot_size / mid_of(view.own_book)
    return risk_usd / (tick_usd * sigma_ticks * sqrt(time_s))


cdef class TrendTaker(Taker):
    """Hold what forecasts say, at a risk that stays the same.

    forecasts: signals the strategy listens to (``self.listen(...)``), 1 to 8.

    Units: risk_usd_day in dollars, a standard deviation; lots_max in lots; vol_tau_s
        and vol_sample_s in seconds; scale, forecast_max and buffer without; the shape
        as in :class:`Taker`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, forecasts, *, risk_usd_day, lots_max, scale=1.0,
                 forecast_max=2.0, buffer=0.1, vol_tau_s=1800.0, vol_sample_s=1.0,
                 **shape):
        found = tuple(forecasts)
        if not 1 <= len(found) <= FORECASTS_MAX or not all(
                isinstance(one, Signal) for one in found):
            raise ValueError(f"forecasts must be 1 to {FORECASTS_MAX} signals, not "
                             f"{forecasts!r}")
        self.risk_usd_day = number("risk_usd_day", risk_usd_day, 0, 1e12,
                                   open_low=True)
        self.lots_max = number("lots_max", lots_max, 1, 1e12)
        self.scale = number("scale", scale, -1e6, 1e6)
        self.forecast_max = number("forecast_max", forecast_max, 0, 100, open_low=True)
        self.buffer = number("buffer", buffer, 0, 10)
        self.pace = self.listen(EwmaVolatility(
            tau_s=number("vol_tau_s", vol_tau_s, 1e-3, 1e9),
            sample_s=number("vol_sample_s", vol_sample_s, 1e-3, vol_tau_s),
            learns=True))
        self.forecasts = found
        self._shape(**shape)

    cdef Gap _gap(self, View view, double* gap_lots, double* band_lots) noexcept:
        cdef double forecast = 0.0, one_lots
        cdef Signal signal
        if not self.pace.is_ready or not self.pace.value > 0.0:
            return GAP_NONE
        for signal in self.forecasts:
            if not signal.is_ready:
                return GAP_NONE
            forecast += clip(self.scale * signal.value, self.forecast_max)
        forecast /= <double>len(self.forecasts)
        one_lots = lots_at_risk(view, self.pace.value, self.risk_usd_day, DAY_S)
        self.wished_lots = clip(forecast * one_lots, self.lots_max)
        gap_lots[0] = self.wished_lots - told_lots(view.position)
        band_lots[0] = self.buffer * clip(one_lots, self.lots_max)
        return GAP_KNOWN
