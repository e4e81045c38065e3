"""Join the touch and lean against inventory: the smallest strategy, in plain Python.

Idea: quote where the best bid and ask already are and let the spread pay. The longer
the position, the lower both quotes stand, so that the next fill tends to undo it.

What kills it: one-way markets. It has no view of fair and no volatility in it, so it
buys all the way down; the inventory limit is the only brake. It ignores fees.
"""

from engine import QuoteSheet, Strategy, View


class JoinTouch(Strategy):
    """Quote one size at best bid and best ask, shifted against inventory.

    Units: qty_lots in lots; skew_ticks in ticks per lot held.
    """

    def __init__(self, qty_lots: int, skew_ticks: float) -> None:
        self.qty_lots = qty_lots
        self.skew_ticks = skew_ticks

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Wish one bid and one ask, kept off the other side of the book."""
        lean = round(self.skew_ticks * view.inventory_lots)
        bid = min(view.best_bid_ticks - lean, view.best_ask_ticks - 1)
        ask = max(view.best_ask_ticks - lean, view.best_bid_ticks + 1)
        sheet.bid(bid, self.qty_lots)
        sheet.ask(ask, self.qty_lots)
