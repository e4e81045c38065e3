"""Put-call parity and boxes, for inverse (coin) and linear (dollar) options.

Parity. A call less a put of one strike K and expiry, for one coin, pays at the delivery
price X

    inverse   1 - K/X coins              linear    X - K dollars

and N USD of the inverse future of that expiry, bought at F, pay N (1/F - 1/X) coins, a
linear future on one coin X - F dollars. So the package call - put - K USD of future
(linear: - one coin) pays 1 - K/F coins (linear F - K dollars) whatever X is: riskless
in the settlement currency. K is what sizes the future, not a delta, nor K/F coins at
the price of some other moment.

Box. Call - put at K1 less call - put at K2 > K1 pays

    inverse   (K2 - K1)/X coins          linear    K2 - K1 dollars

The linear box is a deposit of dollars, riskless as it is. The inverse one is **not**
riskless in coins: it is worth K2 - K1 dollars paid in coins, so it is a deposit of
dollars as well, and who counts in coins is short the coin by it. With K2 - K1 USD of
the future bought beside it, it pays (K2 - K1)/F coins whatever X is. Without the future
its price in dollars, at the index, is compared with the dollars discounted at usd_rate.

Profits are per coin of the options, in bps of the underlying: of the coin where all is
riskless in coins, of the forward (the index for a box without a future) in dollars.
Fees: taker fee of options, of the underlying and at most 12.5 % of the premium; of the
future, of its value; the delivery fee of the options that pay. The ITM option becomes
the future of its expiry before delivery and nets with the hedge, which then pays none.

Source: docs.deribit.com, inverse options and settlement, seen 2026-08-22 (notes of
2026-08 for futures-settled options); the payoffs are checked over price grids in exact
fractions in the tests.
"""

from libc.math cimport INFINITY, exp

from engine._core.base.instrument cimport KIND_OPTION
from engine._core.quote.models.package cimport Leg, PackageTaker, option_fee

from engine._core.base.param import number

cdef double YEAR_S = 365.0 * 86400.0
cdef double BPS = 1e4


cdef inline bint belong(int n_legs, int n_options, const Leg* legs) noexcept nogil:
    """Whether all legs end together, are paid in one way, and of their kind."""
    cdef int i
    for i in range(n_legs):
        if (legs[i].row.expiry_ms != legs[0].row.expiry_ms
                or legs[i].row.in_coin != legs[0].row.in_coin
                or (i < n_options) != (legs[i].row.kind == KIND_OPTION)):
            return False
    return True


cdef inline double paid(int way, const Leg* leg, bint in_coin) noexcept nogil:
    """What taking one coin of an option costs, fee included; negative = received."""
    if way > 0:
        return leg.ask + option_fee(leg, leg.ask, in_coin)
    return option_fee(leg, leg.bid, in_coin) - leg.bid


cdef inline double delivery_cost(
        const Leg* leg, double rate, bint in_coin) noexcept nogil:
    """Fee of an option that pays at the end, at most; dollars as of now."""
    return rate if in_coin else rate * leg.index_price


cdef class ParityTaker(PackageTaker):
    """Take call, put and future when they do not add up.

    The call leads. Inverse or linear follows from the future.

    Units: strike in dollars; delivery_fee as a fraction of the underlying; edge_bps and
        exit_bps in bps of the underlying, fees paid; the rest as in
        :class:`PackageTaker`, clip_lots being lots of the option.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, call, put, future, strike, delivery_fee=0.00015, **package):
        self.strike = number("strike", strike, 0, 1e12, open_low=True)
        self.delivery_fee = number("delivery_fee", delivery_fee, 0, 0.01)
        self._package((call, put, future), (1.0, -1.0, 0.0), **package)

    cdef double _weight(self, int leg, const Leg* legs) noexcept nogil:
        if leg < 2:
            return self.weights[leg]
        return -self.strike if legs[2].row.in_coin else -1.0

    cdef double _edge_bps(
            self, int way, bint is_closing, const Leg* legs) noexcept nogil:
        cdef bint in_coin = legs[2].row.in_coin
        cdef double future = legs[2].bid if way > 0 else legs[2].ask
        cdef double cost
        if not belong(3, 2, legs) or future <= 0.0 or (
                not in_coin and legs[0].index_price <= 0.0):
            return -INFINITY
        cost = paid(way, &legs[0], in_coin) + paid(-way, &legs[1], in_coin)
        if not is_closing:
            cost += delivery_cost(&legs[0], self.delivery_fee, in_coin)
        if in_coin:
            cost += legs[2].row.taker_fee * self.strike / future
            return BPS * (way * (1.0 - self.strike / future) - cost)
        cost += legs[2].row.taker_fee * future
        return BPS * (way * (future - self.strike) - cost) / future


cdef class BoxTaker(PackageTaker):
    """Take four options of two strikes when their fixed payment is mispriced.

    The call of the low strike leads; buying is lending, selling is borrowing. `future`
    makes an inverse box riskless in coins; without it, and for a linear box, it is a
    deposit of high_strike - low_strike dollars for a coin of the options, and has to
    beat usd_rate.

    Units: strikes in dollars; usd_rate as a fraction a year, continuous; delivery_fee
        as a fraction of the underlying; edge_bps and exit_bps in bps of the underlying,
        fees paid; the rest as in :class:`PackageTaker`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, low_call, low_put, high_call, high_put, low_strike,
                 high_strike, future="", usd_rate=0.0, delivery_fee=0.00015, **package):
        self.low_strike = number("low_strike", low_strike, 0, 1e12, open_low=True)
        self.high_strike = number(
            "high_strike", high_strike, self.low_strike, 1e12, open_low=True)
        self.usd_rate = number("usd_rate", usd_rate, -1, 1)
        self.delivery_fee = number("delivery_fee", delivery_fee, 0, 0.01)
        legs = [low_call, low_put, high_call, high_put]
        weights = [1.0, -1.0, -1.0, 1.0]
        if future:
            legs.append(future)
            weights.append(self.high_strike - self.low_strike)
        self._package(legs, weights, **package)

    cdef double _edge_bps(
            self, int way, bint is_closing, const Leg* legs) noexcept nogil:
        cdef double width = self.high_strike - self.low_strike
        cdef bint is_hedged = self.n_legs == 5
        cdef bint in_coin = legs[0].row.in_coin
        cdef double future, cost, index = legs[0].index_price
        if not belong(self.n_legs, 4, legs) or index <= 0.0 or (
                is_hedged and not in_coin):
            return -INFINITY
        cost = (paid(way, &legs[0], in_coin) + paid(-way, &legs[1], in_coin)
                + paid(-way, &legs[2], in_coin) + paid(way, &legs[3], in_coin))
        # Of each strike one option pays, wherever the price ends.
        if not is_closing:
            cost += 2.0 * delivery_cost(&legs[0], self.delivery_fee, in_coin)
        if is_hedged:
            future = legs[4].ask if way > 0 else legs[4].bid
            cost += legs[4].row.taker_fee * width / future
            return BPS * (way * width / future - cost)
        if in_coin:
            cost *= index
        width *= exp(-self.usd_rate * legs[0].left_s / YEAR_S)
        return BPS * (way * width - cost) / index
