"""What every calculator shares: fees, post-only, levels, sizes, and the Python hook."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.quote.models.avellaneda_stoikov import AvellanedaStoikovQuoter
from engine._core.quote.models.glft import GlftQuoter
from engine._core.quote.models.join_touch import JoinTouchQuoter
from engine._core.quote.models.ladder import LadderQuoter
from engine._core.quote.models.quoter import Quoter
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import View
from tests.generators.views import COMBO, OPTION, PERPETUAL, markets
from tests.oracles.instrument import is_legal


def quoted(quoter, **changes):
    view = View.for_test(
        **{"row": PERPETUAL, "bids": [(1_000, 10)], "asks": [(1_010, 10)]} | changes
    )
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    assert sheet.refused == 0
    return sheet.bids, sheet.asks


def prices(side):
    return [price_ticks for price_ticks, _ in side]


def test_levels_are_evenly_spaced_and_sized():
    quoter = LadderQuoter(half_spread_ticks=5, qty_lots=7, levels=3, step_ticks=4)
    bids, asks = quoted(quoter)
    assert bids == [(1_000, 7), (996, 7), (992, 7)]
    assert asks == [(1_010, 7), (1_014, 7), (1_018, 7)]


def test_steps_may_grow_and_sizes_differ():
    quoter = LadderQuoter(
        half_spread_ticks=5, qty_lots=[1, 2, 4, 8], step_ticks=2, step_growth=2
    )
    bids, asks = quoted(quoter)
    assert bids == [(1_000, 1), (998, 2), (994, 4), (986, 8)]
    assert asks == [(1_010, 1), (1_012, 2), (1_016, 4), (1_024, 8)]


def test_levels_at_the_limit_and_one_past():
    quoter = LadderQuoter(half_spread_ticks=1, qty_lots=1, levels=8)
    assert [len(side) for side in quoted(quoter)] == [8, 8]
    with pytest.raises(ValueError, match=r"levels must be .*\[1, 8\].*9"):
        LadderQuoter(half_spread_ticks=1, qty_lots=1, levels=9)


def test_short_steps_still_give_a_price_each():
    quoter = LadderQuoter(half_spread_ticks=5, qty_lots=1, levels=4, step_ticks=0.1)
    bids, asks = quoted(quoter)
    assert prices(bids) == [1_000, 999, 998, 997]
    assert prices(asks) == [1_010, 1_011, 1_012, 1_013]


def test_levels_step_over_illegal_prices():
    """Above 50 base ticks the option trades in fives, and no price comes twice."""
    row = {**OPTION, "maker_commission": 0.0}
    quoter = LadderQuoter(half_spread_ticks=1, qty_lots=1, levels=4)
    bids, asks = quoted(quoter, row=row, bids=[(55, 1)], asks=[(60, 1)])
    assert prices(bids) == [55, 50, 49, 48]
    assert prices(asks) == [60, 65, 70, 75]


def test_half_spread_is_at_least_fee_plus_edge():
    """Fee 0.5 % of 1005 ticks = 5.025, plus 2: half-spread 7.025."""
    row = {**PERPETUAL, "maker_commission": 0.005}
    quoter = LadderQuoter(half_spread_ticks=1, qty_lots=1, min_edge_ticks=2)
    bids, asks = quoted(quoter, row=row)
    assert prices(bids) == [997]
    assert prices(asks) == [1_013]


def test_a_rebate_pays_for_the_edge_but_never_more_than_half_a_tick():
    row = {**PERPETUAL, "maker_commission": -0.005}
    quoter = LadderQuoter(half_spread_ticks=0, qty_lots=1, min_edge_ticks=2)
    bids, asks = quoted(quoter, row=row)
    assert prices(bids) == [1_004]
    assert prices(asks) == [1_006]


def test_edge_is_kept_when_inventory_leans():
    """The floor is about the half-spread: the skew moves the pair, not its width."""
    row = {**PERPETUAL, "maker_commission": 0.005}
    quoter = LadderQuoter(half_spread_ticks=1, qty_lots=1, skew_ticks=1)
    (bid, ask) = (prices(side)[0] for side in quoted(quoter, row=row, inventory_lots=3))
    assert ask - bid >= 2 * 0.005 * 1_005


def test_quotes_never_reach_the_other_side():
    quoter = LadderQuoter(half_spread_ticks=1, qty_lots=1, skew_ticks=1, levels=2)
    bids, asks = quoted(quoter, inventory_lots=-100)
    assert prices(bids) == [1_009, 1_008]
    bids, asks = quoted(quoter, inventory_lots=100)
    assert prices(asks) == [1_001, 1_002]


def test_no_bid_at_or_below_zero_but_for_combos():
    quoter = LadderQuoter(half_spread_ticks=3, qty_lots=1, levels=4, step_ticks=2)
    touch = {"bids": [(5, 1)], "asks": [(7, 1)]}
    assert prices(quoted(quoter, **touch)[0]) == [3, 1]
    assert prices(quoted(quoter, row=COMBO, **touch)[0]) == [3, 1, -1, -3]


@pytest.mark.parametrize("side", ["bids", "asks"])
def test_one_sided_book_gives_a_blank_sheet(side):
    quoter = LadderQuoter(half_spread_ticks=3, qty_lots=1)
    assert quoted(quoter, **{side: []}) == ([], [])


calculators = st.sampled_from(
    [
        LadderQuoter(half_spread_ticks=0, qty_lots=1, levels=8, skew_ticks=0.3),
        LadderQuoter(
            half_spread_ticks=7.3, qty_lots=[5, 1], fair="mid", step_ticks=9.7
        ),
        JoinTouchQuoter(qty_lots=2, improve_ticks=3, skew_ticks=2, levels=3),
        AvellanedaStoikovQuoter(qty_lots=4, gamma=1e-3, k_per_tick=0.7, levels=2),
        AvellanedaStoikovQuoter(
            qty_lots=1, gamma=1e6, k_per_tick=1e-9, cold_sigma_ticks=1e9
        ),
        GlftQuoter(qty_lots=3, gamma=1e-3, k_per_tick=0.7, a_per_s=1, levels=8),
        GlftQuoter(
            qty_lots=1,
            gamma=1e6,
            xi=0,
            k_per_tick=1e-9,
            a_per_s=1e-9,
            cold_sigma_ticks=1e9,
        ),
    ]
)


@given(quoter=calculators, market=markets())
def test_whatever_the_market_the_sheet_is_sane(quoter, market):
    view = View.for_test(**market)
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    bids, asks = prices(sheet.bids), prices(sheet.asks)
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert all(bid < view.best_ask_ticks for bid in bids)
    assert all(ask > view.best_bid_ticks for ask in asks)
    assert not (bids and asks) or bids[0] < asks[0]
    steps = [(50, 5)] if market["row"] is OPTION else []
    assert all(is_legal(price_ticks, steps) for price_ticks in bids + asks)
    assert sheet.take is None


def test_python_subclass_may_add_to_the_calculators_wish():
    class Bolder(LadderQuoter):
        def quote(self, view, sheet):
            super().quote(view, sheet)
            sheet.bid(view.best_bid_ticks - 100, 9)

    bids, _ = quoted(Bolder(half_spread_ticks=5, qty_lots=1))
    assert bids == [(1_000, 1), (900, 9)]


def test_without_init_nothing_is_quoted():
    """A subclass that forgets super().__init__() must not quote zeros."""

    class Forgetful(LadderQuoter):
        def __init__(self):
            self.ready = True

    assert quoted(Forgetful()) == ([], [])
    assert quoted(Quoter()) == ([], [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("qty_lots", 0),
        ("qty_lots", 1.5),
        ("qty_lots", True),
        ("qty_lots", "5"),
        ("qty_lots", 10**12 + 1),
        ("levels", 0),
        ("levels", 1.0),
        ("step_ticks", 0),
        ("step_ticks", math.nan),
        ("step_growth", 0.5),
        ("min_edge_ticks", -1),
        ("min_edge_ticks", math.inf),
        ("skew_max_ticks", -1),
        ("fair", "last"),
    ],
)
def test_bad_parameters_are_named_with_their_value(name, value):
    parameters = {"half_spread_ticks": 1, "qty_lots": 1, name: value}
    with pytest.raises(ValueError, match=rf"{name} must be .*{value}"):
        LadderQuoter(**parameters)


@pytest.mark.parametrize("sizes", [[], [1, 2], [1, 2, 3, 0]])
def test_sizes_must_fit_the_levels(sizes):
    with pytest.raises(ValueError, match="qty_lots"):
        LadderQuoter(half_spread_ticks=1, qty_lots=sizes, levels=4)


def test_unknown_and_missing_parameters_are_named():
    with pytest.raises(TypeError, match="half_spread"):
        LadderQuoter(qty_lots=1)
    with pytest.raises(TypeError, match="qty_lots"):
        LadderQuoter(half_spread_ticks=1)
    with pytest.raises(TypeError, match="half_spreads"):
        LadderQuoter(half_spread_ticks=1, qty_lots=1, half_spreads=2)
