"""The view shows the market in the units it promises; both kinds share one hook."""

import pytest

from engine import QuoteSheet, Strategy, View
from tests.rig import NAME, ROW, Rig


def test_the_view_in_full() -> None:
    view = View.for_test(
        ROW,
        [(100, 30), (99, 7)],
        [(102, 10)],
        inventory_lots=-4,
        inventory_limit_lots=9,
        sigma_ticks=2.5,
        mark_price=50.5,
        now_ns=77,
    )
    assert (view.name, view.now_ns, view.mark_price) == (NAME, 77, 50.5)
    assert (view.best_bid_ticks, view.best_ask_ticks) == (100, 102)
    assert (view.best_bid_lots, view.best_ask_lots) == (30, 10)
    assert view.mid_ticks == 101.0
    assert view.micro_ticks == (30 * 102 + 10 * 100) / 40
    assert view.imbalance == 0.5
    assert (view.sigma_ticks, view.sigma_is_warm) == (2.5, True)
    assert (view.inventory_lots, view.inventory_limit_lots) == (-4, 9)
    assert (view.tick_size, view.lot_size) == (0.5, 10.0)
    assert (view.maker_fee, view.taker_fee) == (0.00015, 0.00035)
    assert view.levels("bid") == [(100, 30), (99, 7)]
    assert view.levels("bid", 1) == [(100, 30)]
    assert view.levels("ask", 500) == [(102, 10)]
    assert view.levels("ask", -1) == []
    with pytest.raises(ValueError, match="bid"):
        view.levels("buy")


def test_made_up_views_find_each_other() -> None:
    name = "BTC-27NOV26"
    future = View.for_test({**ROW, "instrument_name": name}, [(1, 1)], [(2, 1)])
    empty = View.for_test({**ROW, "instrument_name": "BTC-26MAR27"}, [(1, 1)], [])
    view = View.for_test(ROW, [(100, 30)], [(102, 10)], others=[future, empty])
    assert view.other(name) is future
    assert view.other("BTC-26MAR27") is None, "one-sided"
    assert view.other(NAME) is view
    assert future.other(NAME) is view
    assert view.other("ETH-PERPETUAL") is None


def test_another_book_is_seen_only_while_it_is_readable() -> None:
    seen: list[bool] = []

    class Peek(Strategy):
        def quote(self, view: View, sheet: QuoteSheet) -> None:
            other = view.other("ETH-PERPETUAL")
            seen.append(other is not None)

    rig = Rig(strategy=Peek())
    eth = rig.core.add_instrument({**ROW, "instrument_name": "ETH-PERPETUAL"})
    rig.book([(100, 1)], [(102, 1)])
    rig.push(
        "book.ETH-PERPETUAL.raw",
        {
            "type": "snapshot",
            "timestamp": 1,
            "instrument_name": "ETH-PERPETUAL",
            "change_id": 1,
            "bids": [["new", 10.0, 10.0]],
            "asks": [["new", 11.0, 10.0]],
        },
    )
    rig.book([(100, 2)], [(102, 1)])
    rig.core.expect_snapshot(eth)
    rig.book([(100, 3)], [(102, 1)])
    assert seen == [False, True, False]


class Nothing(Strategy):
    """Defines no quote."""


def test_a_strategy_without_quote_says_what_is_missing() -> None:
    strategy = Nothing()
    rig = Rig(strategy=strategy)
    rig.book([(100, 1)], [(102, 1)])
    assert strategy.error == "TypeError: Nothing must define quote(view, sheet)"


def test_only_the_engine_makes_views() -> None:
    with pytest.raises(TypeError, match="the engine makes views"):
        View()
