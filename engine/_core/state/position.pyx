"""Position and profit of one instrument, booked from fills.

Sizes are exact lots. Money is a float in the settlement currency (coin for inverse
contracts, quote currency for linear ones): good to 1e-12 of a coin per fill. It is what
strategies, gate and rules can read in the middle of a turn; it knows neither funding
nor settlements. The account's money is in the ledger (`engine/session/ledger`).

Source: docs.deribit.com, inverse futures, seen 2026-08-22:
PnL_coin(long) = size_usd * (1/entry - 1/exit); the average entry of an inverse position
is the harmonic mean. Linear: PnL = size_coin * (exit - entry).
"""

from engine._core.base.event cimport Fill
from engine._core.base.fixed cimport to_double
from engine._core.base.instrument cimport Instrument, amount_of, price_of
from engine._core.base.types cimport BID, NO_PRICE, qty_t


cdef double leg_pnl(
        const Instrument* row, double amount, double entry, double exit) noexcept nogil:
    """Profit of `amount` (signed) bought at `entry` and sold at `exit`."""
    if entry == 0.0 or exit == 0.0:
        return 0.0
    if row.inverse:
        return amount * (1.0 / entry - 1.0 / exit)
    return amount * (exit - entry)


cdef inline qty_t magnitude(qty_t value) noexcept nogil:
    return value if value >= 0 else -value


cdef class Position:
    """What we hold in one instrument.

    Units: lots; prices in quote currency; pnl and fees in settlement currency.
    """

    def __init__(self):
        self.size_lots = self.max_abs_lots = 0
        self.unbooked_lots[0] = self.unbooked_lots[1] = 0

    cdef void book_fill(self, const Fill* fill) noexcept nogil:
        cdef qty_t signed_lots = fill.qty_lots if fill.side == BID else -fill.qty_lots
        # A combo's leg may trade off the grid.
        cdef double price = (
            to_double(fill.price) if fill.price_ticks == NO_PRICE
            else price_of(self.row, fill.price_ticks))
        cdef qty_t closing
        self.fees += fill.fee_e12 * 1e-12
        self.n_fills += 1
        if self.size_lots == 0 or (self.size_lots > 0) == (signed_lots > 0):
            self._grow(signed_lots, price)
        else:
            closing = min(magnitude(signed_lots), magnitude(self.size_lots))
            if self.size_lots < 0:
                closing = -closing
            self.realized_pnl += leg_pnl(
                self.row, amount_of(self.row, closing), self.average_price, price)
            self.size_lots -= closing
            signed_lots += closing
            if self.size_lots == 0:
                self.average_price = 0.0
            if signed_lots != 0:
                self._grow(signed_lots, price)
        if magnitude(self.size_lots) > self.max_abs_lots:
            self.max_abs_lots = magnitude(self.size_lots)

    cdef void _grow(self, qty_t signed_lots, double price) noexcept nogil:
        """Add to the position on its own side; moves the average price."""
        cdef double held = self.size_lots, added = signed_lots
        if self.size_lots == 0 or self.average_price == 0.0:
            self.average_price = price
        elif self.row.inverse:
            self.average_price = (held + added) / (
                held / self.average_price + added / price)
        else:
            self.average_price = (
                held * self.average_price + added * price) / (held + added)
        self.size_lots += signed_lots

    cdef double unrealized_pnl(self, double mark_price) noexcept nogil:
        """Profit if closed at the mark; 0 without a mark or a position."""
        return leg_pnl(self.row, amount_of(self.row, self.size_lots),
                       self.average_price, mark_price)

    cdef void set_size(self, qty_t size_lots, double average_price) noexcept nogil:
        self.size_lots = size_lots
        self.average_price = average_price if size_lots else 0.0
        self.unbooked_lots[0] = self.unbooked_lots[1] = 0
        if magnitude(size_lots) > self.max_abs_lots:
            self.max_abs_lots = magnitude(size_lots)

    def dump(self):
        """Return what outlives a restart, exact: floats survive JSON to the bit."""
        return {"size_lots": self.size_lots, "max_abs_lots": self.max_abs_lots,
                "average_price": self.average_price, "fees": self.fees,
                "realized_pnl": self.realized_pnl, "n_fills": self.n_fills}

    def load(self, found):
        """Take what an earlier run dumped; all of it, or nothing.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: it is not what was dumped.
        """
        cdef qty_t size_lots = found["size_lots"], max_abs_lots = found["max_abs_lots"]
        cdef double average_price = found["average_price"], fees = found["fees"]
        cdef double realized_pnl = found["realized_pnl"]
        cdef long n_fills = found["n_fills"]
        self.set_size(size_lots, average_price)
        self.max_abs_lots = max_abs_lots
        self.fees, self.realized_pnl, self.n_fills = fees, realized_pnl, n_fills
