"""Orders to volume: book changes against maker volume, per product group and coin.

The venue counts each insert, edit and cancel as one change, a mass cancel as one for
each order, an immediate-or-cancel order that is cancelled as two; what its market-maker
protection and self-trade prevention cancel is not counted. It calls more than 10,000
changes for a BTC of maker volume, or 1,000 for an ETH, high. We count requests when
they are sent, so one that is refused is counted as well, and every immediate-or-cancel
order as two: never fewer than the venue.

From EASY of the budget on the requote tolerance widens, up to WIDEST of the distance
between the quotes and their middle when the budget is used up: fewer edits, each for a
larger move.

Source: docs.deribit.com, API usage policy, seen 2026-08-22.
"""

cimport cython
from libc.math cimport isfinite

from engine._core.base.instrument cimport (
    KIND_FUTURE, KIND_FUTURE_COMBO, KIND_OPTION, KIND_OPTION_COMBO, KIND_SPOT,
    Instrument, amount_of, price_of)
from engine._core.base.types cimport ASK, BID, price_t, qty_t
from engine._core.quote.sheet cimport Permitted

PRODUCTS = {
    KIND_FUTURE: "future", KIND_OPTION: "option", KIND_SPOT: "spot",
    KIND_FUTURE_COMBO: "future_combo", KIND_OPTION_COMBO: "option_combo",
}
cdef double EASY = 0.8
cdef double WIDEST = 0.5


@cython.final
cdef class Turnover:
    """Counts since the start of the run, and those of earlier runs it was given.

    Args:
        per_coin: book changes allowed for each coin of maker volume, by coin.
        free: changes of a group that need no volume.
    """

    def __init__(self, per_coin, double free):
        self.per_coin = dict(per_coin)
        self.free = free
        self.names = []

    cdef int find(self, const Instrument* row, str coin) except -1:
        return self.group(f"{coin} {PRODUCTS[row.kind]}", coin)

    cdef int group(self, str name, str coin) except -1:
        cdef Group* group
        if name in self.names:
            return self.names.index(name)
        if self.n_groups >= GROUPS_MAX:
            raise ValueError(f"{name}: there are {GROUPS_MAX} product groups already")
        group = &self.groups[self.n_groups]
        group.changes = group.coins = 0.0
        group.per_coin = self.per_coin.get(coin, 0.0)
        self.names.append(name)
        self.n_groups += 1
        return self.n_groups - 1

    cdef void traded(
            self, int group, const Instrument* row, price_t price_ticks, qty_t lots
            ) noexcept nogil:
        cdef double amount = amount_of(row, lots)
        if row.inverse:
            amount /= price_of(row, price_ticks)
        self.groups[group].coins += amount

    cdef double used(self, int group) noexcept nogil:
        cdef Group* found = &self.groups[group]
        if found.per_coin <= 0.0:
            return 0.0
        return found.changes / (self.free + found.per_coin * found.coins)

    cdef price_t slack_ticks(
            self, int group, const Permitted* permitted) noexcept nogil:
        cdef double over = (self.used(group) - EASY) / (1.0 - EASY), apart
        if (over <= 0.0 or permitted.n_levels[<int>BID] == 0
                or permitted.n_levels[<int>ASK] == 0):
            return 0
        apart = 0.5 * <double>(permitted.levels[<int>ASK][0].price_ticks
                               - permitted.levels[<int>BID][0].price_ticks)
        return <price_t>(WIDEST * (over if over < 1.0 else 1.0) * apart)

    def dump(self):
        """Return ``[changes, coins of maker volume]`` by name, for a later run."""
        return {name: [<long>self.groups[i].changes, self.groups[i].coins]
                for i, name in enumerate(self.names)}

    def load(self, found):
        """Add what earlier runs have counted, also of groups not listed yet.

        Raises: TypeError or ValueError when it is not what `dump` gave; nothing is
            taken then.
        """
        cdef int number
        counts = {}
        for name, (changes, coins) in dict(found).items():
            coin, _, product = str(name).rpartition(" ")
            counts[name] = (coin, float(changes), float(coins))
            if product not in PRODUCTS.values() or not all(
                    isfinite(each) and each >= 0.0 for each in counts[name][1:]):
                raise ValueError(f"{name}: {changes} changes, {coins} coins")
        if len({*counts, *self.names}) > GROUPS_MAX:
            raise ValueError(f"more than {GROUPS_MAX} product groups")
        for name, (coin, changes, coins) in counts.items():
            number = self.group(name, coin)
            self.groups[number].changes += changes
            self.groups[number].coins += coins

    def describe(self):
        """Return each group's counts by name.

        Units: changes, coins of maker volume, changes allowed for each coin (0 = no
        budget), share of the budget that is used.
        """
        return {name: {"changes": <long>self.groups[i].changes,
                       "volume": self.groups[i].coins,
                       "per_coin": self.groups[i].per_coin, "used": self.used(i)}
                for i, name in enumerate(self.names)}
