"""The contract every file in strategies/ keeps, whatever the market looks like."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import QuoteSheet, View
from engine._core.quote.models.package import PackageTaker
from tests.generators.views import FUTURE, LINEAR, OPTION, PERPETUAL, markets
from tests.strategies.scenes import FILES, FOLDER, PARAMETERS, TAKERS, classes, stage

LINES_MAX = 40
ROWS = [PERPETUAL, FUTURE, LINEAR]

CASES = [
    pytest.param(found, parameters, id=f"{name}-{i}")
    for name in FILES
    for found in classes(name)
    for i, parameters in enumerate(PARAMETERS.get(name, [{}]))
]
MAKERS = [case for case in CASES if case.id.rpartition("-")[0] not in TAKERS]
every_case = pytest.mark.parametrize(("strategy", "parameters"), CASES)
every_maker = pytest.mark.parametrize(("strategy", "parameters"), MAKERS)


PRICES = {"mark_price": 50_000.0, "index_price": 50_000.0}


def others(row, held_lots=0):
    """Return views of the other instruments a strategy may look at."""
    book = {"bids": [(100_000, 50)], "asks": [(100_001, 40)], **PRICES}
    return [
        View.for_test(other, **book, inventory_lots=held_lots)
        for other in ROWS
        if other["instrument_name"] != row["instrument_name"]
    ]


def wish(made, market, held_lots=0):
    """Return the view and what the strategy writes on a blank sheet for it.

    A package is asked about its own legs only: the row then plays the first of them.
    """
    row = market["row"]
    if isinstance(made, PackageTaker) and row["instrument_name"] not in made.legs:
        market = market | {"row": row | {"instrument_name": made.legs[0]}}
    view = View.for_test(**market, others=others(market["row"], held_lots))
    sheet = QuoteSheet.for_test(view)
    made.quote(view, sheet)
    return view, sheet


def written(sheet):
    return sheet.bids, sheet.asks, sheet.take


def calm(strategy=None, **changes):
    """Return an ordinary market, where a strategy is at home, changed as told."""
    file = strategy.__module__.rpartition(".")[2] if strategy else ""
    return {
        "row": next(row for row in ROWS if row["instrument_name"] == stage(file)),
        **PRICES,
        "bids": [(100_000, 500), (99_999, 100)],
        "asks": [(100_001, 400), (100_003, 100)],
        "sigma_ticks": 4.0,
    } | changes


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_short_and_holds_one_strategy(name):
    text = (FOLDER / f"{name}.py").read_text()
    assert len(text.splitlines()) <= LINES_MAX
    assert len(classes(name)) == 1
    assert "What kills it" in text or "what kills it" in text
    assert "Units:" in text or "Parameters" in text


@every_maker
def test_quotes_both_sides_of_a_calm_market(strategy, parameters):
    _, sheet = wish(strategy(**parameters), calm(strategy))
    assert sheet.bids
    assert sheet.asks
    assert sheet.refused == 0


@every_case
@settings(max_examples=30)
@given(market=markets(), held_lots=st.integers(-(10**6), 10**6))
@example(market=calm(bids=[(1, 1)], asks=[(2, 1)]), held_lots=0)
@example(market=calm(bids=[(1, 1)], asks=[(10**9, 1)], sigma_ticks=None), held_lots=-9)
@example(market=calm(inventory_lots=2**62, sigma_ticks=1e9), held_lots=2**62)
@example(market=calm(inventory_lots=-(2**62), sigma_ticks=1e9), held_lots=2**62)
def test_sane_in_any_market(strategy, parameters, market, held_lots):
    """Best first, never through the touch, never through itself, whole sizes."""
    view, sheet = wish(strategy(**parameters), market, held_lots)
    bids = [price_ticks for price_ticks, _ in sheet.bids]
    asks = [price_ticks for price_ticks, _ in sheet.asks]
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert all(bid < view.best_ask_ticks for bid in bids)
    assert all(ask > view.best_bid_ticks for ask in asks)
    assert not (bids and asks) or bids[0] < asks[0]
    assert all(qty_lots > 0 for _, qty_lots in sheet.bids + sheet.asks)
    if sheet.take is not None:
        side, limit_ticks, qty_lots = sheet.take
        assert qty_lots > 0
        own = asks if side == "buy" else bids
        assert all(
            (limit_ticks - price_ticks) * (1 if side == "buy" else -1) < 0
            for price_ticks in own
        )


@every_case
@settings(max_examples=15)
@given(market=markets())
def test_same_market_same_wish(strategy, parameters, market):
    """Nothing but the view decides: not the call before, not the object."""
    made = strategy(**parameters)
    first = written(wish(made, market)[1])
    wish(made, calm(inventory_lots=-7))
    assert written(wish(made, market)[1]) == first
    assert written(wish(strategy(**parameters), market)[1]) == first


@every_case
@pytest.mark.parametrize("row", [PERPETUAL, OPTION], ids=["perpetual", "option"])
@pytest.mark.parametrize("bids", [[], [(100, 5)]], ids=["no-bid", "bid"])
@pytest.mark.parametrize("asks", [[], [(105, 5)]], ids=["no-ask", "ask"])
def test_missing_sides_do_not_break_it(strategy, parameters, bids, asks, row):
    """The engine asks only with both sides there; a missing one is survived."""
    _, sheet = wish(strategy(**parameters), calm(row=row, bids=bids, asks=asks))
    assert all(qty_lots > 0 for _, qty_lots in sheet.bids + sheet.asks)
    assert not asks or all(bid < 105 for bid, _ in sheet.bids)
    assert not bids or all(ask > 100 for ask, _ in sheet.asks)


@every_maker
def test_inventory_never_makes_it_keener_to_add(strategy, parameters):
    """Long bids no higher than flat, short offers no lower: leaning is one way."""
    made = strategy(**parameters)
    flat = wish(made, calm(strategy))[1]
    for inventory_lots in (1, 50, 10_000):
        long = wish(made, calm(strategy, inventory_lots=inventory_lots))[1]
        short = wish(made, calm(strategy, inventory_lots=-inventory_lots))[1]
        assert not long.bids or long.bids[0][0] <= flat.bids[0][0]
        assert not short.asks or short.asks[0][0] >= flat.asks[0][0]
