"""A strategy for the replay test: leans on signals of every kind."""

from engine import (
    Basis,
    DepthImbalance,
    EwmaVolatility,
    FundingExpectation,
    MicroPrice,
    OrderFlowImbalance,
    QuoteSheet,
    Reference,
    Strategy,
    Toxicity,
    TradeFlowImbalance,
    TwoScaleVolatility,
    View,
)


class Leaning(Strategy):
    """Join the touch, moved by the flow here and at another instrument.

    The other signals are all in the size and the skew, so that each of their digits is
    in the bytes that are compared.
    """

    def __init__(self, other: str) -> None:
        self.flow = self.listen(OrderFlowImbalance(tau_s=0.5))
        self.other_flow = self.listen(OrderFlowImbalance(tau_s=0.5), other)
        self.fair = self.listen(Reference(tau_s=0.5, weight=0.5), other)
        self.micro = self.listen(MicroPrice(table=[[-0.25, 0.0, 0.25]] * 2))
        self.rest = [
            self.listen(one)
            for one in (
                EwmaVolatility(warm_samples=5),
                TwoScaleVolatility(scales=3, warm_samples=5),
                DepthImbalance(reach_ticks=20, tau_s=0.5),
                Basis(tau_s=0.5),
                FundingExpectation(tau_s=0.5),
                TradeFlowImbalance(warm_trades=1),
                Toxicity(bucket_lots=10, buckets=1),
            )
        ]
        self.watch(other)
        self.other = other
        self.seen = 0
        self.ever_ready: dict[str, None] = {}

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        """Quote once both flows are ready and the other book is there."""
        signals = [self.flow, self.other_flow, self.fair, self.micro, *self.rest]
        for one in signals:
            if one.is_ready:
                self.ever_ready[type(one).__name__] = None
        other = view.other(self.other)
        if other is None or not (self.flow.is_ready and self.other_flow.is_ready):
            return
        self.seen += other.mark_price > 0.0
        lean = self.flow.move_ticks + self.other_flow.move_ticks
        lean += 1e3 * sum(one.value for one in self.rest) % 1.0
        if self.fair.is_ready:
            lean += self.fair.value - self.micro.value
        sheet.bid(view.best_bid_ticks + min(0.0, lean), 2)
        sheet.ask(view.best_ask_ticks + max(0.0, lean), 2)
