"""Avellaneda-Stoikov quotes, in ticks, lots and seconds.

    reservation price    r = s - q gamma sigma^2 (T - t)
    total spread         gamma D sigma^2 (T - t) + 2/(gamma D) ln(1 + gamma D/k)

s is the fair price in ticks, q the inventory in lots, sigma the volatility in ticks per
square root of a second, gamma the risk aversion in 1/(tick * lot), k the decay of the
fill intensity A exp(-k depth) in 1/tick. The paper trades one unit a fill; D, the size
of our first level in lots, restores the unit (D = 1 is the paper's formula as printed),
so that gamma and q can both be per lot.

The venue never closes, so T - t is by default a rolling horizon_s: how long inventory
is expected to be held, not the time to some end of day. Where there is an end that
matters, a delivery or a funding payment, close_every_s makes the horizon finite as in
the paper: T - t falls to the next close, close_offset_s past each multiple of
close_every_s in the venue's time, and begins anew. It never counts less than
horizon_min_s, below which the model would drop its caution just when inventory has to
go, and never more than horizon_s. sigma enters squared: it is a variance times a time.
k comes from trades (how much less often a deeper quote is reached), not from the shape
of the book.

Source: M. Avellaneda and S. Stoikov, High-frequency trading in a limit order book,
Quantitative Finance 8(3), 2008, 217-224: reservation price eq. (29), spread eq. (30).
"""

from libc.math cimport log1p
from libc.stdint cimport int64_t

from engine._core.base.types cimport clip
from engine._core.quote.models.quoter cimport Inner, Quoter
from engine._core.quote.strategy cimport View

from engine._core.base.param import number, whole


cdef double reservation_skew_ticks(
        double inventory_lots, double variance, double gamma, double horizon_s
        ) noexcept nogil:
    """Return fair less reservation price. Units: ticks; variance in ticks^2/s."""
    return inventory_lots * gamma * variance * horizon_s


cdef double half_spread_ticks(
        double variance, double gamma, double k_per_tick, double horizon_s,
        double qty_lots) noexcept nogil:
    """Return half the total spread. Units: ticks; variance in ticks^2/s."""
    cdef double gamma_d = gamma * qty_lots
    cdef double x = gamma_d / k_per_tick
    # ln(1+x)/x goes to 1; the quotient of log1p is exact down to the smallest x.
    cdef double log_ratio = log1p(x) / x if x > 0.0 else 1.0
    return 0.5 * gamma_d * variance * horizon_s + log_ratio / k_per_tick


def avellaneda_stoikov_quotes(
        double fair_ticks, double inventory_lots, *, double sigma_ticks, double gamma,
        double k_per_tick, double horizon_s, double qty_lots=1.0):
    """Return ``(bid_ticks, ask_ticks)`` of the first level, unrounded.

    Units: prices in ticks, inventory_lots and qty_lots in lots, sigma_ticks in ticks
        per square root of a second, gamma in 1/(tick * lot), k_per_tick in 1/tick,
        horizon_s in seconds.
    Source: see the module, eq. (29) and (30).
    """
    cdef double variance = sigma_ticks * sigma_ticks
    cdef double centre_ticks = fair_ticks - reservation_skew_ticks(
        inventory_lots, variance, gamma, horizon_s)
    cdef double half_ticks = half_spread_ticks(
        variance, gamma, k_per_tick, horizon_s, qty_lots)
    return centre_ticks - half_ticks, centre_ticks + half_ticks


cdef double seconds_to_close(
        int64_t venue_ms, int64_t close_every_ms, int64_t close_offset_ms,
        double longest_s, double shortest_s) noexcept nogil:
    cdef int64_t since_ms
    cdef double left_s
    if close_every_ms == 0:
        return longest_s
    since_ms = (venue_ms - close_offset_ms) % close_every_ms
    if since_ms < 0:
        since_ms += close_every_ms
    left_s = 1e-3 * <double>(close_every_ms - since_ms)
    if left_s > longest_s:
        return longest_s
    return left_s if left_s > shortest_s else shortest_s


def seconds_left(int64_t venue_ms, *, double horizon_s, double horizon_min_s=0.0,
                 int64_t close_every_s=0, int64_t close_offset_s=0):
    """Return T - t at a time of the venue. Units: seconds; venue_ms since the epoch."""
    return seconds_to_close(venue_ms, 1000 * close_every_s, 1000 * close_offset_s,
                            horizon_s, horizon_min_s)


cdef class AvellanedaStoikovQuoter(Quoter):
    """Quote around the reservation price with the optimal spread of the 2008 paper.

    Blank until the volatility is warm, unless cold_sigma_ticks stands in for it.

    Units: gamma in 1/(tick * lot); k_per_tick in 1/tick; horizon_s and horizon_min_s in
        seconds; close_every_s in whole seconds, 0 = rolling (86,400 with close_offset_s
        28,800 is every day at 08:00 UTC); the shape as in :class:`Quoter`; the first of
        qty_lots is the D of the formula.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, gamma, k_per_tick, horizon_s=60.0, horizon_min_s=0.0,
                 close_every_s=0, close_offset_s=0, **shape):
        self.gamma = number("gamma", gamma, 0, 1e6, open_low=True)
        self.k_per_tick = number("k_per_tick", k_per_tick, 1e-9, 1e6)
        self.horizon_s = number("horizon_s", horizon_s, 1e-3, 1e7)
        self.horizon_min_s = number("horizon_min_s", horizon_min_s, 0, self.horizon_s)
        self.close_every_ms = 1000 * whole("close_every_s", close_every_s, 0, 10**8)
        self.close_offset_ms = 1000 * whole("close_offset_s", close_offset_s, 0, 10**8)
        self._shape(k_per_tick=self.k_per_tick, **shape)

    cdef bint _aim(self, View view, double fair_ticks, Inner* inner) noexcept:
        cdef double sigma_ticks = self._sigma(view)
        cdef double variance = sigma_ticks * sigma_ticks
        cdef double centre_ticks, half_ticks, left_s
        if sigma_ticks < 0.0:
            return False
        left_s = seconds_to_close(
            view.own_book.venue_ms, self.close_every_ms, self.close_offset_ms,
            self.horizon_s, self.horizon_min_s)
        centre_ticks = fair_ticks - clip(reservation_skew_ticks(
            <double>view.position.size_lots, variance, self.gamma, left_s),
            self.skew_max_ticks)
        half_ticks = half_spread_ticks(
            variance, self.gamma, self.k_per_tick, left_s, <double>self.level_lots[0])
        inner.bid_ticks = centre_ticks - half_ticks
        inner.ask_ticks = centre_ticks + half_ticks
        return True
