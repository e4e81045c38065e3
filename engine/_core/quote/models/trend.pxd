# A trend position: forecasts by signals, sized so that its risk stays the same.
from engine._core.quote.models.taker cimport Gap, Taker
from engine._core.quote.strategy cimport View
from engine._core.signals.volatility cimport EwmaVolatility

cdef enum:
    FORECASTS_MAX = 8


cdef class TrendTaker(Taker):
    cdef:
        tuple forecasts                    # Signal, of one instrument or several
        readonly EwmaVolatility pace                # of the own mid, over vol_tau_s
        readonly double scale              # of a signal's value to a forecast
        readonly double forecast_max       # a forecast goes no further either way
        readonly double risk_usd_day       # deviation of a day's result, forecast 1
        readonly double lots_max           # the position goes no further either way
        readonly double buffer             # band, as a share of the position of 1
        readonly double wished_lots        # as of the last call, before the buffer

    cdef Gap _gap(self, View view, double* gap_lots, double* band_lots) noexcept


# Lots whose result has a deviation of risk_usd over a time, at a price and volatility.
cdef double lots_at_risk(
    View view, double sigma_ticks, double risk_usd, double time_s) noexcept nogil
