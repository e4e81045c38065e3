"""Attribution: the profit of one instrument, split by where it came from.

At each fill, against the mid of our book at that moment:

- a maker's fill earns ``lots * (mid - price)`` for a buy, the other way round for a
  sale: *spread captured*;
- a taker's pays the same: *hedging*, mostly below 0;
- what was held meanwhile earned the move of the mid since the fill before: *inventory*;
- *fees* are as the venue printed them.

For an inverse contract the same with 1 / price: each is the difference of two worths,
one at the price and one at the mid. The mid of each fill is added once and taken off
once, so the sum is the worth of what is held less what was paid for it, whatever the
mids were: the profit at a mark is the sum and what is held from mid to mark. Funding is
not here: the ledger knows it (`engine/session/attribution`).

A book that cannot be read, or has an empty side, has no mid: the last one there was
stands in, or the fill's own price when there never was one, and the fill is counted in
``n_midless``. What is held then moves from the stand-in to the next mid: no money is
lost, but some of it is on the wrong line.

Combos hold nothing: their legs are told as fills of their own.
"""

cimport cython
from libc.math cimport sqrt
from libc.stdint cimport int64_t
from libc.string cimport memcmp, memcpy

from engine._core.base.atto cimport (
    Ratio, atto_from, atto_int, atto_of, atto_t, ratio_of_halves, ratio_of_number,
    units_of, worth_of)
from engine._core.base.event cimport Fill
from engine._core.base.instrument cimport (
    KIND_FUTURE_COMBO, KIND_OPTION_COMBO, KIND_SPOT, Instrument)
from engine._core.base.types cimport (
    ASK, BID, FEE_CURRENCY_MAX, NO_PRICE, nanos_t, qty_t)
from engine._core.state.book cimport Book


@cython.final
cdef class Attribution:
    """Money by source, exact; made by the core, one for each instrument."""

    cdef Ratio _mid_of_now(self) noexcept nogil:
        """Return the mid of the book; of one that cannot be read the last known."""
        if self.seen.has_touch():
            return ratio_of_halves(self.row, self.seen.best(BID) + self.seen.best(ASK))
        if self.last_mid_ticks[0] != 0.0:
            return ratio_of_halves(self.row, <int64_t>(2.0 * self.last_mid_ticks[0]))
        return self.mid

    cdef void book(self, const Fill* fill, nanos_t now_ns) noexcept nogil:
        cdef Ratio price
        cdef atto_t units, edge
        if self.row.kind == KIND_FUTURE_COMBO or self.row.kind == KIND_OPTION_COMBO:
            return
        self._hold(now_ns)
        self.mid = self._mid_of_now()
        if fill.price_ticks == NO_PRICE:
            price = ratio_of_number(fill.price)
        else:
            price = ratio_of_halves(self.row, 2 * fill.price_ticks)
        if not self.seen.has_touch():
            self.n_midless += 1
            if self.mid.num == 0:
                self.mid = price
        units = units_of(
            self.row, fill.qty_lots if fill.side == BID else -fill.qty_lots)
        edge = worth_of(self.row, units, self.mid)
        self._carry()
        self.worth += edge
        edge -= worth_of(self.row, units, price)
        if fill.is_maker:
            self.earned.spread += edge
            self.n_makers += 1
        else:
            self.earned.hedging += edge
            self.n_takers += 1
        self.size_lots += fill.qty_lots if fill.side == BID else -fill.qty_lots
        self._fee(fill)

    cdef void _carry(self) noexcept nogil:
        """Bring what is held to the mid of now."""
        cdef atto_t now = self._worth_at(self.mid)
        if self.has_base:
            self.earned.inventory += now - self.worth
        self.worth = now
        self.has_base = True

    cdef atto_t _worth_at(self, Ratio mid) noexcept nogil:
        return worth_of(
            self.row, units_of(self.row, self.size_lots) - self.fee_units, mid)

    cdef void _fee(self, const Fill* fill) noexcept nogil:
        """Take a fee: of the settlement currency, or of the coins that were bought."""
        cdef atto_t fee = atto_of(fill.fee), before
        if fill.fee_currency_size == 0 or same(
                fill, self.currency, self.currency_size):
            self.earned.fees += fee
        elif self.base_size and same(fill, self.base, self.base_size):
            before = self.worth
            self.fee_units += fee
            self.worth = self._worth_at(self.mid)
            self.earned.fees += before - self.worth
        else:
            self.n_elsewhere += fee != 0

    cdef void take_size(self, qty_t size_lots, nanos_t now_ns) noexcept nogil:
        if size_lots == self.size_lots:
            return
        self._hold(now_ns)
        self.mid = self._mid_of_now()
        if self.mid.num:
            self._carry()
        self.n_moved += 1
        self.size_lots = size_lots
        self.has_base = self.mid.num != 0
        self.worth = self._worth_at(self.mid)

    cdef void look(self, nanos_t now_ns) noexcept nogil:
        if self.began_ns == 0:
            self.began_ns = self.seen_ns = now_ns
        if not self.has_base and self.seen.has_touch():
            self.mid = self._mid_of_now()
            self._carry()

    cdef void _hold(self, nanos_t now_ns) noexcept nogil:
        """Count what was held since it last changed."""
        cdef double lots = <double>self.size_lots
        cdef double passed_ns = <double>(now_ns - self.seen_ns)
        if self.began_ns == 0:
            self.began_ns = self.seen_ns = now_ns
            return
        self.lot_ns += lots * passed_ns
        self.lot2_ns += lots * lots * passed_ns
        self.seen_ns = now_ns

    cdef atto_t held_worth(self) noexcept nogil:
        return self._worth_at(self._mid_of_now())

    cdef Earned total(self) noexcept nogil:
        cdef Earned found = self.earned
        if self.has_base:
            found.inventory += self.held_worth() - self.worth
        return found

    cdef dict exact(self):
        """Return money in atto, and what it was made of."""
        cdef Earned found = self.total()
        return {
            "spread": atto_int(found.spread), "hedging": atto_int(found.hedging),
            "inventory": atto_int(found.inventory), "fees": atto_int(found.fees),
            "worth": atto_int(self.held_worth()), "lots": self.size_lots,
            "makers": self.n_makers, "takers": self.n_takers,
            "midless": self.n_midless, "moved": self.n_moved,
            "fees_elsewhere": self.n_elsewhere,
        }

    cdef dict held(self, nanos_t now_ns):
        """Return mean and standard deviation of what was held, weighted by time."""
        cdef double lot = self.row.lot_size, lots = <double>self.size_lots
        cdef double still_ns = <double>(now_ns - self.seen_ns)
        cdef double over_ns = <double>(now_ns - self.began_ns)
        cdef double mean, variance
        if self.began_ns == 0 or over_ns <= 0.0:
            return {"mean": lots * lot, "sd": 0.0}
        mean = (self.lot_ns + lots * still_ns) / over_ns
        variance = (self.lot2_ns + lots * lots * still_ns) / over_ns - mean * mean
        return {"mean": mean * lot, "sd": sqrt(variance) * lot if variance > 0 else 0.0}

    def dump(self):
        """Return what outlives a restart, exact: money as decimal digits."""
        return {
            "money": [str(atto_int(each)) for each in (
                self.earned.spread, self.earned.hedging, self.earned.inventory,
                self.earned.fees, self.worth, self.fee_units)],
            "mid": [self.mid.num, self.mid.den],
            "size_lots": self.size_lots,
            "has_base": bool(self.has_base),
            "counts": [self.n_makers, self.n_takers, self.n_midless, self.n_moved,
                       self.n_elsewhere],
        }

    def load(self, found):
        """Take what an earlier run dumped; all of it, or nothing.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: it is not what was dumped.
        """
        cdef atto_t[6] money
        cdef long[5] counts
        cdef Ratio mid
        cdef qty_t size_lots = found["size_lots"]
        cdef bint has_base = found["has_base"]
        cdef int i
        if len(found["money"]) != 6 or len(found["counts"]) != 5:
            raise ValueError("not what was dumped")
        mid.num, mid.den = found["mid"]
        if mid.num and mid.den <= 0:
            raise ValueError(f"no mid: {mid.num} / {mid.den}")
        for i in range(6):
            atto_from(int(found["money"][i]), &money[i])
        for i in range(5):
            counts[i] = found["counts"][i]
        self.earned = Earned(money[0], money[1], money[2], money[3])
        self.worth, self.fee_units = money[4], money[5]
        self.mid, self.size_lots, self.has_base = mid, size_lots, has_base
        self.n_makers, self.n_takers, self.n_midless = counts[0], counts[1], counts[2]
        self.n_moved, self.n_elsewhere = counts[3], counts[4]


cdef inline bint same(const Fill* fill, const char* name, int size) noexcept nogil:
    return (fill.fee_currency_size == size
            and memcmp(fill.fee_currency, name, size) == 0)


cdef int _name(str text, char* out) except -1:
    """Write a currency's name; 0: it is too long to be told apart."""
    cdef bytes data = text.encode()
    if len(data) > FEE_CURRENCY_MAX:
        return 0
    memcpy(out, <const char*>data, len(data))
    return <int>len(data)


cdef Attribution new_attribution(
        const Instrument* row, str currency, str base, Book seen,
        object keeper, const double* last_mid_ticks):
    cdef Attribution made = Attribution.__new__(Attribution)
    made.row, made.seen = row, seen
    made.keeper, made.last_mid_ticks = keeper, last_mid_ticks
    made.has_base = True       # nothing is held, which is worth nothing at any mid
    made.currency_size = _name(currency, made.currency)
    made.base_size = _name(base, made.base) if row.kind == KIND_SPOT else 0
    return made
