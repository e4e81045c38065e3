# Delta hedging of other instruments' positions, from fills, inside a no-trade band.
from engine._core.quote.models.taker cimport Gap, Taker
from engine._core.quote.strategy cimport View


cdef class HedgeTaker(Taker):
    cdef:
        readonly tuple legs                # names whose positions are hedged here
        readonly double band_usd           # nothing is done within
        readonly double target_usd         # what legs and hedge are to hold together

    cdef Gap _gap(self, View view, double* gap_lots, double* band_lots) noexcept


# What a position is worth in US dollars at the prices it was traded at; price_now where
# none is known.
cdef double entered_usd(View view, double price_now) noexcept nogil
