"""Option mathematics against mpmath, finite differences, and payoffs."""

import itertools
from fractions import Fraction

import pytest
from mpmath import diff, mp, mpf, ncdf
from mpmath import log as mp_log
from mpmath import sqrt as mp_sqrt

from engine._core.quote.models.carry import inverse_pnl
from engine._core.quote.models.options import black76_price, coin_greeks, hedge_usd

FORWARD = 64_000.0
GRID = list(
    itertools.product(
        [0.25, 0.8, 0.999, 1.0, 1.001, 1.3, 4.0],  # strike over forward
        [0.05, 0.45, 2.5],  # volatility
        [1 / 8760, 7 / 365, 1.5],  # years
        [True, False],
    )
)


def usd(f, k, sigma, years, is_call):
    """Black-76 in 40 digits, from its definition."""
    v = mpf(sigma) * mp_sqrt(years)
    d1 = (mp_log(mpf(f) / k) + v * v / 2) / v
    if is_call:
        return f * ncdf(d1) - k * ncdf(d1 - v)
    return k * ncdf(v - d1) - f * ncdf(-d1)


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(40):
        yield


@pytest.mark.parametrize(("ratio", "sigma", "years", "is_call"), GRID)
def test_price_and_greeks_are_those_of_forty_digits(ratio, sigma, years, is_call):
    f, k = mpf(FORWARD), mpf(FORWARD * ratio)

    def coin(forward, vol, time):
        return usd(forward, k, vol, time, is_call) / forward

    found = coin_greeks(FORWARD, float(k), sigma, years, is_call=is_call)
    price = black76_price(FORWARD, float(k), sigma, years, is_call=is_call)
    exact = usd(f, k, sigma, years, is_call)
    assert price == pytest.approx(float(exact), rel=1e-11, abs=1e-11 * FORWARD)
    at = (f, mpf(sigma), mpf(years))
    expected = {
        "price": coin(*at),
        "delta": diff(coin, at, (1, 0, 0)),
        "gamma": diff(coin, at, (2, 0, 0)),
        "vega": diff(coin, at, (0, 1, 0)),
        "theta": -diff(coin, at, (0, 0, 1)),
        "net_delta": f * diff(coin, at, (1, 0, 0)),
    }
    scales = {"delta": 1 / FORWARD, "gamma": FORWARD**-2}
    for name, value in expected.items():
        tolerance = 1e-11 * scales.get(name, 1.0)
        assert getattr(found, name) == pytest.approx(
            float(value), rel=1e-9, abs=tolerance
        ), name


def test_what_a_difference_of_two_prices_says():
    """The greeks once more, against this module's own prices."""
    step = 1.0
    for k, is_call in itertools.product([50_000.0, 64_000.0, 80_000.0], [True, False]):
        low, at, high = (
            coin_greeks(FORWARD + move, k, 0.5, 0.1, is_call=is_call)
            for move in (-step, 0.0, step)
        )
        slope = (high.price - low.price) / (2 * step)
        assert at.delta == pytest.approx(slope, rel=1e-6, abs=1e-12)
        assert at.gamma == pytest.approx((high.delta - low.delta) / 2, rel=1e-5)


def test_net_delta_is_black_s_delta_less_the_premium():
    for ratio, sigma, years, is_call in GRID:
        k = FORWARD * ratio
        v = mpf(sigma) * mp_sqrt(years)
        d1 = (mp_log(mpf(FORWARD) / k) + v * v / 2) / v
        black = ncdf(d1) if is_call else -ncdf(-d1)
        found = coin_greeks(FORWARD, k, sigma, years, is_call=is_call)
        assert found.net_delta == pytest.approx(
            float(black) - found.price, rel=1e-10, abs=1e-12
        )


def test_the_hedge_leaves_only_what_is_of_second_order():
    """A coin of a call and the future that hedges it, moved by little and by less."""
    greeks = coin_greeks(FORWARD, 66_000.0, 0.6, 0.1, is_call=True)
    amount = hedge_usd(greeks.net_delta, FORWARD)
    assert amount < 0
    left = []
    for move in (100.0, 10.0):
        moved = coin_greeks(FORWARD + move, 66_000.0, 0.6, 0.1, is_call=True)
        option = moved.price - greeks.price
        left.append(option + inverse_pnl(amount, FORWARD, FORWARD + move))
    assert abs(left[1]) < abs(left[0]) / 90
    black = -FORWARD * (greeks.net_delta + greeks.price)
    wrong = option + inverse_pnl(black, FORWARD, FORWARD + 10.0)
    assert abs(wrong) > 50 * abs(left[1])


def test_parity_holds_between_prices():
    for ratio, sigma, years, _ in GRID:
        k = FORWARD * ratio
        call, put = (
            coin_greeks(FORWARD, k, sigma, years, is_call=is_call).price
            for is_call in (True, False)
        )
        assert call - put == pytest.approx(1 - ratio, abs=1e-14)


@pytest.mark.parametrize("years", [0.0, 0.5])
def test_without_volatility_it_is_worth_what_it_pays(years):
    for k in (50_000, 64_000, 90_000):
        for is_call in (True, False):
            found = coin_greeks(FORWARD, k, 0.0, years, is_call=is_call)
            gain = Fraction(64_000 - k if is_call else k - 64_000)
            pays = max(Fraction(0), gain) / 64_000
            assert found.price == pytest.approx(float(pays), abs=1e-15)
            assert found.gamma == found.vega == found.theta == 0.0
            usd_price = black76_price(FORWARD, k, 0.0, years, is_call=is_call)
            assert usd_price == pytest.approx(float(pays * 64_000), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("forward", (0.0, 1.0, 0.5, 1.0)),
        ("strike", (1.0, -1.0, 0.5, 1.0)),
        ("sigma", (1.0, 1.0, -0.5, 1.0)),
        ("years", (1.0, 1.0, 0.5, float("nan"))),
    ],
)
def test_a_value_out_of_range_is_named(name, values):
    with pytest.raises(ValueError, match=name):
        coin_greeks(*values, is_call=True)
    with pytest.raises(ValueError, match=name):
        black76_price(*values, is_call=False)
