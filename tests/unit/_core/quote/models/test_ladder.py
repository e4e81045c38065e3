"""The fixed ladder: where its levels stand and how inventory moves them."""

import math

import pytest

from engine._core.quote.models.ladder import LadderQuoter
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import View
from tests.generators.views import PERPETUAL


def quoted(quoter, **changes):
    view = View.for_test(
        **{"row": PERPETUAL, "bids": [(1_000, 90)], "asks": [(1_010, 10)]} | changes
    )
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    return sheet.bids, sheet.asks


def prices(side):
    return [price_ticks for price_ticks, _ in side]


def test_stands_around_the_micro_price_by_default():
    """(90 * 1010 + 10 * 1000) / 100 = 1009."""
    quoter = LadderQuoter(qty_lots=1, half_spread_ticks=5)
    assert quoted(quoter) == ([(1_004, 1)], [(1_014, 1)])


def test_stands_around_the_mid_by_parameter():
    quoter = LadderQuoter(qty_lots=1, half_spread_ticks=5, fair="mid")
    assert quoted(quoter) == ([(1_000, 1)], [(1_010, 1)])


def test_inventory_moves_both_sides():
    quoter = LadderQuoter(qty_lots=1, half_spread_ticks=5, fair="mid", skew_ticks=0.25)
    assert quoted(quoter, inventory_lots=8) == ([(998, 1)], [(1_008, 1)])
    assert quoted(quoter, inventory_lots=-8) == ([(1_002, 1)], [(1_012, 1)])


@pytest.mark.parametrize("name", ["half_spread_ticks", "skew_ticks"])
@pytest.mark.parametrize("value", [-0.5, math.nan, "1"])
def test_bad_parameters_are_named(name, value):
    parameters = {"qty_lots": 1, "half_spread_ticks": 1, name: value}
    with pytest.raises(ValueError, match=rf"{name} must be .*{value}"):
        LadderQuoter(**parameters)
