"""Delta hedging inside a no-trade band, from fills and not from the mark.

    held = sum over legs of what each future was traded for, US dollars, and of what
           each option moves with
    gap  = target - held - own position;  a take only where |gap| > band

An inverse contract is a number of dollars, so what it was traded for is its size. A
linear one counts at its average entry price. Neither moves when the market does: only a
fill opens the gap, and a market that swings does not make the hedger pay the spread to
and fro. The price of that: hedged is the amount of dollars at entry. A linear leg held
while the price moves by x leaves x of its value unhedged until it trades again, and two
inverse legs at different prices leave size * (1/F - 1/S) coins, the basis.

An option is held for its delta, which does move with the market. It counts at the
dollars of a future that moves the account as it does now, with the venue's delta
(Black's) and forward of its expiry:

    inverse   coins * (delta - mark price in coins) * forward
    linear    coins * delta * forward

The delta less the premium is the net transaction delta of :mod:`options`. Here the band
is what keeps gamma from paying the spread to and fro.

Width of the band. Unhedged delta q that fills move at random, nu dollars^2 a second,
held between -h and h by takes that cost c dollars a dollar, while a risk of k q^2 a
second is run: q is spread evenly over the band, so the risk is k h^2/3, and the takes
move nu/(2h) dollars a second. The sum is least at

    h = (3 c nu / (4 k))^(1/3)

With k = gamma sigma^2 / 2, sigma in 1/sqrt(s) and gamma in 1/dollar, h^3 = 3 c nu /
(2 gamma sigma^2). For an option's delta nu = (Gamma S^2 sigma)^2 in dollars, which is
the band of Whalley and Wilmott.

Source: A. E. Whalley and P. Wilmott, An asymptotic analysis of an optimal hedging model
for option pricing with transaction costs, Mathematical Finance 7(3), 1997, 307-324:
half-width (3/2 cost S Gamma^2 / gamma)^(1/3), here with their delta times S. The
stationary law of a reflected Brownian motion is uniform: J. M. Harrison, Brownian
Motion and Stochastic Flow Systems, 1985, ch. 5.
"""

from libc.math cimport NAN, cbrt, isfinite

from engine._core.base.instrument cimport KIND_FUTURE, KIND_OPTION
from engine._core.base.types cimport ASK, BID
from engine._core.quote.models.taker cimport (
    GAP_ERROR, GAP_KNOWN, GAP_NONE, Gap, Taker, told_lots)
from engine._core.quote.strategy cimport View

from engine._core.base.param import number

LEGS_MAX = 32
"""Positions one hedger looks after."""


def hedge_band_usd(*, double cost_bps, double flow_usd2_per_s, double risk_aversion,
                   double sigma_bps):
    """Return the half-width of the band that costs least, in US dollars.

    Units: cost_bps of the traded amount (fee and half the spread), in 1e-4;
        flow_usd2_per_s, the variance fills add to the position in a second, dollars^2;
        risk_aversion in 1/dollar; sigma_bps in 1e-4 per square root of a second.
    Raises: ValueError: not above 0; names the parameter and the value.
    Source: see the module.
    """
    for name, value in (("flow_usd2_per_s", flow_usd2_per_s), ("sigma_bps", sigma_bps),
                        ("cost_bps", cost_bps), ("risk_aversion", risk_aversion)):
        number(name, value, 0, open_low=True)
    return cbrt(1.5 * cost_bps * 1e-4 * flow_usd2_per_s
                / (risk_aversion * (sigma_bps * 1e-4) ** 2))


cdef double entered_usd(View view, double price_now) noexcept nogil:
    cdef double lots = told_lots(view.position)
    if view.row.inverse:
        return lots * view.row.lot_size
    # Told filled, and no trade seen: there is no entry price yet.
    return lots * view.row.lot_size * (
        view.position.average_price if view.position.average_price > 0.0
        else price_now)


cdef double option_usd(View view) noexcept nogil:
    """Dollars an option position moves with; not finite while the venue told no delta.
    """
    cdef double lots = told_lots(view.position), delta = view.delta
    if lots == 0.0:
        return 0.0
    if view.underlying_price <= 0.0 or view.row.in_coin and view.mark_price <= 0.0:
        return NAN
    if view.row.in_coin:
        delta -= view.mark_price
    return lots * view.row.lot_size * delta * view.underlying_price


cdef class HedgeTaker(Taker):
    """Take in this instrument what offsets the fills of the legs.

    The legs are futures and options on the same coin, quoted in the same process. A leg
    that is not known, or is neither, is an error that leaves the sheet blank and is
    shown. While the delta of an option that is held is not told, nothing is done.

    Units: band_usd and target_usd in US dollars; the shape as in :class:`Taker`.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, legs, band_usd, target_usd=0.0, **shape):
        named = tuple(legs) if isinstance(legs, (list, tuple)) else ()
        if (not 1 <= len(named) <= LEGS_MAX or len(set(named)) != len(named)
                or not all(isinstance(name, str) and name for name in named)):
            raise ValueError(f"legs must be a list of 1 to {LEGS_MAX} instrument names,"
                             f" each once, not {legs!r}")
        self.legs = named
        for name in named:  # called when one of them fills, not at the next tick
            self.cover(name)
        self.band_usd = number("band_usd", band_usd, 0, 1e12)
        self.target_usd = number("target_usd", target_usd, -1e12, 1e12)
        self._shape(**shape)

    cdef Gap _gap(self, View view, double* gap_lots, double* band_lots) noexcept:
        cdef View leg
        cdef double lot_usd = view.row.lot_size
        cdef double price_now = 0.5 * view.row.tick_size * (
            <double>view.own_book.best(BID) + <double>view.own_book.best(ASK))
        cdef double gap_usd = self.target_usd - entered_usd(view, price_now)
        for name in self.legs:
            # Not `view.other`: a book that cannot be read does not end a position.
            leg = view.books.get(name)
            if leg is None or leg is view or leg.row.kind not in (
                    KIND_FUTURE, KIND_OPTION):
                self.error = (f"leg {name} is not another future or option this "
                              "process knows")
                return GAP_ERROR
            gap_usd -= (option_usd(leg) if leg.row.kind == KIND_OPTION
                        else entered_usd(leg, price_now))
        if not isfinite(gap_usd):
            return GAP_NONE
        if not view.row.inverse:
            lot_usd *= price_now
        gap_lots[0] = gap_usd / lot_usd
        band_lots[0] = self.band_usd / lot_usd
        return GAP_KNOWN
