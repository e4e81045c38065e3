"""A strategy that wants something else whenever the index or its inventory moves.

Its wish is a function of these two alone: it does not chase its own orders, and rests
when the market does. But the least move turns it over: sides come and go, levels appear
and vanish, sizes jump.
"""

from __future__ import annotations

from engine import EwmaCross, QuoteSheet, Strategy, View
from engine.sim.venue.faults.dice import Dice

SLOW_ONE_IN = 4
"""So often one listens to a signal that learns from the venue's candles."""


class Fickle(Strategy):
    """Wish for anything near the index, drawn anew for every state.

    Units: qty_lots is the largest wish in lots, reach_ticks how far it may lie from
    the index, or with ``by_mark`` from the mark.
    """

    def __init__(
        self,
        seed: int,
        qty_lots: int,
        levels: int,
        reach_ticks: int,
        by_mark: bool = False,
    ) -> None:
        self.seed, self.levels, self.by_mark = seed, levels, by_mark
        self.qty_lots, self.reach_ticks = qty_lots, reach_ticks
        if seed % SLOW_ONE_IN == 0:
            # It only has to be asked for, learned and kept, whatever is in the way.
            self.listen(EwmaCross(fast_s=600.0, slow_s=1_800.0))

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Draw the levels of both sides."""
        price = view.mark_price if self.by_mark else view.index_price
        fair = round(price / view.tick_size)
        dice = Dice(self.seed + 1_000_003 * fair + 7_919 * view.inventory_lots)
        for _ in range(dice.below(self.levels + 1)):
            price = fair - dice.below(self.reach_ticks + 1)
            sheet.bid(
                min(price, view.best_ask_ticks - 1), 1 + dice.below(self.qty_lots)
            )
        for _ in range(dice.below(self.levels + 1)):
            price = fair + dice.below(self.reach_ticks + 1)
            sheet.ask(
                max(price, view.best_bid_ticks + 1), 1 + dice.below(self.qty_lots)
            )
