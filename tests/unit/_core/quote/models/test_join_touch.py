"""Join the touch: the market's own prices, moved by inventory, never through."""

import pytest

from engine._core.quote.models.join_touch import JoinTouchQuoter
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import View
from tests.generators.views import PERPETUAL


def quoted(quoter, **changes):
    view = View.for_test(
        **{"row": PERPETUAL, "bids": [(100, 90)], "asks": [(110, 10)]} | changes
    )
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    return sheet.bids, sheet.asks


def test_joins_both_sides():
    assert quoted(JoinTouchQuoter(qty_lots=3)) == ([(100, 3)], [(110, 3)])


def test_volatility_does_not_matter():
    assert quoted(JoinTouchQuoter(qty_lots=3), sigma_ticks=None) == quoted(
        JoinTouchQuoter(qty_lots=3), sigma_ticks=99.0
    )


@pytest.mark.parametrize(
    ("inventory", "bid", "ask"), [(4, 98, 108), (-4, 102, 112), (100, 50, 101)]
)
def test_leans_against_inventory_but_stays_behind_the_touch(inventory, bid, ask):
    quoter = JoinTouchQuoter(qty_lots=1, skew_ticks=0.5)
    bids, asks = quoted(quoter, inventory_lots=inventory)
    assert (bids, asks) == ([(bid, 1)], [(ask, 1)])


def test_improves_inside_a_wide_touch_only():
    quoter = JoinTouchQuoter(qty_lots=1, improve_ticks=2)
    assert quoted(quoter) == ([(102, 1)], [(108, 1)])
    narrow = quoted(quoter, asks=[(101, 10)])
    assert narrow == ([(100, 1)], [(101, 1)])


def test_fees_push_it_behind_the_touch():
    row = {**PERPETUAL, "maker_commission": 0.1}
    bids, asks = quoted(JoinTouchQuoter(qty_lots=1), row=row, asks=[(110, 90)])
    assert (bids, asks) == ([(94, 1)], [(116, 1)])


@pytest.mark.parametrize("name", ["skew_ticks", "improve_ticks"])
def test_bad_parameters_are_named(name):
    with pytest.raises(ValueError, match=rf"{name} must be .*-1"):
        JoinTouchQuoter(qty_lots=1, **{name: -1})
