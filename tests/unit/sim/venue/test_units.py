"""Rounding and exact parts."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.units import coins, divide, fraction, to_atto, to_ref


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20))
def test_divide_rounds_to_nearest(numerator: int, denominator: int) -> None:
    quotient = divide(numerator, denominator)
    assert abs(quotient * denominator - numerator) * 2 <= denominator
    assert divide(-numerator, denominator) == -quotient


@given(st.decimals(-(10**6), 10**6, places=8))
def test_fraction_is_exact(number: Decimal) -> None:
    numerator, denominator = fraction(number)
    assert Decimal(numerator) / denominator == number


def test_fraction_refuses_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        fraction(Decimal("NaN"))


@given(st.decimals(-1000, 1000, places=10))
def test_coins_have_eight_decimals(number: Decimal) -> None:
    rounded = number.quantize(Decimal("1e-8"), ROUND_HALF_UP)
    assert coins(to_atto(number)) == float(rounded)


def test_reference_prices() -> None:
    assert to_ref("80815.664", 2) == 80_815_66000000
    assert to_ref(0.1 + 0.2, 2) == 30_000_000
