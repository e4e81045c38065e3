"""The micro-price with a fitted table (Stoikov 2018).

The table says by how many ticks the price will have moved from the mid, on average,
when it has settled, for each bucket of the imbalance and each spread. It is fitted from
a recording (`fit_micro_price` in engine.calibrate, `halfspread calibrate`): it belongs
to an instrument and a time, and has to be fitted anew when the market's habits change.
"""

cimport cython

from engine._core.base.types cimport ASK, BID, nanos_t
from engine._core.signals.touch cimport mid_of
from engine._core.state.book cimport Book

from engine._core.base.param import number


def imbalance_bucket(double bid_lots, double ask_lots, int buckets):
    """Return the bucket of a touch, 0 .. buckets - 1; more bid size is a larger one.

    Raises:
        ValueError: the sizes are not above 0, or the buckets not an odd number.
    """
    if not (bid_lots > 0.0 and ask_lots > 0.0 and buckets > 0 and buckets % 2):
        raise ValueError(
            f"no bucket: {bid_lots} and {ask_lots} lots, {buckets} buckets")
    return bucket_of(bid_lots, ask_lots, buckets)


@cython.final
cdef class MicroPrice(Signal):
    """Mid plus the fitted adjustment of the touch's imbalance and spread.

    table[s][b] is the adjustment in ticks at a spread of s + 1 ticks (the last row for
    all wider ones) and with qb / (qb + qa) in the b-th of equally wide buckets. The
    price stays within best bid and best ask.

    Ready: with the first usable book; while there is none, it is not.
    Units: value, adjust_ticks and the table in ticks.
    Raises: ValueError naming the parameter, its value and what is allowed: rows of
        different or even length, more than 16 rows or 63 buckets, no number, or a table
        that is not the opposite of itself with the sides exchanged (to 1e-6 of a tick).
    Source: Stoikov, The Micro-Price: A High-Frequency Estimator of Future Prices
        (Quant. Finance 18(12), 2018; SSRN 2970694), G* of theorem 3.1, symmetrised as
        in section 4.
    """

    def __cinit__(self, *, table):
        rows = list(table)
        if not 1 <= len(rows) <= SPREADS_MAX:
            raise ValueError(
                f"table must have 1 to {SPREADS_MAX} rows, not {len(rows)}")
        self.spreads, self.buckets = len(rows), 0
        for s, row in enumerate(rows):
            values = [number("table", value, -1e9, 1e9) for value in row]
            if not len(values) % 2 or len(values) > BUCKETS_MAX or (
                    s > 0 and len(values) != self.buckets):
                raise ValueError(f"table must have rows of one odd length up to "
                                 f"{BUCKETS_MAX}, not {len(values)} in row {s}")
            self.buckets = len(values)
            for b, value in enumerate(values):
                if abs(value + values[-1 - b]) > 1e-6:
                    raise ValueError(
                        f"table must change its sign with the sides: row {s} has "
                        f"{value} and {values[-1 - b]}")
                self.table[s * self.buckets + b] = value
        self.is_warm = True

    cdef void on_book(self, Book book, nanos_t now_ns) noexcept nogil:
        cdef int bucket = bucket_of(<double>book.best_qty(BID),
                                    <double>book.best_qty(ASK), self.buckets)
        cdef double half_ticks = 0.5 * <double>(book.best(ASK) - book.best(BID))
        cdef int spread = (self.spreads if half_ticks > 0.5 * self.spreads
                           else <int>(2.0 * half_ticks))
        cdef double adjust_ticks = self.table[(spread - 1) * self.buckets + bucket]
        if adjust_ticks > half_ticks:
            adjust_ticks = half_ticks
        elif adjust_ticks < -half_ticks:
            adjust_ticks = -half_ticks
        self.adjust_ticks = adjust_ticks
        self.value = mid_of(book) + adjust_ticks
