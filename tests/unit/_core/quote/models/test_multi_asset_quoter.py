"""The quoter of several instruments: the formula, rounded, from what the views show."""

import math

import pytest

from engine._core.quote.models.glft import GlftQuoter
from engine._core.quote.models.multi_asset import MultiAssetQuoter, multi_asset_quotes
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import View
from tests.generators.views import FUTURE, LINEAR, PERPETUAL

PERP, DATED = PERPETUAL["instrument_name"], FUTURE["instrument_name"]
ASSETS = [
    {"name": PERP, "k_per_tick": 0.05, "a_per_s": 0.5, "qty_lots": 10},
    {"name": DATED, "k_per_tick": 0.02, "a_per_s": 0.1, "qty_lots": 5},
]
BOOKS = {
    PERP: {"row": PERPETUAL, "bids": [(100_000, 10)], "asks": [(100_001, 10)]},
    DATED: {"row": FUTURE, "bids": [(20_200, 10)], "asks": [(20_203, 10)]},
}
SIGMAS = {PERP: 5.0, DATED: 1.2}
RISK = {"gamma": 2.0, "xi": 1.0, "correlation": 0.95}


def quoter(**changes):
    return MultiAssetQuoter(
        **{"assets": ASSETS, "qty_lots": 10, "fair": "mid", **RISK} | changes
    )


def views(held=(0, 0), **changes):
    """Return the views of both, which find each other."""
    perp = View.for_test(
        **BOOKS[PERP], sigma_ticks=SIGMAS[PERP], inventory_lots=held[0]
    )
    given = {"sigma_ticks": SIGMAS[DATED], "inventory_lots": held[1]} | changes
    dated = View.for_test(**{**BOOKS[DATED], **given}, others=[perp])
    return perp, dated


def quoted(made, view):
    sheet = QuoteSheet.for_test(view)
    made.quote(view, sheet)
    assert sheet.refused == 0
    return sheet.bids, sheet.asks


def value_of(row, price):
    """Dollars that a lot gains by a tick, at a price to one part in a thousand."""
    mantissa, exponent = math.frexp(price)
    rounded = math.ldexp(round(mantissa * 1024), exponent - 10)
    return row["contract_size"] * row["tick_size"] / rounded


@pytest.mark.parametrize("held", [(0, 0), (30, 0), (0, 30), (40, -35), (-7, -9)])
def test_both_quote_the_formula_rounded_away_from_the_touch(held):
    mids = [100_000.5, 20_201.5]
    expected = multi_asset_quotes(
        mids,
        held,
        k_per_tick=[0.05, 0.02],
        a_per_s=[0.5, 0.1],
        qty_lots=[10, 5],
        sigma_ticks=[SIGMAS[PERP], SIGMAS[DATED]],
        tick_value=[
            value_of(PERPETUAL, mids[0] * PERPETUAL["tick_size"]),
            value_of(FUTURE, mids[1] * FUTURE["tick_size"]),
        ],
        **RISK,
    )
    for view, (bid, ask) in zip(views(held), expected, strict=True):
        bids, asks = quoted(quoter(), view)
        best_bid, best_ask = view.best_bid_ticks, view.best_ask_ticks
        assert bids == [(min(math.floor(bid), best_ask - 1), 10)]
        assert asks == [(max(math.ceil(ask), best_bid + 1), 10)]


def test_alone_it_is_glft():
    """Gamma of money is gamma of ticks times what a tick is worth."""
    worth = value_of(PERPETUAL, 100_000.5 * PERPETUAL["tick_size"])
    glft = GlftQuoter(
        gamma=RISK["gamma"] * worth,
        xi=RISK["xi"] * worth,
        k_per_tick=0.05,
        a_per_s=0.5,
        qty_lots=10,
        fair="mid",
    )
    for inventory in (-300, -1, 0, 20):
        view = View.for_test(**BOOKS[PERP], sigma_ticks=5.0, inventory_lots=inventory)
        assert quoted(quoter(assets=ASSETS[:1]), view) == quoted(glft, view)


def test_what_the_other_holds_moves_the_quotes():
    made = quoter()
    flat, _ = views()
    long, _ = views((0, 400))
    assert quoted(made, long)[0][0][0] < quoted(made, flat)[0][0][0] - 5


def test_it_follows_a_change_of_volatility_and_back():
    """What was solved for one volatility is not used for another."""
    made = quoter()
    calm, _ = views((20, 10))
    wild = View.for_test(**BOOKS[PERP], sigma_ticks=50.0, inventory_lots=20)
    View.for_test(**BOOKS[DATED], sigma_ticks=12.0, inventory_lots=10, others=[wild])
    before = quoted(made, calm)
    assert quoted(made, wild) != before
    assert quoted(made, calm) == before
    assert quoted(quoter(), wild) == quoted(made, wild)


def test_blank_until_every_volatility_is_warm_or_stated():
    perp, _ = views(sigma_ticks=None)
    assert quoted(quoter(), perp) == ([], [])
    stated = [ASSETS[0], {**ASSETS[1], "cold_sigma_ticks": SIGMAS[DATED]}]
    warm, _ = views()
    assert quoted(quoter(assets=stated), perp) == quoted(quoter(), warm)


def test_without_a_book_of_the_other_its_mark_scales():
    """The position counts all the same; without any price there is no quote."""
    perp, _ = views((0, 400), asks=[], mark_price=50_503.75)
    usual, _ = views((0, 400))
    assert quoted(quoter(), perp) == quoted(quoter(), usual)
    perp, _ = views((0, 40), asks=[])
    assert quoted(quoter(), perp) == ([], [])


def test_blank_where_one_is_not_listed():
    alone = View.for_test(**BOOKS[PERP], sigma_ticks=5.0)
    assert quoted(quoter(), alone) == ([], [])


def test_an_instrument_that_is_none_of_them_is_not_quoted():
    view = View.for_test(LINEAR, [(1_000, 1)], [(1_002, 1)], sigma_ticks=1.0)
    assert quoted(quoter(), view) == ([], [])


def test_the_others_are_watched():
    assert set(quoter().reads) >= {PERP, DATED}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assets": []}, "assets must be a list of 1 to 8"),
        ({"assets": ASSETS * 5}, "assets must be a list of 1 to 8"),
        ({"assets": "BTC"}, "assets must be a list of 1 to 8"),
        ({"assets": [ASSETS[0], ASSETS[0]]}, "different instruments"),
        ({"assets": [{"k_per_tick": 1}]}, "a table with a name"),
        ({"assets": [{"name": "X"}]}, "asset X: .*missing .*k_per_tick"),
        ({"assets": [{**ASSETS[0], "sigma": 1}]}, "unknown .*sigma"),
        ({"assets": [{**ASSETS[0], "k_per_tick": 0}]}, "k_per_tick must be"),
        ({"assets": [{**ASSETS[0], "a_per_s": -1}]}, "a_per_s must be"),
        ({"assets": [{**ASSETS[0], "qty_lots": 0}]}, "qty_lots must be"),
        ({"correlation": 1.1}, "correlation must be"),
        ({"gamma": 0}, "gamma must be"),
        ({"xi": -1}, "xi must be"),
        ({"qty_lots": 0}, "qty_lots must be"),
    ],
)
def test_bad_parameters_are_named(changes, words):
    with pytest.raises(ValueError, match=words):
        quoter(**changes)
