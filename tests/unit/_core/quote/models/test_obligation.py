"""Quoting as an agreement asks: what is made to fit, what stays away, what cannot."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.quote.models.ladder import LadderQuoter
from engine._core.quote.models.obligation import Obligation
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import View
from tests.generators.views import PERPETUAL, markets
from tests.oracles.instrument import is_legal

S = 1_000_000_000
TERMS = {"spread_max_ticks": 20, "qty_min_lots": 5}


def ladder(obligation, **changes):
    return LadderQuoter(
        **{"half_spread_ticks": 4, "qty_lots": 10, "fair": "mid"} | changes,
        obligation=obligation,
    )


def quoted(quoter, now_s=1.0, **changes):
    view = View.for_test(
        **{
            "row": PERPETUAL,
            "bids": [(10_000, 10)],
            "asks": [(10_010, 10)],
            "now_ns": round(now_s * S),
        }
        | changes
    )
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    assert sheet.refused == 0
    return sheet.bids, sheet.asks


def test_a_wish_that_fits_stays_as_it_is():
    quoter = ladder(TERMS)
    assert quoted(quoter) == quoted(ladder(None))
    assert quoter.obligation.duty == "met"


def test_a_wide_wish_is_tightened_around_the_same_centre():
    quoter = ladder(TERMS, half_spread_ticks=50)
    (bid,), (ask,) = quoted(quoter)
    assert (bid, ask) == ((9_995, 10), (10_015, 10))
    assert quoter.obligation.duty == "tightened"


def test_a_spread_in_basis_points_goes_with_the_price():
    """20 bps of 10,005 ticks are 20.01: 20 whole ticks."""
    quoter = ladder({"spread_max_bps": 20}, half_spread_ticks=50)
    (bid,), (ask,) = quoted(quoter)
    assert ask[0] - bid[0] == 20


def test_a_small_wish_is_enlarged_on_the_first_level_alone():
    quoter = ladder(TERMS, qty_lots=[2, 1])
    bids, asks = quoted(quoter)
    assert [lots for _, lots in bids] == [5, 1]
    assert [lots for _, lots in asks] == [5, 1]
    assert quoter.obligation.duty == "tightened"


def test_a_side_skewed_to_nothing_comes_back():
    quoter = ladder(TERMS, size_skew=1_000)
    bids, asks = quoted(quoter, inventory_lots=100)
    assert bids[0][1] == 5
    assert asks[0][1] == 10


@pytest.mark.parametrize(("inventory", "able"), [(0, True), (995, True), (996, False)])
def test_the_position_limit_comes_first(inventory, able):
    """With 1,000 allowed and 996 held no bid of 5 may be promised."""
    quoter = ladder(TERMS, half_spread_ticks=50)
    for sign in (1, -1):
        bids, asks = quoted(quoter, inventory_lots=sign * inventory)
        assert quoter.obligation.duty == ("tightened" if able else "unable")
        assert (asks[0][0] - bids[0][0] == 20) == able


def test_the_stop_comes_first():
    quoter = ladder(TERMS, stop_lots=50)
    assert quoted(quoter, inventory_lots=47)[0] == [(10_001, 3)]
    assert quoter.obligation.duty == "unable"
    assert quoted(quoter, inventory_lots=50)[0] == []
    assert quoter.obligation.duty == "unable"
    assert quoted(quoter, inventory_lots=40)[0] == [(10_001, 10)]
    assert quoter.obligation.duty == "met"


def test_leaning_quotes_are_moved_as_a_pair():
    """Long and leaning down: the ask is held back by the best bid, the bid follows."""
    quoter = ladder(TERMS, half_spread_ticks=9, skew_ticks=1)
    (bid,), (ask,) = quoted(quoter, inventory_lots=100)
    assert (bid[0], ask[0]) == (9_981, 10_001)
    assert quoter.obligation.duty == "tightened"


def test_inside_the_minimum_edge_the_duty_is_paid_for():
    """10 ticks of fee a side and 20 allowed in all: just paid; 11 are a loss."""
    for edge, duty in [(10, "tightened"), (11, "paid")]:
        quoter = ladder(TERMS, half_spread_ticks=50, min_edge_ticks=edge)
        (bid,), (ask,) = quoted(quoter)
        assert ask[0] - bid[0] == 20
        assert quoter.obligation.duty == duty


def test_the_time_that_need_not_be_kept_is_used_when_it_costs():
    """Half the time owed: 10 s kept, then 5 s left unmet, and kept again."""
    quoter = ladder(
        {**TERMS, "uptime_min_pct": 50}, half_spread_ticks=50, min_edge_ticks=30
    )
    duties = []
    for tenth in range(10, 310):
        quoted(quoter, now_s=tenth / 10)
        duties.append(quoter.obligation.duty)
    assert set(duties) == {"paid", "away"}
    assert duties.index("away") == pytest.approx(100, abs=2)
    assert quoter.obligation.uptime_pct >= 50
    # Runs of seconds, not a flicker.
    changes = sum(a != b for a, b in itertools.pairwise(duties))
    assert changes <= 6


def test_where_it_costs_nothing_no_time_is_left_unmet():
    quoter = ladder({**TERMS, "uptime_min_pct": 10}, half_spread_ticks=50)
    for second in range(1, 40):
        quoted(quoter, now_s=second)
        assert quoter.obligation.duty == "tightened"
    assert quoter.obligation.uptime_pct == 100


def test_time_is_counted_by_the_duty_it_was_spent_under():
    quoter = ladder(TERMS, half_spread_ticks=50, min_edge_ticks=11)
    obligation = quoter.obligation
    for now_s, inventory in [(1, 0), (3, 0), (4, 1_000), (6, 0), (7, 0)]:
        quoted(quoter, now_s=now_s, inventory_lots=inventory)
    # Paid for 1-4 and 6-7, unable for 4-6.
    assert obligation.elapsed_s == pytest.approx(6)
    assert obligation.met_s == pytest.approx(4)
    assert obligation.paid_s == pytest.approx(4)
    assert obligation.uptime_pct == pytest.approx(100 * 4 / 6)


def test_silence_is_no_time_kept():
    """Not called for longer than 5 s: pulled, for all the calculator knows."""
    quoter = ladder(TERMS)
    for now_s in (1, 6, 12):
        quoted(quoter, now_s=now_s)
    assert quoter.obligation.met_s == pytest.approx(5)
    assert quoter.obligation.elapsed_s == pytest.approx(11)


def test_a_blank_sheet_keeps_nothing():
    quoter = ladder(TERMS, widen_per_sigma=1.0)
    for now_s in (1, 2, 3):
        assert quoted(quoter, now_s=now_s, sigma_ticks=None) == ([], [])
        assert quoter.obligation.duty == "none"
    assert quoter.obligation.met_s == 0


def test_the_count_begins_anew_each_period():
    quoter = ladder({**TERMS, "period_s": 10})
    for now_s in range(1, 11):
        quoted(quoter, now_s=now_s)
    assert quoter.obligation.elapsed_s == pytest.approx(9)
    quoted(quoter, now_s=11)
    assert quoter.obligation.elapsed_s == 0
    assert quoter.obligation.uptime_pct == 100


def test_a_spread_below_one_tick_cannot_be_quoted():
    quoter = ladder({"spread_max_bps": 0.5})
    quoted(quoter)
    assert quoter.obligation.duty == "unable"


@given(
    market=markets(),
    half=st.floats(0, 1e4),
    skew=st.floats(0, 5),
    spread=st.integers(1, 500),
    least=st.integers(1, 50),
)
def test_what_counts_as_kept_is_kept(market, half, skew, spread, least):
    """In any market: legal, post-only, and within the terms where it says so."""
    quoter = LadderQuoter(
        half_spread_ticks=half,
        qty_lots=[10, 20],
        skew_ticks=skew,
        obligation={"spread_max_ticks": spread, "qty_min_lots": least},
    )
    view = View.for_test(**market)
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    duty = quoter.obligation.duty
    if duty in ("met", "tightened", "paid"):
        (bid, bid_lots), (ask, ask_lots) = sheet.bids[0], sheet.asks[0]
        assert 0 < ask - bid <= spread
        assert min(bid_lots, ask_lots) >= least
        assert bid < view.best_ask_ticks
        assert ask > view.best_bid_ticks
        steps = [(50, 5)] if market["row"]["kind"] == "option" else []
        assert is_legal(bid, steps)
        assert is_legal(ask, steps)
    else:
        assert duty == "unable"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spread_max_ticks", -1),
        ("spread_max_ticks", 0.5),
        ("spread_max_bps", 1e5),
        ("qty_min_lots", 0),
        ("qty_min_lots", 1.5),
        ("uptime_min_pct", 100.1),
        ("uptime_min_pct", math.nan),
        ("period_s", 0),
    ],
)
def test_bad_terms_are_named(name, value):
    terms = {name: value} if name == "spread_max_bps" else {**TERMS, name: value}
    with pytest.raises(ValueError, match=rf"{name} must be .*{value}"):
        Obligation(**terms)


def test_one_spread_is_needed_and_only_one():
    for terms in ({}, {"spread_max_ticks": 5, "spread_max_bps": 5}):
        with pytest.raises(ValueError, match="one of them"):
            Obligation(**terms)
    with pytest.raises(TypeError, match="spread"):
        ladder({"spread": 5})
