"""Triangular spot: a cross rate against the rate that two other pairs imply.

With ETH_BTC the cross, ETH_USDC the base pair and BTC_USDC the quote pair:

    buy the cross     ETH for BTC, sell the ETH, buy the BTC back
                      gain = ln( bid(ETH_USDC) / (ask(ETH_BTC) ask(BTC_USDC)) )
    sell the cross    gain = ln( bid(ETH_BTC) bid(BTC_USDC) / ask(ETH_USDC) )

less the three taker fees. The circle closes in ETH and BTC and leaves its gain in the
third currency: for u ETH held by the cross, -u ETH are held by the base pair, and the
quote pair holds the BTC that were paid, u times the average price of the cross.

The venue has no position in spot, only balances: what a pair "holds" is the sum of what
we traded in it. After a circle the three cancel in every currency, but each pair keeps
its sum, so the position limits of the pairs bound how much goes round in one direction
before some has come back.

Source: algebra; checked in exact fractions in the tests.
"""

from libc.math cimport INFINITY, log

from engine._core.base.instrument cimport KIND_SPOT
from engine._core.quote.models.package cimport Leg, PackageTaker

cdef double BPS = 1e4


cdef class TriangleTaker(PackageTaker):
    """Take three spot pairs when the cross is off. The cross leads.

    Units: clip_lots in lots of the cross; edge_bps in bps of the value, fees paid;
        exit_bps the same for going back on what is held, edge_bps unless given; the
        rest as in :class:`PackageTaker`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, cross, base, quote, edge_bps, exit_bps=None, **package):
        self._package((cross, base, quote), (1.0, -1.0, 0.0), edge_bps=edge_bps,
                      exit_bps=edge_bps if exit_bps is None else exit_bps, **package)

    cdef double _weight(self, int leg, const Leg* legs) noexcept nogil:
        if leg < 2:
            return self.weights[leg]
        return legs[0].average if legs[0].held != 0.0 else legs[0].ask

    cdef double _edge_bps(
            self, int way, bint is_closing, const Leg* legs) noexcept nogil:
        cdef double ratio, fees = 0.0
        cdef int i
        for i in range(3):
            if legs[i].row.kind != KIND_SPOT or legs[i].bid <= 0.0:
                return -INFINITY
            fees += legs[i].row.taker_fee
        if way > 0:
            ratio = legs[1].bid / (legs[0].ask * legs[2].ask)
        else:
            ratio = legs[0].bid * legs[2].bid / legs[1].ask
        return BPS * (log(ratio) - fees)
