"""The contract every file in strategies/ keeps, whatever the market looks like."""

import importlib
import inspect
from pathlib import Path

import pytest
from hypothesis import example, given, settings

import strategies
from engine import QuoteSheet, Strategy, View
from tests.generators.views import OPTION, PERPETUAL, markets

FOLDER = Path(strategies.__file__).parent
LINES_MAX = 40

# Parameters to try each strategy with; one that is not named here must need none.
PARAMETERS = {
    "_template": [{"qty_lots": 5}, {"qty_lots": 1, "skew_ticks": 2.5}],
    "avellaneda_stoikov": [
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5},
        {"qty_lots": [1, 2], "gamma": 1e-2, "k_per_tick": 2, "cold_sigma_ticks": 4},
    ],
    "glft": [
        {"qty_lots": 5, "gamma": 1e-4, "k_per_tick": 0.5, "a_per_s": 1},
        {"qty_lots": 5, "gamma": 1e-4, "xi": 0, "k_per_tick": 0.5, "a_per_s": 1}
        | {"levels": 8, "step_growth": 1.5, "cold_sigma_ticks": 4},
    ],
    "join_touch": [
        {"qty_lots": 5, "skew_ticks": 0.0},
        {"qty_lots": 1, "skew_ticks": 1.7},
    ],
    "ladder": [
        {"qty_lots": 5, "half_spread_ticks": 3},
        {"qty_lots": [1, 2, 3], "half_spread_ticks": 0, "skew_ticks": 0.5},
    ],
}
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def classes(name):
    """Return the strategies a file defines."""
    module = importlib.import_module(f"strategies.{name}")
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Strategy)
        and value.__module__ == module.__name__
    ]


CASES = [
    pytest.param(found, parameters, id=f"{name}-{i}")
    for name in FILES
    for found in classes(name)
    for i, parameters in enumerate(PARAMETERS.get(name, [{}]))
]
every_case = pytest.mark.parametrize(("strategy", "parameters"), CASES)


def wish(made, market):
    """Return the view and what the strategy writes on a blank sheet for it."""
    view = View.for_test(**market)
    sheet = QuoteSheet.for_test(view)
    made.quote(view, sheet)
    return view, sheet


def written(sheet):
    return sheet.bids, sheet.asks, sheet.take


def calm(**changes):
    """Return an ordinary market, changed as told."""
    return {
        "row": PERPETUAL,
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


@every_case
def test_quotes_both_sides_of_a_calm_market(strategy, parameters):
    _, sheet = wish(strategy(**parameters), calm())
    assert sheet.bids
    assert sheet.asks
    assert sheet.refused == 0


@every_case
@settings(max_examples=30)
@given(market=markets())
@example(market=calm(bids=[(1, 1)], asks=[(2, 1)]))
@example(market=calm(bids=[(1, 1)], asks=[(10**9, 1)], sigma_ticks=None))
@example(market=calm(inventory_lots=2**62, sigma_ticks=1e9))
@example(market=calm(inventory_lots=-(2**62), sigma_ticks=1e9))
def test_sane_in_any_market(strategy, parameters, market):
    """Best first, never through the touch, never through itself, whole sizes."""
    view, sheet = wish(strategy(**parameters), market)
    bids = [price_ticks for price_ticks, _ in sheet.bids]
    asks = [price_ticks for price_ticks, _ in sheet.asks]
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert all(bid < view.best_ask_ticks for bid in bids)
    assert all(ask > view.best_bid_ticks for ask in asks)
    assert not (bids and asks) or bids[0] < asks[0]
    assert all(qty_lots > 0 for _, qty_lots in sheet.bids + sheet.asks)


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


@every_case
def test_inventory_never_makes_it_keener_to_add(strategy, parameters):
    """Long bids no higher than flat, short offers no lower: leaning is one way."""
    made = strategy(**parameters)
    flat = wish(made, calm())[1]
    for inventory_lots in (1, 50, 10_000):
        long = wish(made, calm(inventory_lots=inventory_lots))[1]
        short = wish(made, calm(inventory_lots=-inventory_lots))[1]
        assert not long.bids or long.bids[0][0] <= flat.bids[0][0]
        assert not short.asks or short.asks[0][0] >= flat.asks[0][0]
