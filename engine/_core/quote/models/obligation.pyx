"""Quoting as an agreement with the venue asks: width, size and time.

A market-maker agreement gives rebates for being there: a bid and an ask at most so far
apart, at least so large, for at least such a share of the time. This holds the terms,
and counts the time in which the wish kept them.

A wish that is too wide or too small is made to fit: tighter around the same centre,
larger on the first level. Limits come first. Where the position limit leaves no room
for the least size, or the spread may not even be a tick, the duty is ``unable``. When
fitting means to quote inside the minimum edge it costs money, and the share of the time
that need not be kept is worth most then: the wish stays as it is (``away``) while
enough of that time has been gained, AWAY_MIN_S at least at first, so that quotes do not
flicker; afterwards the duty is kept at a loss (``paid``).

Counted is the wish, not what stood at the venue: what the engine pulled for a risk
limit or a lost line is not known here. A silence of more than SILENCE_MAX_NS between
two wishes counts as away. What was really kept, the engine reports.

The terms are those of the agreement one has; venues write them per product.
"""

cimport cython

from engine._core.base.instrument cimport (
    KIND_FUTURE_COMBO, KIND_OPTION_COMBO, Instrument, floor_ticks, round_down,
    round_passive, round_up)
from engine._core.base.types cimport (
    ASK, BID, NO_PRICE, nanos_t, price_t, qty_max, qty_t)
from engine._core.quote.strategy cimport View

from engine._core.base.param import number, whole

DUTIES = ("none", "met", "tightened", "paid", "away", "unable")

cdef double AWAY_MIN_S = 5.0                   # gained before it is used
cdef nanos_t SILENCE_MAX_NS = 5000000000
cdef double FAR_TICKS = 1e13                   # no legal price is as far


cdef inline bint has_price(const Instrument* row, price_t ticks) noexcept nogil:
    return ticks != NO_PRICE and (ticks >= 1 or row.kind == KIND_FUTURE_COMBO
                                  or row.kind == KIND_OPTION_COMBO)


cdef inline bint fit_pair(
        View view, const Instrument* row, double centre_ticks, price_t width,
        price_t* bid, price_t* ask) noexcept:
    """Find two legal prices so far apart at most, around a centre, behind the touch."""
    cdef price_t best_bid = view.own_book.best(BID), best_ask = view.own_book.best(ASK)
    cdef price_t low
    if not -FAR_TICKS < centre_ticks < FAR_TICKS:
        return False
    low = floor_ticks(centre_ticks - 0.5 * <double>width + 0.5)
    if low > best_ask - 1:
        low = best_ask - 1
    if low + width < best_bid + 1:
        low = best_bid + 1 - width
    if not has_price(row, low):
        low = 1
    # Towards each other, so that what is legal is never farther apart.
    bid[0], ask[0] = round_up(row, low), round_down(row, low + width)
    return bid[0] < ask[0] and bid[0] < best_ask and ask[0] > best_bid


@cython.final
cdef class Obligation:
    """Terms of quoting, and how much of the time they were kept.

    Give one of the two spreads. Units: spread_max_ticks in ticks, spread_max_bps in
        1e-4 of the fair price, both from the first bid to the first ask; qty_min_lots
        in lots, of each first level; uptime_min_pct in percent of the time (100 =
        always); period_s in seconds: the time is counted anew after each.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def __init__(self, *, spread_max_ticks=0.0, spread_max_bps=0.0, qty_min_lots=1,
                 uptime_min_pct=100.0, period_s=86400.0):
        self.spread_max_ticks = number("spread_max_ticks", spread_max_ticks, 0, 1e9)
        self.spread_max_bps = number("spread_max_bps", spread_max_bps, 0, 1e4)
        if (self.spread_max_ticks > 0.0) == (self.spread_max_bps > 0.0):
            raise ValueError(
                f"an obligation needs spread_max_ticks or spread_max_bps, one of them, "
                f"not {spread_max_ticks!r} and {spread_max_bps!r}")
        if self.spread_max_ticks:
            number("spread_max_ticks", spread_max_ticks, 1, 1e9)
        self.qty_min_lots = whole("qty_min_lots", qty_min_lots, 1, 10**12)
        self.uptime_min_pct = number(
            "uptime_min_pct", uptime_min_pct, 0, 100)
        self.period_s = number("period_s", period_s, 1, 1e9)

    cdef price_t _widest(self, double fair_ticks) noexcept nogil:
        """Widest legal distance of the first bid and ask, whole ticks."""
        cdef double most_ticks = self.spread_max_ticks
        if self.spread_max_bps > 0.0:
            most_ticks = 1e-4 * self.spread_max_bps * fair_ticks
        return <price_t>most_ticks if most_ticks < FAR_TICKS else <price_t>FAR_TICKS

    cdef void begin(self, nanos_t now_ns) noexcept nogil:
        cdef double span_s
        if self.counted_ns > 0 and now_ns > self.counted_ns:
            span_s = 1e-9 * <double>(now_ns - self.counted_ns)
            self.elapsed_s += span_s
            if (now_ns - self.counted_ns <= SILENCE_MAX_NS
                    and DUTY_MET <= self.duty <= DUTY_PAID):
                self.met_s += span_s
                if self.duty == DUTY_PAID:
                    self.paid_s += span_s
            if self.elapsed_s >= self.period_s:
                self.elapsed_s = self.met_s = self.paid_s = 0.0
        self.counted_ns = now_ns
        self.duty = DUTY_NONE

    cdef void fit(self, View view, const Instrument* row, double centre_ticks,
                  double edge_ticks, double fair_ticks, qty_t stop_lots, First* first
                  ) noexcept:
        cdef price_t widest = self._widest(fair_ticks)
        cdef price_t bid = round_passive(row, BID, first.bid_ticks)
        cdef price_t ask = round_passive(row, ASK, first.ask_ticks)
        cdef qty_t least = self.qty_min_lots, limit = view.inventory_limit_lots
        cdef qty_t held = view.position.size_lots
        cdef bint is_small = (first.lots[<int>BID] < least
                              or first.lots[<int>ASK] < least)
        if 0 < stop_lots < limit:
            limit = stop_lots
        self.duty = DUTY_UNABLE
        if widest < 1 or limit - held < least or limit + held < least:
            return
        if has_price(row, bid) and ask != NO_PRICE and ask - bid <= widest:
            self.duty = DUTY_TIGHTENED if is_small else DUTY_MET
        elif not fit_pair(view, row, centre_ticks, widest, &bid, &ask):
            return
        elif 2.0 * edge_ticks <= <double>(ask - bid):
            self.duty = DUTY_TIGHTENED
        elif self._may_be_away():
            self.duty = DUTY_AWAY
            return
        else:
            self.duty = DUTY_PAID
        if self.duty != DUTY_MET:
            first.bid_ticks, first.ask_ticks = <double>bid, <double>ask
            first.lots[<int>BID] = qty_max(first.lots[<int>BID], least)
            first.lots[<int>ASK] = qty_max(first.lots[<int>ASK], least)

    cdef bint _may_be_away(self) noexcept nogil:
        cdef double left_s = ((1.0 - 0.01 * self.uptime_min_pct) * self.elapsed_s
                              - (self.elapsed_s - self.met_s))
        self.may_leave = left_s > (0.0 if self.may_leave else AWAY_MIN_S)
        return self.may_leave

    @property
    def duty(self):
        """What became of the last wish: one of DUTIES."""
        return DUTIES[<int>self.duty]

    @property
    def uptime_pct(self):
        """Share of this period in which the wish kept the terms, percent; 100 at first.
        """
        return (100.0 * self.met_s / self.elapsed_s if self.elapsed_s > 0.0
                else 100.0)

    def describe(self):
        """Return what the snapshot of the engine tells of it."""
        return {"duty": DUTIES[<int>self.duty], "uptime_pct": self.uptime_pct,
                "elapsed_s": self.elapsed_s, "met_s": self.met_s,
                "paid_s": self.paid_s}
