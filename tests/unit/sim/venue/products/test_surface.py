"""The surface against its own promises: no arbitrage, and a strip of many strikes."""

from dataclasses import replace
from itertools import pairwise
from math import exp, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.sim.venue.products.pricing import black
from engine.sim.venue.products.surface import (
    INDEX_YEARS,
    STRIP_REACH,
    Smile,
    SurfaceState,
    swap_variance,
    term_vol,
    volatility_index,
)

FORWARD = 80_000.0
PLAIN = SurfaceState(0.45, 0.55)
FLAT = SurfaceState(0.5, 0.5, rho=0.0, eta=1e-6)


def states():
    return st.builds(
        SurfaceState,
        st.floats(0.1, 1.5),
        st.floats(0.1, 1.5),
        st.floats(0.02, 1.0),
        st.floats(-0.6, 0.6),
        st.floats(0.2, 1.5),
    )


def test_the_vol_at_the_forward_is_that_of_the_term_structure():
    smile = Smile(PLAIN, FORWARD, 0.25)
    assert smile.vol(FORWARD) == pytest.approx(term_vol(PLAIN, 0.25))


def test_the_term_structure_runs_from_the_short_to_the_long_vol():
    assert term_vol(PLAIN, 0.0) == pytest.approx(PLAIN.short_vol)
    assert term_vol(PLAIN, 1e-6) == pytest.approx(PLAIN.short_vol, abs=1e-4)
    assert term_vol(PLAIN, 200.0) == pytest.approx(PLAIN.long_vol, abs=1e-3)


def test_a_negative_rho_makes_low_strikes_dearer():
    smile = Smile(replace(PLAIN, rho=-0.4), FORWARD, 0.1)
    assert smile.vol(0.8 * FORWARD) > smile.vol(FORWARD) > smile.vol(FORWARD / 0.8)


def test_a_mark_takes_the_vol_of_its_strike():
    smile = Smile(PLAIN, FORWARD, 0.1)
    for is_call in (True, False):
        found = smile.mark(70_000.0, is_call)
        assert found.vol == smile.vol(70_000.0)
        worth = black(FORWARD, 70_000.0, found.vol * sqrt(0.1), is_call)
        assert found.price == pytest.approx(worth)


def test_a_smile_at_expiry_still_gives_marks():
    found = Smile(PLAIN, FORWARD, 0.0).mark(70_000.0, True)
    assert (found.price, found.delta) == (10_000.0, 0.0)


@given(states(), st.floats(1 / 365, 1.5))
def test_no_butterfly_is_worth_less_than_nothing(state, years):
    smile = Smile(state, 1.0, years)
    assume(state.eta * sqrt(smile.theta) * (1 + abs(state.rho)) < 4.0)
    # Strikes beyond five deviations cost less than the rounding of a float.
    width = 0.1 * sqrt(smile.theta)
    strikes = [exp(n * width) for n in range(-50, 51)]
    calls = [smile.mark(strike, True).price for strike in strikes]
    slopes = [
        (right - left) / (strikes[n + 1] - strikes[n])
        for n, (left, right) in enumerate(pairwise(calls))
    ]
    assert all(-1 - 1e-9 <= slope <= 1e-9 for slope in slopes)
    assert all(b - a >= -1e-9 for a, b in pairwise(slopes))


@given(states(), st.floats(1 / 365, 1.0), st.floats(1.01, 3.0), st.floats(-2, 2))
def test_a_later_expiry_has_more_variance_at_every_moneyness(
    state, years, later, deviations
):
    near, far = Smile(state, 1.0, years), Smile(state, 1.0, years * later)
    assume(state.eta * sqrt(far.theta) * (1 + abs(state.rho)) < 4.0)
    strike = exp(deviations * sqrt(near.theta))
    assert far.vol(strike) ** 2 * far.years >= near.vol(strike) ** 2 * near.years


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"short_vol": 0.001}, "outside"),
        ({"long_vol": 4.01}, "outside"),
        ({"half_life_years": 0.0}, "half_life_years"),
        ({"rho": 1.0}, "rho"),
        ({"eta": 0.0}, "eta"),
        ({"eta": 1.91, "rho": -0.1}, "too curved"),
    ],
    ids=str,
)
def test_a_surface_with_arbitrage_cannot_be_made(wrong, why):
    with pytest.raises(ValueError, match=why):
        replace(PLAIN, **wrong)


def test_a_surface_at_the_limit_of_curvature_can():
    assert replace(PLAIN, rho=0.0, eta=2.0).eta == 2.0


def test_a_flat_smile_swaps_its_own_variance():
    smile = Smile(FLAT, FORWARD, 0.1)
    assert swap_variance(smile) == pytest.approx(0.25 * 0.1, rel=1e-6)


def test_the_strip_agrees_with_a_sum_over_many_listed_strikes():
    smile = Smile(PLAIN, FORWARD, 0.1)
    reach = STRIP_REACH * sqrt(smile.theta)
    steps = 20_000
    total = 0.0
    for n in range(steps):  # mid points, so that none falls on the forward
        strike = FORWARD * exp(reach * ((n + 0.5) / steps * 2 - 1))
        price = smile.mark(strike, strike >= FORWARD).price
        total += price / strike * (2 * reach / steps)
    assert swap_variance(smile) == pytest.approx(2 * total, rel=1e-5)


def test_the_index_of_a_flat_surface_is_its_vol_in_percent():
    smiles = [Smile(FLAT, FORWARD, days / 365) for days in (1, 9, 23, 51, 200)]
    assert volatility_index(smiles) == pytest.approx(50.0, rel=1e-5)


def test_the_index_lies_between_the_two_expiries_around_thirty_days():
    near, far = Smile(PLAIN, FORWARD, 20 / 365), Smile(PLAIN, FORWARD, 50 / 365)
    whole = volatility_index([near, far])
    alone = [volatility_index([one]) for one in (near, far)]
    assert alone[0] < whole < alone[1]
    exact = Smile(PLAIN, FORWARD, INDEX_YEARS)
    assert volatility_index([exact]) == pytest.approx(whole, rel=1e-2)


def test_the_index_of_nothing_is_zero():
    assert volatility_index([]) == 0.0
    assert volatility_index([Smile(PLAIN, FORWARD, 0.0)]) == 0.0
