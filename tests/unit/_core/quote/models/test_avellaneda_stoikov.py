"""Avellaneda-Stoikov against the paper's formula in long decimals."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine._core.quote.models.avellaneda_stoikov import (
    AvellanedaStoikovQuoter,
    avellaneda_stoikov_quotes,
    seconds_left,
)
from engine._core.quote.sheet import QuoteSheet
from engine._core.quote.strategy import View
from tests.generators.views import PERPETUAL
from tests.oracles.quotes import avellaneda_stoikov

PARAMETERS = {"gamma": 1e-4, "k_per_tick": 0.5, "horizon_s": 30.0}


def view_of(**changes):
    return View.for_test(
        **{
            "row": PERPETUAL,
            "bids": [(100_000, 10)],
            "asks": [(100_001, 10)],
            "sigma_ticks": 5.0,
        }
        | changes
    )


def quoted(quoter, view):
    sheet = QuoteSheet.for_test(view)
    quoter.quote(view, sheet)
    return sheet.bids, sheet.asks


@given(
    inventory=st.integers(-10_000, 10_000),
    sigma=st.floats(0, 100),
    gamma=st.floats(1e-12, 10),
    k=st.floats(1e-4, 100),
    horizon=st.floats(0.01, 10_000),
    unit=st.sampled_from([1, 10, 1_000]),
)
def test_formula_is_the_papers(inventory, sigma, gamma, k, horizon, unit):
    found = avellaneda_stoikov_quotes(
        0.0,
        inventory,
        sigma_ticks=sigma,
        gamma=gamma,
        k_per_tick=k,
        horizon_s=horizon,
        qty_lots=unit,
    )
    expected = avellaneda_stoikov(
        0.0,
        inventory,
        sigma=sigma,
        gamma=gamma,
        k=k,
        horizon=horizon,
        unit=unit,
    )
    # Bid and ask are sums that may cancel: measure against the larger of the two.
    scale = max(abs(expected[0]), abs(expected[1]))
    assume(math.isfinite(scale))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)


def test_example_of_the_paper():
    """Section 3.3 of the paper: s=100, sigma=2, gamma=0.1, k=1.5, T-t=1, q=0.

    The spread there is 2/gamma ln(1 + gamma/k) + gamma sigma^2 = 1.2908 + 0.4.
    """
    bid, ask = avellaneda_stoikov_quotes(
        100.0, 0, sigma_ticks=2.0, gamma=0.1, k_per_tick=1.5, horizon_s=1.0
    )
    assert ask - bid == pytest.approx(20 * math.log(1 + 1 / 15) + 0.4, rel=1e-12)
    assert ask - bid == pytest.approx(1.6908, abs=1e-4)
    assert (ask + bid) / 2 == pytest.approx(100.0)


def test_without_risk_aversion_the_half_spread_is_one_over_k():
    bid, ask = avellaneda_stoikov_quotes(
        0.0, 500, sigma_ticks=3.0, gamma=0.0, k_per_tick=0.25, horizon_s=60.0
    )
    assert (bid, ask) == (-4.0, 4.0)


def test_quotes_are_the_formula_rounded_away_from_the_touch():
    quoter = AvellanedaStoikovQuoter(qty_lots=10, fair="mid", **PARAMETERS)
    view = view_of(inventory_lots=20)
    bid, ask = avellaneda_stoikov(
        100_000.5, 20, sigma=5.0, gamma=1e-4, k=0.5, horizon=30.0, unit=10
    )
    bids, asks = quoted(quoter, view)
    assert bids == [(math.floor(bid), 10)]
    # The skewed ask would stand at or under the best bid's level; it is kept post-only.
    assert asks == [(max(math.ceil(ask), 100_001), 10)]


DAY_MS = 86_400_000
DELIVERIES = {"close_every_s": 86_400, "close_offset_s": 28_800}


@pytest.mark.parametrize(
    ("hour", "left_h"), [(7, 1), (8, 24), (9, 23), (0, 8), (23.5, 8.5)]
)
def test_a_finite_horizon_ends_at_the_next_close(hour, left_h):
    """Deliveries are at 08:00 UTC; the epoch began at midnight."""
    venue_ms = 20_000 * DAY_MS + round(hour * 3_600_000)
    left = seconds_left(venue_ms, horizon_s=1e6, **DELIVERIES)
    assert left == pytest.approx(left_h * 3_600)


def test_before_the_offset_time_counts_as_well():
    assert seconds_left(0, horizon_s=1e6, **DELIVERIES) == 8 * 3_600


def test_a_horizon_keeps_within_its_limits():
    limits = {"horizon_s": 600.0, "horizon_min_s": 30.0, **DELIVERIES}
    close_ms = 8 * 3_600_000
    assert seconds_left(close_ms - 700_000, **limits) == 600
    assert seconds_left(close_ms - 45_500, **limits) == 45.5
    assert seconds_left(close_ms - 1, **limits) == 30
    assert seconds_left(close_ms, **limits) == 600


@given(venue_ms=st.integers(0, 2**41), horizon=st.floats(0.001, 1e7))
def test_without_a_close_the_horizon_rolls(venue_ms, horizon):
    assert seconds_left(venue_ms, horizon_s=horizon) == horizon


@pytest.mark.parametrize("left_s", [1_800, 60, 1])
def test_the_quoter_counts_down_as_in_the_paper(left_s):
    """So many seconds before a close it quotes as one whose horizon that is."""
    finite = AvellanedaStoikovQuoter(
        qty_lots=10, gamma=1e-4, k_per_tick=0.5, horizon_s=86_400, **DELIVERIES
    )
    now_ns = (8 * 3_600 - left_s) * 10**9
    rolling = AvellanedaStoikovQuoter(
        qty_lots=10, gamma=1e-4, k_per_tick=0.5, horizon_s=left_s
    )
    view = view_of(now_ns=now_ns, inventory_lots=-7)
    assert quoted(finite, view) == quoted(rolling, view)


def test_long_inventory_moves_both_quotes_down():
    quoter = AvellanedaStoikovQuoter(qty_lots=1, gamma=0.01, k_per_tick=0.05)
    flat = quoted(quoter, view_of(sigma_ticks=1.0))
    long = quoted(quoter, view_of(sigma_ticks=1.0, inventory_lots=10))
    assert long[0][0][0] < flat[0][0][0]
    assert long[1][0][0] < flat[1][0][0]


def test_skew_may_be_capped():
    free = AvellanedaStoikovQuoter(qty_lots=1, **PARAMETERS)
    tied = AvellanedaStoikovQuoter(qty_lots=1, skew_max_ticks=3, **PARAMETERS)
    view = view_of(inventory_lots=100_000)
    assert quoted(free, view)[0][0][0] < 100_000 - 7_000
    assert quoted(tied, view)[0][0][0] >= 100_000 - 10


def test_blank_until_sigma_is_warm():
    quoter = AvellanedaStoikovQuoter(qty_lots=1, **PARAMETERS)
    assert quoted(quoter, view_of(sigma_ticks=None)) == ([], [])


def test_stated_sigma_stands_in_until_warm():
    quoter = AvellanedaStoikovQuoter(qty_lots=1, cold_sigma_ticks=5.0, **PARAMETERS)
    cold = quoted(quoter, view_of(sigma_ticks=None))
    assert cold == quoted(quoter, view_of(sigma_ticks=5.0))
    assert cold != quoted(quoter, view_of(sigma_ticks=50.0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gamma", 0),
        ("gamma", -1),
        ("gamma", math.nan),
        ("gamma", math.inf),
        ("gamma", "0.1"),
        ("k_per_tick", 0),
        ("k_per_tick", math.inf),
        ("horizon_s", 0),
        ("horizon_s", True),
        ("horizon_min_s", -1),
        ("horizon_min_s", 30.5),
        ("close_every_s", -1),
        ("close_every_s", 0.5),
        ("close_offset_s", 10**8 + 1),
        ("cold_sigma_ticks", -1),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be .*{value}"):
        AvellanedaStoikovQuoter(qty_lots=1, **{**PARAMETERS, name: value})
