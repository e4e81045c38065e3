"""A strategy for tests: one lot, three ticks behind the touch, on both sides."""

from engine import QuoteSheet, Strategy, View


class Wide(Strategy):
    """Quote one lot three ticks behind each touch."""

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Fill the sheet."""
        sheet.bid(view.best_bid_ticks - 3, 1)
        sheet.ask(view.best_ask_ticks + 3, 1)
