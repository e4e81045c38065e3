"""A maker for fastmm-engine's live runtime: both sides about the middle, moved with it.

Loaded by that engine, in its own Python; nothing of this project is imported.
"""

import fastmm
import numba
from fastmm import Param, State


@numba.njit
def place(self, ctx, book):
    """Wish both sides at a distance from the middle."""
    away = book.mid * self.half_spread_bps * 1e-4
    ctx.clear()
    ctx.bid(book.mid - away, self.quote_qty)
    ctx.ask(book.mid + away, self.quote_qty)
    ctx.keep_passive()
    self.quoted_mid = book.mid if ctx.quoting_enabled else 0.0


class BenchMaker(fastmm.Strategy):
    """Moves its quotes when the middle has moved by a tick."""

    half_spread_bps = Param(2.0, min=0.0, max=10000.0, doc="distance, bps")
    quote_qty = Param(10.0, min=1e-9, doc="size of a side")
    quoted_mid = State(0.0, doc="middle of the last quotes")

    @fastmm.hot
    def on_book(self, ctx, book):
        """Look at a changed book."""
        if not book.valid:
            ctx.pull()
            self.quoted_mid = 0.0
        elif self.quoted_mid <= 0.0 or abs(book.mid - self.quoted_mid) >= ctx.tick:
            place(self, ctx, book)

    @fastmm.hot
    def on_quoting(self, ctx, book):
        """Begin when quoting is allowed."""
        self.quoted_mid = 0.0
        if ctx.quoting_enabled and book.valid:
            place(self, ctx, book)
