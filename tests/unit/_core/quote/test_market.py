"""Binding a strategy decides which hook runs: the Python one wins where there is one."""

from engine import QuoteSheet, Strategy, View
from tests.rig import Rig


class Parent(Strategy):
    """Quotes one lot."""

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        sheet.bid(view.best_bid_ticks, 1)


class Child(Parent):
    """Quotes what the parent quotes and one more level."""

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        super().quote(view, sheet)
        sheet.bid(view.best_bid_ticks - 1, 1)


def test_the_most_derived_python_hook_runs() -> None:
    for strategy, orders in ((Parent(), 1), (Child(), 2)):
        rig = Rig(strategy=strategy)
        rig.book([(100, 1)], [(102, 1)])
        assert len(rig.sent()) == orders


def test_binding_again_replaces_strategy_and_limits() -> None:
    rig = Rig()
    market = rig.core.market(rig.index)
    limits = {
        "position_max_lots": 5,
        "order_max_lots": 5,
        "collar_bps": 1_000.0,
        "stale_ns": 10**10,
        "requote_ticks": 0,
        "requote_qty_pct": 0.0,
    }
    rig.core.bind(rig.index, Child(), limits)
    assert type(market.strategy) is Child
    assert rig.snapshot()["position_limit"] == 50.0
    rig.book([(100, 1)], [(102, 1)])
    assert len(rig.sent()) == 2
