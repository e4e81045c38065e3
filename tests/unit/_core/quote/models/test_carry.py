"""Carry against exact fractions, quadrature, and positions held over a price grid."""

import math
from fractions import Fraction

import pytest
from mpmath import exp as mp_exp
from mpmath import mpf, quad

from engine._core.quote.models.carry import (
    BasisCurve,
    carry_short_usd,
    expected_funding,
    implied_carry,
    inverse_pnl,
)

EXITS = [Fraction(n) for n in (1_000, 31_999, 64_000, 64_321, 150_000, 10_000_000)]


def coins(amount, entry, end):
    """The definition, exact."""
    return Fraction(amount) * (1 / Fraction(entry) - 1 / Fraction(end))


def test_inverse_profit_is_exact_to_the_last_digits():
    for amount in (10, -250_000):
        for end in EXITS:
            found = inverse_pnl(amount, 64_000.5, float(end))
            exact = coins(amount, Fraction("64000.5"), end)
            assert found == pytest.approx(float(exact), rel=1e-15)


def test_a_move_of_half_a_dollar_keeps_its_digits():
    exact = coins(10, 64_000, Fraction("64000.5"))
    assert inverse_pnl(10, 64_000, 64_000.5) == pytest.approx(float(exact), rel=1e-15)


def test_equal_dollars_of_two_futures_lock_the_basis_in_coins():
    """Long N USD at S, short N USD at F, both ended at one price: any price."""
    n, s, f = 100_000, Fraction("64000.5"), Fraction("65120")
    locked = n * (1 / s - 1 / f)
    for end in EXITS:
        assert coins(n, s, end) + coins(-n, f, end) == locked
        both = inverse_pnl(n, float(s), float(end)) + inverse_pnl(
            -n, float(f), float(end)
        )
        assert both == pytest.approx(float(locked), rel=1e-9)
    # Equal coins instead leave a part that moves with the price.
    uneven = {coins(n, s, x) + coins(-n * f / s, f, x) for x in EXITS}
    assert len(uneven) == len(EXITS)


@pytest.mark.parametrize("fee", ["0", "0.00035", "-0.0001"])
def test_coins_and_the_short_of_their_future_are_dollars(fee):
    """Q coins, the fee of the sale paid from them: USD that do not depend on X."""
    f, q, fee = Fraction("65120"), Fraction(3), Fraction(fee)
    n = q * f / (1 + fee)
    values = set()
    for end in EXITS:
        left = q - fee * n / f + coins(-n, f, end)
        values.add(left * end)
    assert values == {n}
    assert carry_short_usd(3, 65_120, float(fee)) == pytest.approx(float(n), rel=1e-15)


def test_the_spot_price_is_the_wrong_price_to_size_by():
    f, s, q = Fraction(65_120), Fraction(64_000), Fraction(3)
    values = {(q + coins(-q * s, f, end)) * end for end in EXITS}
    assert len(values) == len(EXITS)


def test_expected_funding_is_the_integral_of_the_expected_rate():
    for rate, mean, half, horizon in [
        (0.0008, 0.0001, 7_200.0, 28_800.0),
        (-0.002, 0.0, 600.0, 86_400.0),
        (0.0005, 0.0005, 3_600.0, 1.0),
    ]:
        decay = math.log(2) / half

        def at(t, rate=rate, mean=mean, decay=decay):
            return mpf(mean) + (mpf(rate) - mpf(mean)) * mp_exp(-decay * t)

        exact = quad(at, [0, horizon / 8, horizon]) / 28_800
        found = expected_funding(rate, horizon, mean_8h=mean, half_life_s=half)
        assert found == pytest.approx(float(exact), rel=1e-9)


def test_a_rate_that_reverts_at_once_is_the_mean_one_that_never_does_stays():
    assert expected_funding(0.01, 28_800, mean_8h=0.0002) == pytest.approx(0.0002)
    slow = expected_funding(0.01, 28_800, mean_8h=0.0002, half_life_s=1e9)
    assert slow == pytest.approx(0.01, rel=1e-4)
    assert expected_funding(0.01, 0, mean_8h=0.0002, half_life_s=60) == 0.0


def test_implied_carry_is_what_the_curve_is_made_of():
    points = [(0.5, 66_000.0), (0.1, 64_300.0), (1.0, 67_800.0)]
    curve = BasisCurve(64_000.0, points)
    assert curve.size == 3
    for years, price in points:
        assert curve.rate(years) == pytest.approx(implied_carry(price, 64_000, years))
        assert curve.forward(64_000.0, years) == pytest.approx(price, rel=1e-14)


def test_between_two_futures_the_rate_is_interpolated_and_beyond_it_is_kept():
    curve = BasisCurve(64_000.0, [(0.1, 64_300.0), (0.5, 66_000.0)])
    middle = (curve.rate(0.1) + curve.rate(0.5)) / 2
    assert curve.rate(0.3) == pytest.approx(middle, rel=1e-14)
    assert curve.rate(0.01) == curve.rate(0.1)
    assert curve.rate(0.0) == curve.rate(0.1)
    assert curve.rate(9.0) == curve.rate(0.5)


@pytest.mark.parametrize(
    ("name", "spot", "points"),
    [
        ("spot", 0.0, [(1.0, 1.0)]),
        ("points", 1.0, []),
        ("points", 1.0, [(0.1 * i, 1.0) for i in range(1, 34)]),
        ("points has two", 1.0, [(1.0, 1.0), (1.0, 2.0)]),
        ("years", 1.0, [(0.0, 1.0)]),
        ("price", 1.0, [(1.0, -1.0)]),
    ],
)
def test_a_curve_of_something_else_is_refused(name, spot, points):
    with pytest.raises(ValueError, match=name):
        BasisCurve(spot, points)


def test_a_curve_may_have_thirty_two_points():
    curve = BasisCurve(1.0, [(0.1 * i, 1.0) for i in range(1, 33)])
    assert curve.size == 32


def test_values_out_of_range_are_named():
    with pytest.raises(ValueError, match="future"):
        implied_carry(0, 1, 1)
    with pytest.raises(ValueError, match="years"):
        implied_carry(1, 1, 0)
    with pytest.raises(ValueError, match="half_life_s"):
        expected_funding(0.1, 1, half_life_s=-1)
    with pytest.raises(ValueError, match="entry"):
        inverse_pnl(1, 0, 1)
    with pytest.raises(ValueError, match="fee"):
        carry_short_usd(1, 1, 1)
