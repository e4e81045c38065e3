"""A strategy for the replay test: leans on signals of two instruments."""

from engine import OrderFlowImbalance, QuoteSheet, Strategy, View


class Leaning(Strategy):
    """Join the touch, moved by the flow here and at another instrument."""

    def __init__(self, other: str) -> None:
        self.flow = self.listen(OrderFlowImbalance(tau_s=0.5))
        self.other_flow = self.listen(OrderFlowImbalance(tau_s=0.5), other)
        self.watch(other)
        self.other = other
        self.seen = 0

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Quote once both signals are ready and the other book is there."""
        other = view.other(self.other)
        if other is None or not (self.flow.is_ready and self.other_flow.is_ready):
            return
        self.seen += other.mark_price > 0.0
        lean = self.flow.move_ticks + self.other_flow.move_ticks
        sheet.bid(view.best_bid_ticks + min(0.0, lean), 2)
        sheet.ask(view.best_ask_ticks + max(0.0, lean), 2)
