"""Exposure over instruments: what could be at risk if everything filled the worst way.

An instrument's exposure is the larger of two sizes: position plus every buy, and sells
less position; orders open, in flight and unknown count in full, as do fills told and
not yet booked. In USD, exposures add up and never net: that sum is bounded for the
account, for each settlement currency and for each budget. Deltas net: all buys or all
sells fill, positions net, and the larger result is bounded, in coins of each base
currency, and within each budget in USD for each base currency of its instruments. That
is what a strategy of two legs can be left with when one of them fills and the other
does not.

Units: an inverse lot is worth its USD amount whatever the price, and amount / price
coins; a linear lot its amount at the mark; an option lot counts as a whole coin at the
index, the most its delta can be.

The sums are kept up to date place by place, as orders, positions and prices change; the
fuse adds them up for itself.

An instrument without a price has no exposure that could be told, so nothing is allowed
anywhere until it has one. A sum that crept past its limit because prices moved stops
every growth at once; sizes are cut only when it is past by more than CREEP.
"""

cimport cython
from libc.math cimport floor
from libc.stdint cimport int32_t
from libc.stdlib cimport free, realloc

from engine._core.base.instrument cimport (
    INSTRUMENTS_MAX, KIND_OPTION, KIND_OPTION_COMBO, Instrument)
from engine._core.base.types cimport ASK, BID, Side, qty_max, qty_min, qty_t
from engine._core.state.orders cimport OrderTable
from engine._core.state.position cimport Position

cdef double CREEP = 1.02


cdef qty_t lots_within(double left, double per_lot) noexcept nogil:
    """How many lots fit into what is left; rounded down, bounded."""
    cdef double lots = floor(left / per_lot + 1e-9)
    if lots > <double>PLENTY:
        return PLENTY
    return <qty_t>lots if lots > -<double>PLENTY else -PLENTY


cdef qty_t creeping(
        double limit, double counted, double per_lot, qty_t slack) noexcept nogil:
    """Lots of room below a limit; 0 instead of a cut while past it by a creep."""
    cdef qty_t room = lots_within(limit - counted, per_lot) + slack
    if room >= 0:
        return room
    return qty_min(0, lots_within(limit * CREEP - counted, per_lot) + slack)


@cython.final
cdef class ExposureTable:
    """Exposures of every quoted instrument, and the limits over them."""

    def __init__(self):
        self.positions, self.groups = [], {}
        self.budgets, self.budget_nets, self.budget_max = {}, {}, {}

    def __dealloc__(self):
        free(self.rows)

    cdef int group(self, str currency) except -1:
        """Return the number of a currency.

        Raises:
            ValueError: more than GROUPS_MAX currencies.
        """
        if currency not in self.groups:
            if len(self.groups) >= GROUPS_MAX:
                raise ValueError(f"{currency}: more than {GROUPS_MAX} currencies")
            self.groups[currency] = len(self.groups)
        return self.groups[currency]

    cdef int budget_net(self, str budget, str base) except -1:
        """Return the number of what nets in a base currency within a budget.

        Raises:
            ValueError: more than BUDGET_NETS_MAX of them.
        """
        if (budget, base) not in self.budget_nets:
            if len(self.budget_nets) >= BUDGET_NETS_MAX:
                raise ValueError(
                    f"budget {budget}: more than {BUDGET_NETS_MAX} base currencies")
            self.budget_nets[budget, base] = NET_BUDGET + len(self.budget_nets)
            self.net[self.budget_nets[budget, base]].most = self.budget_max[budget][1]
        return self.budget_nets[budget, base]

    cdef int add(self, int32_t instrument, const Instrument* row, str settles,
                 str base, Position position, str budget) except -1:
        cdef Exposed* grown
        cdef int place
        for place in range(self.size):
            if self.rows[place].instrument == instrument:
                return place
        if self.size >= INSTRUMENTS_MAX:
            raise ValueError(f"more than {INSTRUMENTS_MAX} instruments")
        grown = <Exposed*>realloc(self.rows, (self.size + 1) * sizeof(Exposed))
        if grown == NULL:
            raise MemoryError
        self.rows = grown
        grown = &self.rows[self.size]
        self.is_counted = False
        grown.instrument = instrument
        grown.held_lots[0] = grown.held_lots[1] = 0
        grown.row = row
        grown.grosses[0] = 0
        grown.grosses[1] = GROSS_CURRENCY + self.group(settles)
        grown.grosses[2] = NO_SUM
        grown.nets[0] = self.group(base)
        grown.nets[1] = NO_SUM
        if budget:
            grown.grosses[2] = GROSS_BUDGET + <int>self.budgets[budget]
            grown.nets[1] = self.budget_net(budget, base)
        grown.usd_per_lot = row.lot_size if row.inverse else 0.0
        grown.coins_per_lot = 0.0 if row.inverse else row.lot_size
        if row.kind == KIND_OPTION or row.kind == KIND_OPTION_COMBO:
            grown.usd_per_lot = 0.0
            grown.coins_per_lot = row.lot_size
        grown.size_lots = &position.size_lots
        grown.unbooked_lots = position.unbooked_lots
        grown.ticket_lots = position.ticket_lots
        self.positions.append(position)
        self.size += 1
        return self.size - 1

    cdef void price(
            self, int place, double mark_price, double index_price) noexcept nogil:
        cdef Exposed* one = &self.rows[place]
        self._weigh(one, -1)
        if one.row.kind == KIND_OPTION or one.row.kind == KIND_OPTION_COMBO:
            if index_price > 0.0:
                one.usd_per_lot = one.row.lot_size * index_price
        elif mark_price > 0.0:
            if one.row.inverse:
                one.coins_per_lot = one.row.lot_size / mark_price
            else:
                one.usd_per_lot = one.row.lot_size * mark_price
        self._weigh(one, 1)

    cdef qty_t worst_held(
            self, OrderTable orders, int place, Side side) noexcept nogil:
        cdef const Exposed* one = &self.rows[place]
        cdef qty_t held = one.size_lots[0] if side == BID else -one.size_lots[0]
        return (held + one.unbooked_lots[<int>side] + one.ticket_lots[<int>side]
                + orders.worst_side(one.instrument, side))

    cdef void _weigh(self, const Exposed* one, int times) noexcept nogil:
        """Add what was counted of a place to the sums, or take it off."""
        cdef qty_t worst = qty_max(one.held_lots[0], one.held_lots[1])
        cdef double usd = times * worst * one.usd_per_lot, per_lot
        cdef int i
        if worst and (one.usd_per_lot == 0.0 or one.coins_per_lot == 0.0):
            self.n_unpriced += times
        for i in range(GROSSES):
            if one.grosses[i] != NO_SUM:
                self.gross[one.grosses[i]].usd += usd
        for i in range(NETS):
            if one.nets[i] != NO_SUM:
                per_lot = times * self.net_per_lot(one, i)
                self.net[one.nets[i]].bought += one.held_lots[0] * per_lot
                self.net[one.nets[i]].sold += one.held_lots[1] * per_lot

    cdef void _count(self, OrderTable orders, int place) noexcept nogil:
        cdef Exposed* one = &self.rows[place]
        cdef qty_t long_lots = self.worst_held(orders, place, BID)
        cdef qty_t short_lots = self.worst_held(orders, place, ASK)
        if long_lots == one.held_lots[0] and short_lots == one.held_lots[1]:
            return
        self._weigh(one, -1)
        one.held_lots[0], one.held_lots[1] = long_lots, short_lots
        self._weigh(one, 1)

    cdef void _count_all(self, OrderTable orders) noexcept nogil:
        cdef int i
        self.n_unpriced = 0
        for i in range(GROSSES_MAX):
            self.gross[i].usd = 0.0
        for i in range(NETS_MAX):
            self.net[i].bought = self.net[i].sold = 0.0
        for i in range(self.size):
            self.rows[i].held_lots[0] = self.worst_held(orders, i, BID)
            self.rows[i].held_lots[1] = self.worst_held(orders, i, ASK)
            self._weigh(&self.rows[i], 1)
        self.is_counted = True

    cdef void _room(self, int place, qty_t* out) noexcept nogil:
        cdef const Exposed* mine = &self.rows[place]
        cdef const qty_t* held = &mine.held_lots[0]
        cdef qty_t worst = qty_max(held[0], held[1])
        cdef const Gross* gross
        cdef const Net* net
        cdef int side, i
        if mine.usd_per_lot == 0.0 or mine.coins_per_lot == 0.0 or self.n_unpriced:
            out[0] = out[1] = 0
            return
        for i in range(GROSSES):
            if mine.grosses[i] == NO_SUM:
                continue
            gross = &self.gross[mine.grosses[i]]
            if gross.max_usd > 0.0:
                for side in range(2):
                    out[side] = qty_min(out[side], creeping(
                        gross.max_usd, gross.usd, mine.usd_per_lot,
                        worst - held[side]))
        for i in range(NETS):
            if mine.nets[i] == NO_SUM:
                continue
            net = &self.net[mine.nets[i]]
            if net.most > 0.0:
                for side in range(2):
                    out[side] = qty_min(out[side], creeping(
                        net.most, net.bought if side == 0 else net.sold,
                        self.net_per_lot(mine, i), 0))

    def set_caps(self, double account_max_usd, by_currency):
        """Take the limits over instruments.

        Args:
            account_max_usd: 0 = none.
            by_currency: currency -> (max USD, max coins), 0 = none.

        Raises:
            ValueError: more than GROUPS_MAX currencies.
        """
        self.is_counted = False
        self.gross[0].max_usd = account_max_usd
        for currency, (usd, coins) in by_currency.items():
            self.gross[GROSS_CURRENCY + self.group(currency)].max_usd = usd
            self.net[self.group(currency)].most = coins
        self._find_caps()

    def set_budgets(self, budgets):
        """Take the budgets; instruments are added to them by name.

        Args:
            budgets: name -> (max USD, max delta in USD of each base currency), 0 =
                none.

        Raises:
            ValueError: more than BUDGETS_MAX, or instruments were added already.
        """
        if self.size:
            raise ValueError("budgets come before the instruments")
        if len(budgets) > BUDGETS_MAX:
            raise ValueError(f"more than {BUDGETS_MAX} budgets")
        for name, (usd, delta_usd) in budgets.items():
            self.budgets[name] = len(self.budgets)
            self.budget_max[name] = (usd, delta_usd)
            self.gross[GROSS_BUDGET + <int>self.budgets[name]].max_usd = usd
        self._find_caps()

    cdef void _find_caps(self):
        """See whether anything is bounded at all."""
        cdef int i
        self.is_capped = any(delta > 0.0 for _, delta in self.budget_max.values())
        for i in range(GROSSES_MAX):
            self.is_capped = self.is_capped or self.gross[i].max_usd > 0.0
        for i in range(NETS_MAX):
            self.is_capped = self.is_capped or self.net[i].most > 0.0

    def totals(self, OrderTable orders not None):
        """Return ``(account USD, {currency: (USD, long coins, short coins)})``."""
        grosses, nets = self._walk(orders)
        return grosses.get(0, 0.0), {
            name: (grosses.get(GROSS_CURRENCY + i, 0.0), *nets.get(i, (0.0, 0.0)))
            for name, i in self.groups.items()}

    def budget_totals(self, OrderTable orders not None):
        """Return ``{budget: (USD, {base currency: (long USD, short USD)})}``."""
        grosses, nets = self._walk(orders)
        return {
            name: (grosses.get(GROSS_BUDGET + i, 0.0),
                   {base: nets.get(net, (0.0, 0.0))
                    for (budget, base), net in self.budget_nets.items()
                    if budget == name})
            for name, i in self.budgets.items()}

    cdef tuple _walk(self, OrderTable orders):
        """Add everything up anew: USD by gross, (bought, sold) by net."""
        cdef int place, i
        cdef qty_t bought, sold
        cdef Exposed* one
        cdef double per_lot
        grosses, nets = {}, {}
        for place in range(self.size):
            one = &self.rows[place]
            bought = self.worst_held(orders, place, BID)
            sold = self.worst_held(orders, place, ASK)
            for i in range(GROSSES):
                if one.grosses[i] != NO_SUM:
                    grosses[one.grosses[i]] = (
                        grosses.get(one.grosses[i], 0.0)
                        + qty_max(bought, sold) * one.usd_per_lot)
            for i in range(NETS):
                if one.nets[i] != NO_SUM:
                    per_lot = self.net_per_lot(one, i)
                    buys, sells = nets.get(one.nets[i], (0.0, 0.0))
                    nets[one.nets[i]] = (buys + bought * per_lot,
                                         sells + sold * per_lot)
        return grosses, nets

    def counted(self, OrderTable orders not None):
        """Return what `totals` and `budget_totals` do, out of the sums that are kept.

        They are true after each turn; without limits nobody keeps them, so they are
        made here. For tests: anybody else asks `totals`.
        """
        if not self.is_counted:
            self._count_all(orders)
        return self.gross[0].usd, {
            name: (self.gross[GROSS_CURRENCY + <int>i].usd, self.net[<int>i].bought,
                   self.net[<int>i].sold)
            for name, i in self.groups.items()}, {
            name: (self.gross[GROSS_BUDGET + <int>i].usd,
                   {base: (self.net[<int>net].bought, self.net[<int>net].sold)
                    for (budget, base), net in self.budget_nets.items()
                    if budget == name})
            for name, i in self.budgets.items()}
