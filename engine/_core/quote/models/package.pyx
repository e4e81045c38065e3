"""Packages of instruments, taken when they are mispriced against each other.

One strategy class is bound to every leg, one ``[[quote]]`` each, with the same
parameters. The first leg leads: it is taken at the touch, when the whole package at the
touches of all legs leaves ``edge_bps`` after the fees of all legs. The others follow
its **fills**: each holds ``weight`` times what the leading leg holds and takes what is
missing, up to ``reach_ticks`` past the touch. Nothing is remembered: what to do follows
from positions, orders under way and books, so a restart goes on where it was.

The leg risk is bounded by construction. The leading leg is taken only while nothing is
under way on any leg and every leg holds what it should, to less than the smallest order
of that leg; and never more than ``clip_lots`` at once. So at any time at most one clip
of the leading leg is not followed yet, whatever fills, is cut short or is refused:
``worst_leg_lots``. The limits of the engine bound the same again
(``risk.currency.X.delta_max``, or a budget).

- The leading leg fills in part: the others follow the part.
- A following leg fills in part, or not: what is missing is asked for again at the touch
  of then, each turn; nothing is opened meanwhile.
- A following leg has no usable book for longer than ``leg_timeout_s``: the leading leg
  goes back to what that leg holds. The risk is over, the cost is a spread and two fees.
- Lots that do not match: the leading leg is taken in multiples of what every other leg
  can follow; the rest of a partial fill, below the smallest order of a leg, stays, and
  is counted in when the next one comes.
- One leg expires, another lives on: over the half hour of averaging before delivery the
  expiring leg's price stops moving, so the other leg is taken down with it in step. The
  leading leg must be the first to expire.

Positions of the legs belong to the package: do not trade them otherwise.
"""

from libc.math cimport INFINITY, ceil, fabs, fmax, fmin, floor, rint
from libc.stdint cimport int64_t

from engine._core.base.instrument cimport price_of
from engine._core.base.types cimport ASK, BID, qty_t
from engine._core.quote.models.taker cimport told_lots
from engine._core.quote.sheet cimport QuoteSheet
from engine._core.quote.strategy cimport Strategy, View

import math

from engine._core.base.param import number, whole
from engine._core.quote.models.shape import QTY_LOTS_LIMIT

cdef double AVERAGING_S = 1800.0           # before delivery the index is averaged
cdef double AVERAGING_STEP = 0.25          # of a clip, what is taken down at once
cdef double NEVER_S = 1e12
cdef double LOTS_MOST = 1e12
cdef double HAIR = 1e-9                    # of a lot: what a float may be off
cdef double FEE_CAP = 0.125                # of an option's premium


cdef double option_fee(const Leg* leg, double price, bint in_coin) noexcept nogil:
    cdef double base = 1.0 if in_coin else leg.index_price
    return fmin(leg.row.taker_fee * base, FEE_CAP * price)


cdef inline double share_left(double left_s) noexcept nogil:
    return fmin(1.0, fmax(0.0, left_s / AVERAGING_S))


cdef inline qty_t nearest(double lots) noexcept nogil:
    """Whole lots, bounded so that no sum of them overflows."""
    return <qty_t>rint(fmin(fmax(lots, -LOTS_MOST), LOTS_MOST))


cdef class PackageTaker(Strategy):
    """Base of what takes several instruments at once; not a strategy by itself.

    Units: clip_lots in lots of the leading leg; edge_bps and exit_bps as the subclass
        says; reach_ticks in ticks, one number or one for each leg; times in seconds.
    Raises: ValueError naming the parameter, its value and what is allowed.
    """

    def _package(self, legs, weights, *, clip_lots, edge_bps, exit_bps=0.0,
                 reach_ticks=10, leg_timeout_s=2.0, stop_s=3600.0):
        """Read what all packages share; called by their ``__init__``."""
        names = tuple(str(name) for name in legs)
        if not 2 <= len(names) <= PACKAGE_LEGS_MAX or len(set(names)) != len(names):
            raise ValueError(f"legs must be 2..{PACKAGE_LEGS_MAX} instruments, each "
                             f"once, not {names!r}")
        reaches = (list(reach_ticks) if isinstance(reach_ticks, (list, tuple))
                   else [reach_ticks] * len(names))
        if len(reaches) != len(names):
            raise ValueError(f"reach_ticks must be one number or {len(names)}, one for "
                             f"each leg, not {reach_ticks!r}")
        self.clip_lots = whole("clip_lots", clip_lots, 1, QTY_LOTS_LIMIT)
        self.edge_bps = number("edge_bps", edge_bps, -1000, 10_000)
        self.exit_bps = number("exit_bps", exit_bps, -1000, math.inf)
        if self.edge_bps + self.exit_bps < 0.0:
            raise ValueError("exit_bps must be at least -edge_bps, or a round trip "
                             f"loses, not {exit_bps!r}")
        self.leg_timeout_s = number("leg_timeout_s", leg_timeout_s, 0.5, 3600)
        self.stop_s = number("stop_s", stop_s, 0, 1e9)
        for i, (weight, reach) in enumerate(zip(weights, reaches, strict=True)):
            self.weights[i] = weight
            self.reach_ticks[i] = number("reach_ticks", reach, 0, 1e6)
        # Last, so that an object whose parameters were refused takes nothing.
        self.legs, self.n_legs = names, <int>len(names)
        for name in names:
            self.watch(name, needed=False)  # one that is out of action is foreseen

    @property
    def worst_leg_lots(self):
        """Lots of the leading leg that can stand without the others, at most."""
        return self.clip_lots

    cdef bint run(self, View view, QuoteSheet sheet) noexcept:
        try:
            self._fill(view, sheet)
            return True
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
            return False

    def quote(self, View view not None, QuoteSheet sheet not None):
        """Write this leg's wish on the sheet.

        Raises:
            ValueError: the view is of no leg of the package.
        """
        self._fill(view, sheet)

    def edges_bps(self, View view not None):
        """Return the profit, fees paid, of buying the package and of selling it now.

        Empty: -inf where it cannot be taken.
        """
        cdef Leg[PACKAGE_LEGS_MAX] legs
        self._look(view, legs)
        if not all_priced(self.n_legs, legs):
            return -math.inf, -math.inf
        return self._edge_bps(1, False, legs), self._edge_bps(-1, False, legs)

    def amounts(self, View view not None):
        """Return the signed amount of each leg for an amount of 1 of the leading one.

        Empty: 0 while it cannot be told.
        """
        cdef Leg[PACKAGE_LEGS_MAX] legs
        self._look(view, legs)
        return {name: legs[i].weight for i, name in enumerate(self.legs)}

    cdef double _weight(self, int leg, const Leg* legs) noexcept nogil:
        return self.weights[leg]

    cdef double _edge_bps(
            self, int way, bint is_closing, const Leg* legs) noexcept nogil:
        return -INFINITY

    cdef int _fill(self, View view, QuoteSheet sheet) except -1:
        cdef Leg[PACKAGE_LEGS_MAX] legs
        cdef int me = self._look(view, legs)
        if me == 0:
            self._lead(legs, sheet)
        else:
            self._follow(me, legs, sheet)
        return 0

    cdef int _look(self, View view, Leg* legs) except -1:
        """Read every leg; return which one the view is of."""
        cdef View one
        cdef Leg* leg
        cdef double lot
        cdef int64_t venue_ms = 0
        cdef int i, me = -1
        for i in range(self.n_legs):
            leg = &legs[i]
            leg.row = NULL
            leg.is_priced = leg.is_pending = False
            leg.held = leg.most = leg.weight = 0.0
            leg.share, leg.left_s = 1.0, NEVER_S
            name = <str>self.legs[i]
            if name == view.name:
                one, me = view, i
            else:
                one = <View>view.books.get(name)
                if one is None:
                    continue
            leg.row = one.row
            lot = one.row.lot_size
            leg.held = lot * told_lots(one.position)
            leg.average = one.position.average_price
            leg.most = lot * <double>one.inventory_limit_lots
            leg.index_price = one.index_price
            leg.funding_8h = one.current_funding
            leg.is_pending = one.pending() != 0
            venue_ms = max(venue_ms, one.own_book.venue_ms)
            if not one.own_book.has_touch():
                continue
            leg.bid = price_of(one.row, one.own_book.best(BID))
            leg.ask = price_of(one.row, one.own_book.best(ASK))
            leg.bid_amount = lot * <double>one.own_book.best_qty(BID)
            leg.ask_amount = lot * <double>one.own_book.best_qty(ASK)
            leg.is_priced = (
                <double>(view.now_ns - one.now_ns) <= 1e9 * self.leg_timeout_s)
        if me < 0:
            raise ValueError(f"{view.name} is no leg of {', '.join(self.legs)}")
        for i in range(self.n_legs):
            leg = &legs[i]
            if leg.row == NULL:
                continue
            if venue_ms and leg.row.expiry_ms:
                leg.left_s = 1e-3 * <double>(leg.row.expiry_ms - venue_ms)
                leg.share = share_left(leg.left_s)
            leg.weight = self._weight(i, legs)
        return me

    cdef qty_t _missing(self, int leg, const Leg* legs) noexcept nogil:
        """Lots a leg lacks beside the leading one, signed; 0 below its least order."""
        cdef const Leg* one = &legs[leg]
        cdef double target = one.weight * legs[0].held, gap
        cdef qty_t lots, least
        if one.row == NULL:
            return 0
        least = one.row.min_qty_lots
        if one.left_s > legs[0].left_s and legs[0].share < 1.0:
            target *= legs[0].share
            if legs[0].left_s > 0.0:  # in steps, not by single lots
                least = max(least, nearest(
                    AVERAGING_STEP * fabs(one.weight) * legs[0].row.lot_size
                    * <double>self.clip_lots / one.row.lot_size))
        # Half a lot is never missing: the lot beside it would be as far off, and floats
        # can make both of them a hair farther than half.
        gap = (target - one.held) / one.row.lot_size
        lots = nearest(gap - HAIR if gap > 0.0 else gap + HAIR)
        return 0 if -least < lots < least else lots

    cdef void _take(
            self, int leg, qty_t lots, const Leg* legs, QuoteSheet sheet
            ) noexcept nogil:
        """Wish to take signed lots of a leg, its reach past the touch."""
        cdef const Leg* one = &legs[leg]
        cdef double tick = one.row.tick_size
        if lots > 0:
            sheet.set_take(BID, rint(one.ask / tick) + self.reach_ticks[leg], lots)
        elif lots < 0:
            sheet.set_take(ASK, rint(one.bid / tick) - self.reach_ticks[leg], -lots)

    cdef void _follow(self, int leg, const Leg* legs, QuoteSheet sheet) noexcept nogil:
        """Take what is missing, one order at a time."""
        if (legs[0].row != NULL and legs[leg].is_priced
                and not legs[leg].is_pending):
            self._take(leg, self._missing(leg, legs), legs, sheet)

    cdef void _lead(self, const Leg* legs, QuoteSheet sheet) noexcept nogil:
        """Open or close one clip when all is quiet and balanced; else see to that."""
        cdef int i, dead
        cdef bint is_balanced = True
        for i in range(self.n_legs):
            if legs[i].is_pending:
                return
            is_balanced = is_balanced and self._missing(i, legs) == 0
        if not legs[0].is_priced:
            return
        if is_balanced:
            # Near delivery its price is an average: nothing to compare with others.
            if legs[0].share == 1.0 and all_priced(self.n_legs, legs):
                if not self._open(1, legs, sheet):
                    self._open(-1, legs, sheet)
            return
        dead = self._cannot_follow(legs)
        if dead:
            self._take(0, nearest(
                (legs[dead].held / legs[dead].weight - legs[0].held)
                / legs[0].row.lot_size), legs, sheet)

    cdef bint _open(self, int way, const Leg* legs, QuoteSheet sheet) noexcept nogil:
        """Take one clip in a direction if it pays, at the touch and not beyond."""
        cdef const Leg* lead = &legs[0]
        cdef bint is_closing = lead.held * way < 0.0
        cdef qty_t lots
        if not (self._edge_bps(way, is_closing, legs)
                >= (self.exit_bps if is_closing else self.edge_bps)):
            return False
        lots = self._room_lots(way, is_closing, legs)
        if lots <= 0:
            return False
        return sheet.set_take(
            BID if way > 0 else ASK,
            rint((lead.ask if way > 0 else lead.bid) / lead.row.tick_size), lots)

    cdef int _cannot_follow(self, const Leg* legs) noexcept nogil:
        """The leg that cannot follow and is not where it should be; 0 = none."""
        cdef int i
        for i in range(1, self.n_legs):
            # Near delivery the legs differ on purpose.
            if (self._missing(i, legs) != 0 and not legs[i].is_priced
                    and legs[i].weight != 0.0 and legs[0].share == 1.0):
                return i
        return 0

    cdef qty_t _room_lots(
            self, int way, bint is_closing, const Leg* legs) noexcept nogil:
        """Lots of the leading leg that every leg can follow: depth, limits, lots."""
        cdef const Leg* lead = &legs[0]
        cdef const Leg* leg
        cdef double lot = lead.row.lot_size
        cdef double amount = lot * <double>self.clip_lots
        cdef double weight, least = <double>lead.row.min_qty_lots
        cdef int i
        if is_closing:
            amount = fmin(amount, fabs(lead.held))
        for i in range(self.n_legs):
            leg = &legs[i]
            weight = leg.weight * way
            if weight == 0.0 or (not is_closing and (
                    leg.left_s < self.stop_s or leg.left_s < lead.left_s)):
                return 0
            amount = fmin(amount, (leg.ask_amount if weight > 0.0 else leg.bid_amount)
                          / fabs(weight))
            if not is_closing:
                amount = fmin(amount, (
                    leg.most - (leg.held if weight > 0.0 else -leg.held))
                    / fabs(weight))
            least = fmax(least, <double>leg.row.min_qty_lots * leg.row.lot_size
                         / fabs(weight) / lot)
        least = ceil(fmax(1.0, least) - HAIR)
        return <qty_t>(floor(amount / lot / least + HAIR) * least)


cdef inline bint all_priced(int n_legs, const Leg* legs) noexcept nogil:
    cdef int i
    for i in range(n_legs):
        if not legs[i].is_priced:
            return False
    return True
