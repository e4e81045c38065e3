"""Markouts: what each fill was worth 1, 10 and 60 seconds after it.

A markout is ``mid then - price`` for a buy and ``price - mid then`` for a sale: what is
left of the spread when the market has moved on; below 0 the fill was a loss by then. At
horizon 0 it is the spread captured. Makers' and takers' fills are kept apart, each fill
counts once whatever its size, in ticks and in the settlement currency; mean and
standard error come of Welford's sums.

The mid of a horizon is the one that was in force at that very moment: before any book
changes, and every 250 ms, what has come due is marked at the mid as it is until then. A
book that cannot be read, or has an empty side, has none: the fill is counted as lost at
that horizon, and nothing is put in its place.

All fills wait in one ring, in the order they came. When AWAITED_MAX wait, the oldest is
given up: what it still waited for is counted as lost. Waiting fills do not outlive the
process.

Source: Welford, B. P., "Note on a method for calculating corrected sums of squares and
products", Technometrics 4 (1962).
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM
from libc.math cimport sqrt
from libc.stdint cimport INT64_MAX
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from engine._core.base.event cimport Fill
from engine._core.base.fixed cimport to_double
from engine._core.base.instrument cimport INSTRUMENTS_MAX, Instrument
from engine._core.base.types cimport ASK, BID, NO_PRICE, nanos_t
from engine._core.state.book cimport Book

cdef nanos_t[HORIZONS] HORIZON_NS = [
    0, 1_000_000_000, 10_000_000_000, 60_000_000_000]

HORIZON_NAMES = ("0s", "1s", "10s", "60s")
KIND_NAMES = ("taker", "maker")


cdef inline double money_of(
        const Instrument* row, double lots, double price, double mid) noexcept nogil:
    """What signed lots gain from a price to a mid, both in ticks."""
    if row.inverse:
        return lots * row.lot_size * (mid - price) / (price * mid * row.tick_size)
    return lots * row.lot_size * (mid - price) * row.tick_size


cdef inline void count(Stat* stat, double ticks, double money) noexcept nogil:
    cdef double off = ticks - stat.mean_ticks
    stat.n += 1
    stat.mean_ticks += off / stat.n
    stat.square_ticks += off * (ticks - stat.mean_ticks)
    off = money - stat.mean_money
    stat.mean_money += off / stat.n
    stat.square_money += off * (money - stat.mean_money)


cdef inline double error_of(double square, long n) noexcept nogil:
    """Standard error of a mean. Empty: 0, there are not two."""
    return sqrt(square / (n - 1) / n) if n > 1 else 0.0


@cython.final
cdef class Markouts:
    """The markouts of every quoted instrument."""

    def __init__(self):
        self.books = []
        self.due_ns = INT64_MAX

    def __dealloc__(self):
        free(self.rows)

    cdef int add(self, const Instrument* row, Book book) except -1:
        cdef Marked* grown
        if self.size >= INSTRUMENTS_MAX:
            raise ValueError(f"more than {INSTRUMENTS_MAX} instruments")
        grown = <Marked*>realloc(self.rows, (self.size + 1) * sizeof(Marked))
        if grown == NULL:
            raise MemoryError
        self.rows = grown
        memset(&grown[self.size], 0, sizeof(Marked))
        grown[self.size].row = row
        self.books.append(book)
        self.size += 1
        return self.size - 1

    cdef void fill(self, int place, const Fill* fill, nanos_t now_ns) noexcept:
        cdef Awaited* one
        self.before(now_ns)
        if self.n_awaited - self.next_up[HORIZONS - 1] >= AWAITED_MAX:
            self._give_up()
        one = &self.ring[self.n_awaited % AWAITED_MAX]
        self.n_awaited += 1
        one.place, one.side, one.lots = place, fill.side, fill.qty_lots
        one.kind = 1 if fill.is_maker else 0
        one.at_ns = now_ns
        one.price_ticks = <double>fill.price_ticks
        if fill.price_ticks == NO_PRICE:
            one.price_ticks = to_double(fill.price) / self.rows[place].row.tick_size
        self._settle(now_ns)

    cdef void _give_up(self) noexcept nogil:
        """Forget the oldest fill, and count what it waited for."""
        cdef long oldest = self.next_up[HORIZONS - 1]
        cdef Awaited* one = &self.ring[oldest % AWAITED_MAX]
        cdef int horizon
        for horizon in range(HORIZONS):
            if self.next_up[horizon] == oldest:
                self.rows[one.place].stats[one.kind][horizon].lost += 1
                self.next_up[horizon] += 1

    cdef void _settle(self, nanos_t now_ns) noexcept:
        cdef int horizon
        cdef Awaited* one
        for horizon in range(HORIZONS):
            while self.next_up[horizon] < self.n_awaited:
                one = &self.ring[self.next_up[horizon] % AWAITED_MAX]
                if one.at_ns + HORIZON_NS[horizon] > now_ns:
                    break
                self._mark(one, horizon)
                self.next_up[horizon] += 1
        self._find_due()

    cdef void _mark(self, const Awaited* one, int horizon) noexcept:
        cdef Marked* row = &self.rows[one.place]
        cdef Stat* stat = &row.stats[one.kind][horizon]
        cdef Book book = <Book>PyList_GET_ITEM(self.books, one.place)
        cdef double mid, sign = 1.0 if one.side == BID else -1.0
        if not book.has_touch():
            stat.lost += 1
            return
        mid = 0.5 * <double>(book.best(BID) + book.best(ASK))
        count(stat, sign * (mid - one.price_ticks),
              money_of(row.row, sign * <double>one.lots, one.price_ticks, mid))

    cdef void _find_due(self) noexcept nogil:
        cdef int horizon
        cdef nanos_t due
        self.due_ns = INT64_MAX
        for horizon in range(HORIZONS):
            if self.next_up[horizon] < self.n_awaited:
                due = (self.ring[self.next_up[horizon] % AWAITED_MAX].at_ns
                       + HORIZON_NS[horizon])
                if due < self.due_ns:
                    self.due_ns = due

    cdef dict describe(self, int place):
        """Return the statistics by ``maker`` and ``taker``, then by horizon.

        Units: ticks, and settlement currency a fill. Empty: kinds without a fill are
        left out.
        """
        cdef int kind, horizon
        cdef Stat* stat
        found = {}
        for kind in range(2):
            stat = self.rows[place].stats[kind]
            if stat.n == 0 and stat.lost == 0:
                continue
            found[KIND_NAMES[kind]] = {
                HORIZON_NAMES[horizon]: {
                    "fills": stat[horizon].n,
                    "lost": stat[horizon].lost,
                    "ticks": stat[horizon].mean_ticks,
                    "ticks_error": error_of(stat[horizon].square_ticks,
                                            stat[horizon].n),
                    "money": stat[horizon].mean_money,
                    "money_error": error_of(stat[horizon].square_money,
                                            stat[horizon].n),
                } for horizon in range(HORIZONS)}
        return found
