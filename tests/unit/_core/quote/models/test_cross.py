"""A fill that is hedged where the calculator said keeps the edge, in any books."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import QuoteSheet, View
from engine._core.quote.models.cross import CrossQuoter
from tests.generators.views import FUTURE, LINEAR, PERPETUAL

NAME = PERPETUAL["instrument_name"]
INDEX = 50_000.0
FAR_NS = 10_000_000_000


def deep(ticks, sizes, step):
    """Return levels of these sizes from a price on, best first."""
    return [(ticks + step * i, lots) for i, lots in enumerate(sizes)]


def reference(bid=100_000, ask=100_010, lots=(50,), row=PERPETUAL, **changes):
    """Return the view of the hedging instrument; its ticks are 0.5 USD."""
    told = {"mark_price": INDEX, "index_price": INDEX, "now_ns": FAR_NS}
    bids, asks = deep(bid, lots, -1), deep(ask, lots, 1)
    return View.for_test(row, bids, asks, **told | changes)


def quoted(hedge, *, row=FUTURE, mark=INDEX, **parameters):
    """Return best bid and ask in a wide book of the future; ticks of 2.5 USD."""
    changes = {"mark_price": mark, "index_price": INDEX, "now_ns": FAR_NS}
    changes |= parameters.pop("view", {})
    book = {"bids": [(10, 5)], "asks": [(10**7, 5)]}
    others = [] if hedge is None else [hedge]
    view = View.for_test(row, **book, others=others, **changes)
    sheet = QuoteSheet.for_test(view)
    shape = {"reference": NAME, "edge_ticks": 0, "qty_lots": 5}
    CrossQuoter(**shape | parameters).quote(view, sheet)
    assert sheet.refused == 0
    if not sheet.bids and not sheet.asks:
        return None
    return sheet.bids[0][0], sheet.asks[0][0]


FEES = {"maker_commission": 0.0, "taker_commission": 0.0}
FREE = {**PERPETUAL, **FEES}
FREE_FUTURE = {**FUTURE, **FEES}


def test_without_costs_it_is_the_reference_on_another_grid():
    """50,000 / 50,005 USD are 20,000 / 20,002 ticks of 2.5."""
    assert quoted(reference(row=FREE), row=FREE_FUTURE) == (20_000, 20_002)


def test_the_basis_of_the_marks_carries_over():
    """A mark 1 % over the index: 50,500 / 50,505.05."""
    hedge = reference(row=FREE)
    assert quoted(hedge, row=FREE_FUTURE, mark=50_500.0) == (20_200, 20_203)


def test_a_ticker_that_is_late_is_no_basis():
    """The index moved 1 % between the tickers of the two: the marks moved with it."""
    late = {"mark_price": 0.99 * INDEX, "index_price": 0.99 * INDEX}
    hedge = reference(row=FREE)
    assert quoted(hedge, row=FREE_FUTURE, view=late) == (20_000, 20_002)


def test_the_edge_and_both_fees_are_kept():
    """0.05 % of 20,000 ticks are 10, and an edge of 4."""
    assert quoted(reference(), edge_ticks=4) == (19_985, 20_017)
    fees = {**FUTURE, "maker_commission": -0.0001}
    assert quoted(reference(), row=fees, edge_ticks=4) == (19_987, 20_015)


def test_inventory_moves_both_sides():
    hedge = reference(row=FREE)
    skewed = {"row": FREE_FUTURE, "skew_ticks": 0.5}
    assert quoted(hedge, **skewed, view={"inventory_lots": 8}) == (19_996, 19_998)
    assert quoted(hedge, **skewed, view={"inventory_lots": -8}) == (20_004, 20_006)


def test_all_levels_are_hedged_through_the_depth():
    """15 lots against 10 at 100,000 and 90 below: 99,999.67 ticks of 0.5."""
    hedge = reference(lots=(10, 90), row=FREE)
    one = quoted(hedge, row={**FREE_FUTURE, "tick_size": 0.5}, qty_lots=[5, 10])
    assert one == (99_999, 100_011)


@pytest.mark.parametrize(("lots", "is_quoted"), [((3, 2), True), ((3, 1), False)])
def test_a_reference_too_thin_for_our_sizes_is_none(lots, is_quoted):
    assert (quoted(reference(lots=lots)) is not None) == is_quoted


@given(
    bid=st.integers(1_000, 10**6),
    spread=st.integers(1, 50),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    mark=st.floats(0.9 * INDEX, 1.1 * INDEX),
    edge_ticks=st.floats(0, 20),
    is_bid=st.booleans(),
)
def test_a_hedged_fill_keeps_the_edge(bid, spread, sizes, mark, edge_ticks, is_bid):
    """Filled at our price, hedged level by level, both fees paid, at the scale."""
    hedge = reference(bid, bid + spread, sizes)
    found = quoted(hedge, mark=mark, edge_ticks=edge_ticks)
    if found is None:
        assert sum(sizes) < 5
        return
    scale = mark / INDEX * 0.5 / 2.5
    left, got = 5, 0.0
    for i, lots in enumerate(sizes):
        done = min(left, lots)
        got += done * (bid - i if is_bid else bid + spread + i) / 5
        left -= done
    ours = found[0] if is_bid else found[1]
    gain = scale * got - ours if is_bid else ours - scale * got
    fee = 0.0005 * scale * (bid + spread / 2)
    # The fee is counted at the middle of what both sides would bring.
    slack = 0.0005 * scale * (len(sizes) + 1) + 1e-6
    assert gain - fee >= edge_ticks - slack


def test_lots_are_matched_in_dollars():
    """5 lots of 0.001 BTC at 50,000 are 250 USD: 25 lots of the perpetual."""
    for lots, is_quoted in (((25,), True), ((24,), False)):
        found = quoted(reference(lots=lots), row=LINEAR)
        assert (found is not None) == is_quoted


@pytest.mark.parametrize(
    "hedge",
    [
        None,
        View.for_test(PERPETUAL, [(5, 5)], [], mark_price=1.0, index_price=1.0),
        View.for_test(PERPETUAL, [], [(5, 5)], mark_price=1.0, index_price=1.0),
        View.for_test(PERPETUAL, [(7, 5)], [(5, 5)], mark_price=1.0, index_price=1.0),
    ],
    ids=["unknown", "no-ask", "no-bid", "crossed"],
)
def test_no_quote_without_a_whole_reference(hedge):
    assert quoted(hedge) is None


@pytest.mark.parametrize("name", ["mark_price", "index_price"])
def test_no_quote_without_marks_and_indices(name):
    assert quoted(reference()) is not None
    assert quoted(reference(**{name: 0.0})) is None
    assert quoted(reference(), view={name: 0.0}) is None


def test_no_quote_on_a_reference_that_has_fallen_silent():
    late = {"now_ns": FAR_NS + 500_000_000}
    assert quoted(reference(), stale_ms=500, view=late) is not None
    assert quoted(reference(), stale_ms=499, view=late) is None


def test_it_cannot_be_its_own_reference():
    assert quoted(reference(row=FUTURE), reference=FUTURE["instrument_name"]) is None


def test_the_worst_leg_is_a_whole_side():
    shape = {"reference": NAME, "edge_ticks": 1}
    assert CrossQuoter(**shape, qty_lots=[1, 2, 4]).worst_leg_lots == 7
    assert CrossQuoter(**shape, qty_lots=3, levels=4).worst_leg_lots == 12


@pytest.mark.parametrize(
    ("name", "value"), [("fair", "mid"), ("obligation", {"spread_max_ticks": 9})]
)
def test_what_would_ask_for_more_than_can_be_hedged_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} is the reference's matter"):
        quoted(reference(), **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("edge_ticks", -1),
        ("skew_ticks", math.nan),
        ("stale_ms", 0),
        ("reference", ""),
        ("reference", None),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be .*{value!r}"):
        quoted(reference(), **{name: value})
