"""Exposure over instruments: what could be at risk if everything filled the worst way.

An instrument's exposure is the larger of two sizes: position plus every buy, and sells
less position; orders open, in flight and unknown count in full, as do fills told and
not yet booked. In USD, exposures add up and never net: that sum is bounded for the
account and for each settlement currency. In coins of a base currency, all buys or all
sells fill, positions net, and the larger result is bounded.

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

    cdef int add(self, int32_t instrument, const Instrument* row, str settles,
                 str base, Position position) except -1:
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
        grown.settles = self.group(settles)
        grown.base = self.group(base)
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
        cdef double usd = times * worst * one.usd_per_lot
        if worst and (one.usd_per_lot == 0.0 or one.coins_per_lot == 0.0):
            self.n_unpriced += times
        self.account_usd += usd
        self.group_usd[one.settles] += usd
        self.group_bought[one.base] += times * one.held_lots[0] * one.coins_per_lot
        self.group_sold[one.base] += times * one.held_lots[1] * one.coins_per_lot

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
        self.account_usd = 0.0
        self.n_unpriced = 0
        for i in range(GROUPS_MAX):
            self.group_usd[i] = self.group_bought[i] = self.group_sold[i] = 0.0
        for i in range(self.size):
            self.rows[i].held_lots[0] = self.worst_held(orders, i, BID)
            self.rows[i].held_lots[1] = self.worst_held(orders, i, ASK)
            self._weigh(&self.rows[i], 1)
        self.is_counted = True

    cdef void _room(self, int place, qty_t* out) noexcept nogil:
        cdef const Exposed* mine = &self.rows[place]
        cdef const qty_t* held = mine.held_lots
        cdef qty_t worst = qty_max(held[0], held[1])
        cdef double limit
        cdef int side
        if mine.usd_per_lot == 0.0 or mine.coins_per_lot == 0.0 or self.n_unpriced:
            out[0] = out[1] = 0
            return
        for side in range(2):
            if self.account_max_usd > 0.0:
                out[side] = qty_min(out[side], creeping(
                    self.account_max_usd, self.account_usd, mine.usd_per_lot,
                    worst - held[side]))
            limit = self.group_max_usd[mine.settles]
            if limit > 0.0:
                out[side] = qty_min(out[side], creeping(
                    limit, self.group_usd[mine.settles], mine.usd_per_lot,
                    worst - held[side]))
            limit = self.group_max_coins[mine.base]
            if limit > 0.0:
                out[side] = qty_min(out[side], creeping(
                    limit, self.group_bought[mine.base] if side == 0
                    else self.group_sold[mine.base], mine.coins_per_lot, 0))

    def set_caps(self, double account_max_usd, by_currency):
        """Take the limits over instruments.

        Args:
            account_max_usd: 0 = none.
            by_currency: currency -> (max USD, max coins), 0 = none.

        Raises:
            ValueError: more than GROUPS_MAX currencies.
        """
        self.is_counted = False
        self.account_max_usd = account_max_usd
        self.is_capped = account_max_usd > 0.0
        for currency, (usd, coins) in by_currency.items():
            self.group_max_usd[self.group(currency)] = usd
            self.group_max_coins[self.group(currency)] = coins
            self.is_capped = self.is_capped or usd > 0.0 or coins > 0.0

    def totals(self, OrderTable orders not None):
        """Return ``(account USD, {currency: (USD, long coins, short coins)})``."""
        cdef int i
        cdef qty_t bought, sold, worst
        cdef double usd, account = 0.0
        found = {name: [0.0, 0.0, 0.0] for name in self.groups}
        names = list(self.groups)
        for i in range(self.size):
            bought = self.worst_held(orders, i, BID)
            sold = self.worst_held(orders, i, ASK)
            worst = qty_max(bought, sold)
            usd = worst * self.rows[i].usd_per_lot
            account += usd
            found[names[self.rows[i].settles]][0] += usd
            found[names[self.rows[i].base]][1] += bought * self.rows[i].coins_per_lot
            found[names[self.rows[i].base]][2] += sold * self.rows[i].coins_per_lot
        return account, {name: tuple(row) for name, row in found.items()}

    def counted(self, OrderTable orders not None):
        """Return what `totals` does, out of the sums that are kept.

        They are true after each turn; without limits nobody keeps them, so they are
        made here. For tests: anybody else asks `totals`.
        """
        if not self.is_counted:
            self._count_all(orders)
        return self.account_usd, {
            name: (self.group_usd[i], self.group_bought[i], self.group_sold[i])
            for name, i in self.groups.items()}
