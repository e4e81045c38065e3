"""The sheet takes wishes away from the touch and refuses what cannot be one."""

import math

import pytest

from engine import QuoteSheet, View
from tests.rig import ROW

STEPPED = {
    **ROW,
    "tick_size": 0.0001,
    "tick_size_steps": [{"above_price": 0.005, "tick_size": 0.0005}],
}


@pytest.fixture
def view() -> View:
    return View.for_test(ROW, [(100, 5)], [(102, 5)])


def test_prices_round_away_from_the_touch(view: View) -> None:
    sheet = QuoteSheet.for_test(view)
    assert sheet.bid(100.9, 3)
    assert sheet.ask(101.1, 4)
    assert (sheet.bids, sheet.asks) == ([(100, 3)], [(102, 4)])


def test_stepped_ticks_round_to_the_step() -> None:
    sheet = QuoteSheet.for_test(View.for_test(STEPPED, [(40, 1)], [(70, 1)]))
    sheet.bid(58.0, 1)
    sheet.ask(51.0, 1)
    sheet.bid(49.7, 1)
    assert (sheet.bids, sheet.asks) == ([(55, 1), (49, 1)], [(55, 1)])


@pytest.mark.parametrize("price", [math.nan, math.inf, -math.inf, 1e300])
def test_a_price_that_is_none_is_refused(view: View, price: float) -> None:
    sheet = QuoteSheet.for_test(view)
    assert not sheet.bid(price, 1)
    assert not sheet.sell(price, 1)
    assert (sheet.bids, sheet.take, sheet.refused) == ([], None, 2)


@pytest.mark.parametrize("qty", [0, -1])
def test_a_size_that_is_none_is_refused(view: View, qty: int) -> None:
    sheet = QuoteSheet.for_test(view)
    assert not sheet.ask(100, qty)
    assert not sheet.buy(100, qty)
    assert sheet.refused == 2


def test_eight_levels_a_side_fit_and_the_ninth_is_refused(view: View) -> None:
    sheet = QuoteSheet.for_test(view)
    assert all(sheet.bid(100 - i, 1) for i in range(8))
    assert not sheet.bid(1, 1)
    assert len(sheet.bids) == 8


def test_a_take_is_one_wish_and_the_last_one_counts(view: View) -> None:
    sheet = QuoteSheet.for_test(view)
    sheet.buy(103.9, 2)
    assert sheet.take == ("buy", 103, 2)
    sheet.sell(99.1, 1)
    assert sheet.take == ("sell", 100, 1)


def test_only_the_engine_makes_sheets() -> None:
    with pytest.raises(TypeError, match="the engine makes sheets"):
        QuoteSheet()
