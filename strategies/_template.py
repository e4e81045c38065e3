"""Copy me: say what the idea is, and what kills it (here: a market that trends)."""

from engine import QuoteSheet, Strategy, View


class Template(Strategy):
    """Quote one size around the micro-price.

    Units: qty_lots in lots; half_spread_ticks in ticks; skew_ticks in ticks per lot.
    """

    # The names here are the keys of [quote.params] in the TOML file.
    def __init__(
        self, qty_lots: int, half_spread_ticks: float = 2.0, skew_ticks: float = 0.0
    ) -> None:
        if qty_lots < 1:
            raise ValueError(f"qty_lots must be 1 or more, not {qty_lots}")
        self.qty_lots = qty_lots
        self.half_spread_ticks = half_spread_ticks
        self.skew_ticks = skew_ticks

    # Called when book, session and clock are healthy. Write wishes; keep no orders.
    # A side that is not written is not quoted, and what was there is pulled.
    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Wish one bid and one ask."""
        centre = view.micro_ticks - self.skew_ticks * view.inventory_lots
        # A quote must not reach the other side of the book: it would be refused.
        bid = min(centre - self.half_spread_ticks, view.best_ask_ticks - 1)
        ask = max(centre + self.half_spread_ticks, view.best_bid_ticks + 1)
        # Prices may be fractions of a tick: they round away from the touch.
        sheet.bid(bid, self.qty_lots)
        sheet.ask(ask, self.qty_lots)
