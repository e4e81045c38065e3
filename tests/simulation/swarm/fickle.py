"""A strategy that wants something else whenever the market or its inventory moves.

Its wish is a function of what it sees, so that it rests when the market does; but the
least move turns it over: sides come and go, levels appear and vanish, sizes jump.
"""

from __future__ import annotations

import random

from engine import QuoteSheet, Strategy, View


class Fickle(Strategy):
    """Wish for anything near the touch, drawn anew for every state of the market.

    Units: qty_lots is the largest wish in lots, reach_ticks how far it may lie from
    the touch.
    """

    def __init__(self, seed: int, qty_lots: int, levels: int, reach_ticks: int) -> None:
        self.seed, self.levels = seed, levels
        self.qty_lots, self.reach_ticks = qty_lots, reach_ticks

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Draw the levels of both sides."""
        bid, ask = view.best_bid_ticks, view.best_ask_ticks
        dice = random.Random(f"{self.seed}/{bid}/{ask}/{view.inventory_lots}")
        for _ in range(dice.randint(0, self.levels)):
            price = bid - dice.randint(-1, self.reach_ticks)
            sheet.bid(min(price, ask - 1), dice.randint(1, self.qty_lots))
        for _ in range(dice.randint(0, self.levels)):
            price = ask + dice.randint(-1, self.reach_ticks)
            sheet.ask(max(price, bid + 1), dice.randint(1, self.qty_lots))
