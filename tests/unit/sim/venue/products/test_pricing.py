"""Prices and greeks against recorded tickers and an integrated payoff."""

from math import exp, sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.sim.venue.products.pricing import (
    ITERATIONS_MAX,
    VOL_MAX,
    black,
    implied_vol,
    intrinsic,
    mark,
    years_left,
)
from tests.oracles.options import expected_payoff

DAY = 1.0 / 365.0
FORWARD = 80_000.0

# instrument of 2021, days left, forward, strike, call, mark_iv, then of its ticker:
# mark_price (coin), delta, gamma, vega, theta, rho. Source: ticker.*.raw captures of
# 2021-04-05 and 2021-04-17.
RECORDED = [
    ("ETH-9APR21-1950-C", 3.5905932, 2114.89, 1950.0, True, 78.7,
     (0.083747, 0.8597, 0.00135, 0.46755, -5.12461, 0.16142)),
    ("ETH-30APR21-2240-P", 24.5905664, 2188.49, 2240.0, False, 81.24,
     (0.09724, -0.50195, 0.00086, 2.26613, -3.74345, -0.88345)),
    ("ETH-24SEP21-320-P", 171.5905653, 2401.86, 320.0, False, 124.92,
     (0.000907, -0.0027, 0.0, 0.13719, -0.04994, -0.04077)),
    ("BTC-31DEC21-300000-P", 269.5905646, 70603.45, 300000.0, False, 97.88,
     (3.27733689, -0.90308, 0.0, 104.08116, -18.89375, -2180.00467)),
    ("BTC-25MAR22-50000-C", 341.6356553, 74020.92, 50000.0, True, 71.89,
     (0.42348784, 0.81907, 0.00001, 188.5171, -19.83417, 274.07754)),
    # Two that decay by less than a day of theta: the one has 0.64 days left, the other
    # costs less than its theta.
    ("BTC-18APR21-59000-C", 0.6356787, 60676.01, 59000.0, True, 66.45,
     (0.02985203, 0.84713, 0.00014, 5.97766, -198.60289, 0.86327)),
    ("BTC-19APR21-68000-C", 1.6357137, 60740.66, 68000.0, True, 74.4,
     (0.0002124, 0.01248, 0.00001, 1.31386, -12.90132, 0.03339)),
]  # fmt: skip


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row[0])
def test_a_recorded_ticker_is_reproduced_from_its_mark_iv(row):
    _, days, forward, strike, is_call, vol_percent, recorded = row
    found = mark(forward, strike, days * DAY, vol_percent / 100.0, is_call)
    price, delta, gamma, vega, theta, rho = recorded
    # mark_iv has two decimals; vol, forward and price can be a moment apart.
    slack = 0.011 * vega + 1e-5 * forward
    assert found.price == pytest.approx(price * forward, abs=slack)
    assert found.delta == pytest.approx(delta, abs=1e-4)
    assert found.gamma == pytest.approx(gamma, abs=1e-5)
    assert found.vega == pytest.approx(vega, rel=2e-3)
    assert found.theta == pytest.approx(theta, rel=2e-3)
    assert found.rho == pytest.approx(rho, rel=2e-3)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("vol", [0.2, 0.6, 1.8])
@pytest.mark.parametrize("days", [0.5, 30.0, 400.0])
@pytest.mark.parametrize("moneyness", [0.6, 0.97, 1.0, 1.25])
def test_price_and_greeks_agree_with_the_integrated_payoff(
    moneyness, days, vol, is_call
):
    strike, years = FORWARD * moneyness, days * DAY
    found = mark(FORWARD, strike, years, vol, is_call)

    def price(forward=FORWARD, at_vol=vol, left=years):
        return expected_payoff(forward, strike, left, at_vol, is_call)

    assert found.price == pytest.approx(price(), abs=1e-4)
    step = 1e-3 * FORWARD * vol * sqrt(years)
    up, down = price(FORWARD + step), price(FORWARD - step)
    assert found.delta == pytest.approx((up - down) / (2 * step), abs=1e-5)
    bend = (up - 2 * price() + down) / step**2
    assert found.gamma == pytest.approx(bend, rel=1e-3, abs=1e-9)
    vega = (price(at_vol=vol + 1e-4) - price(at_vol=vol - 1e-4)) / 2e-4 / 100
    assert found.vega == pytest.approx(vega, rel=1e-4, abs=1e-4)
    slope = (price(left=years * 0.999) - price(left=years * 1.001)) / (2e-3 * years)
    theta = -min(-slope * min(DAY, years), found.price)
    assert found.theta == pytest.approx(theta, rel=1e-4, abs=1e-3)


def test_rho_is_what_a_percent_on_the_forward_and_the_discount_would_do():
    # The rate moves the forward of a fixed spot and discounts the payoff.
    strike, years, vol, rate = 90_000.0, 0.5, 0.6, 1e-4

    def price(r):
        return exp(-r * years) * expected_payoff(
            FORWARD * exp(r * years), strike, years, vol, True
        )

    slope = (price(rate) - price(-rate)) / (2 * rate) / 100
    assert mark(FORWARD, strike, years, vol, True).rho == pytest.approx(slope, rel=1e-4)


@given(
    st.floats(0.1, 1e6), st.floats(0.05, 20.0), st.floats(0.0, 3.0), st.booleans()
)  # fmt: skip
def test_price_stays_between_its_bounds_and_respects_parity(
    forward, moneyness, deviation, is_call
):
    strike = forward * moneyness
    price = black(forward, strike, deviation, is_call)
    assert price >= intrinsic(forward, strike, is_call) - 1e-12 * (forward + strike)
    assert price <= (forward if is_call else strike)
    other = black(forward, strike, deviation, not is_call)
    call, put = (price, other) if is_call else (other, price)
    assert call - put == pytest.approx(forward - strike, abs=1e-9 * (forward + strike))


@given(
    st.floats(0.1, 1e5),
    st.floats(-2.5, 2.5),
    st.floats(1e-4, 3.0),
    st.floats(0.03, VOL_MAX - 0.01),
    st.booleans(),
)
@example(1.0, 0.0, 0.1, 0.5, True)
@example(1.0, 1e-9, 0.1, 0.5, False)
def test_implied_vol_gives_the_price_back(forward, away, years, vol, is_call):
    strike = forward * exp(away * min(1.0, 4.0 * vol * sqrt(years)))
    price = mark(forward, strike, years, vol, is_call).price
    found = implied_vol(price, forward, strike, years, is_call)
    again = black(forward, strike, found * sqrt(years), is_call)
    assert again == pytest.approx(price, abs=1e-10 * (forward + strike))
    if price - intrinsic(forward, strike, is_call) > 1e-6 * forward:
        assert found == pytest.approx(vol, rel=1e-3)


@given(
    st.floats(0.0, 1e6), st.floats(0.1, 1e6), st.floats(0.1, 1e6),
    st.floats(0.0, 5.0), st.booleans(),
)  # fmt: skip
def test_implied_vol_of_any_price_is_a_vol_the_venue_can_show(
    price, forward, strike, years, is_call
):
    assert 0.0 <= implied_vol(price, forward, strike, years, is_call) <= VOL_MAX


def test_no_vol_gives_the_intrinsic_value_or_less():
    assert implied_vol(10_000.0, FORWARD, 70_000.0, 0.1, True) == 0.0
    assert implied_vol(9_000.0, FORWARD, 70_000.0, 0.1, True) == 0.0
    assert implied_vol(100.0, FORWARD, FORWARD, 0.0, True) == 0.0


def test_a_price_no_vol_reaches_is_shown_as_the_highest():
    assert implied_vol(FORWARD, FORWARD, 70_000.0, 0.1, True) == VOL_MAX


def test_the_solver_ends_within_its_bound_where_newton_alone_would_not(monkeypatch):
    module = "engine.sim.venue.products.pricing"
    whole = implied_vol(1e-6, FORWARD, 300_000.0, 0.02, True)
    monkeypatch.setattr(f"{module}.ITERATIONS_MAX", ITERATIONS_MAX // 2)
    assert implied_vol(1e-6, FORWARD, 300_000.0, 0.02, True) == whole


def test_an_expired_option_is_worth_its_intrinsic_value_and_has_no_greeks():
    found = mark(FORWARD, 70_000.0, 0.0, 0.5, True)
    assert found.price == 10_000.0
    assert found[2:] == (0.0, 0.0, 0.0, 0.0, 0.0)


def test_a_year_has_365_days_and_time_left_is_never_negative():
    year_ms = 365 * 86_400_000
    assert years_left(year_ms, 0) == 1.0
    assert years_left(0, 1) == 0.0
