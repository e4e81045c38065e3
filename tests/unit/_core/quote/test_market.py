"""Binding a strategy decides which hook runs: a Python one wins where there is one."""

import pytest

from engine import (
    AvellanedaStoikovQuoter,
    GlftQuoter,
    JoinTouchQuoter,
    LadderQuoter,
    QuoteSheet,
    Strategy,
    View,
)
from tests.oracles.venue import SlowVenue
from tests.rig import NAME, ROW, Rig, settle


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


def test_a_held_market_pulls_its_orders_and_asks_its_strategy_nothing() -> None:
    rig, venue = Rig(strategy=Parent()), SlowVenue(NAME)
    rig.book([(100, 1)], [(102, 1)])
    settle(rig, venue)
    assert len(venue.open_orders()) == 1
    rig.core.set_hold(rig.index, "BTC-PERPETUAL is halted")
    asked = rig.snapshot()["wishes"]
    rig.book([(101, 1)], [(103, 1)])
    settle(rig, venue)
    assert venue.open_orders() == []
    assert rig.snapshot()["why_blank"] == "BTC-PERPETUAL is halted"
    assert rig.snapshot()["wishes"] == asked
    rig.core.set_hold(rig.index, "")
    rig.book([(100, 1)], [(102, 1)])
    settle(rig, venue)
    assert len(venue.open_orders()) == 1
    with pytest.raises(IndexError, match="no instrument at index 9"):
        rig.core.set_hold(9, "nobody")


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


class Doubled(JoinTouchQuoter):
    """A compiled calculator with a Python hook of its own."""

    def quote(self, view: View, sheet: QuoteSheet) -> None:
        super().quote(view, sheet)
        sheet.bid(view.best_bid_ticks - 3, 1)


def test_a_calculator_runs_compiled_unless_a_subclass_brings_its_own_hook() -> None:
    plain = Rig(strategy=JoinTouchQuoter(qty_lots=2))
    plain.book([(9_999, 5)], [(10_001, 5)])
    prices = [r["params"]["price"] for r in plain.sent()]
    # The maker fee of 1.5 bps keeps a calculator 1.5 ticks from fair.
    assert prices == [9_998 / 2, 10_002 / 2]
    hooked = Rig(strategy=Doubled(qty_lots=2))
    hooked.book([(9_999, 5)], [(10_001, 5)])
    prices = [r["params"]["price"] for r in hooked.sent()]
    assert prices == [9_998 / 2, 9_996 / 2, 10_002 / 2]


@pytest.mark.parametrize(
    "quoter",
    [
        AvellanedaStoikovQuoter(
            gamma=0.01, k_per_tick=0.5, cold_sigma_ticks=2.0, qty_lots=1
        ),
        GlftQuoter(
            gamma=0.01, k_per_tick=0.5, a_per_s=1.0, cold_sigma_ticks=2.0, qty_lots=1
        ),
        LadderQuoter(half_spread_ticks=20, qty_lots=[1, 2, 3]),
    ],
)
def test_compiled_and_python_calls_of_a_calculator_agree(quoter: Strategy) -> None:
    rig = Rig(strategy=quoter)
    book = [(9_999, 5)], [(10_001, 5)]
    rig.book(*book)
    through_core = sorted(
        (r["method"], r["params"]["price"] * 2, r["params"]["amount"] / 10)
        for r in rig.sent()
    )
    view = View.for_test(ROW, *book, inventory_limit_lots=100)
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    direct = [("private/buy", p, q) for p, q in sheet.bids]
    direct += [("private/sell", p, q) for p, q in sheet.asks]
    assert through_core == sorted(direct)
    assert through_core
