"""Exposure over instruments: what could be at risk if everything filled the worst way.

An instrument's exposure is the larger of two sizes: position plus every buy, and sells
less position; orders open, in flight and unknown count in full, as do fills told and
not yet booked. In USD, exposures add up and never net: that sum is bounded for the
account and for each settlement currency. In coins of a base currency, all buys or all
sells fill, positions net, and the larger result is bounded.

Units: an inverse lot is worth its USD amount whatever the price, and amount / price
coins; a linear lot its amount at the mark; an option lot counts as a whole coin at the
index, the most its delta can be.

An instrument without a price has no exposure that could be told, so nothing is allowed
anywhere until it has one. A sum that crept past its limit because prices moved stops
every growth at once; sizes are cut only when it is past by more than CREEP.
"""

cimport cython
from libc.math cimport INFINITY, floor
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
        grown.instrument = instrument
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
        if one.row.kind == KIND_OPTION or one.row.kind == KIND_OPTION_COMBO:
            if index_price > 0.0:
                one.usd_per_lot = one.row.lot_size * index_price
        elif mark_price > 0.0:
            if one.row.inverse:
                one.coins_per_lot = one.row.lot_size / mark_price
            else:
                one.usd_per_lot = one.row.lot_size * mark_price

    cdef qty_t worst_held(
            self, OrderTable orders, int place, Side side) noexcept nogil:
        cdef const Exposed* one = &self.rows[place]
        cdef qty_t held = one.size_lots[0] if side == BID else -one.size_lots[0]
        return (held + one.unbooked_lots[<int>side] + one.ticket_lots[<int>side]
                + orders.worst_side(one.instrument, side))

    cdef void _room(self, OrderTable orders, int place, qty_t* out) noexcept nogil:
        cdef Exposed* mine = &self.rows[place]
        cdef Exposed* one
        cdef double account = 0.0, settles = 0.0, bought = 0.0, sold = 0.0
        cdef double limit
        cdef qty_t long_lots, short_lots, worst, my_worst
        cdef qty_t[2] held
        cdef int i, side
        for i in range(self.size):
            one = &self.rows[i]
            long_lots = self.worst_held(orders, i, BID)
            short_lots = self.worst_held(orders, i, ASK)
            worst = qty_max(long_lots, short_lots)
            if worst and (one.usd_per_lot == 0.0 or one.coins_per_lot == 0.0):
                account = settles = bought = sold = INFINITY
                break
            account += worst * one.usd_per_lot
            if one.settles == mine.settles:
                settles += worst * one.usd_per_lot
            if one.base == mine.base:
                bought += long_lots * one.coins_per_lot
                sold += short_lots * one.coins_per_lot
        if (mine.usd_per_lot == 0.0 or mine.coins_per_lot == 0.0
                or account == INFINITY):
            out[0] = out[1] = 0
            return
        held[0] = self.worst_held(orders, place, BID)
        held[1] = self.worst_held(orders, place, ASK)
        my_worst = qty_max(held[0], held[1])
        for side in range(2):
            if self.account_max_usd > 0.0:
                out[side] = qty_min(out[side], creeping(
                    self.account_max_usd, account, mine.usd_per_lot,
                    my_worst - held[side]))
            limit = self.group_max_usd[mine.settles]
            if limit > 0.0:
                out[side] = qty_min(out[side], creeping(
                    limit, settles, mine.usd_per_lot, my_worst - held[side]))
            limit = self.group_max_coins[mine.base]
            if limit > 0.0:
                out[side] = qty_min(out[side], creeping(
                    limit, bought if side == 0 else sold, mine.coins_per_lot, 0))

    def set_caps(self, double account_max_usd, by_currency):
        """Take the limits over instruments.

        Args:
            account_max_usd: 0 = none.
            by_currency: currency -> (max USD, max coins), 0 = none.

        Raises:
            ValueError: more than GROUPS_MAX currencies.
        """
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
