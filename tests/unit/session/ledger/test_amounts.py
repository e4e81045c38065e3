"""Exact money: nothing is lost between a printed decimal and an integer."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.session.ledger.amounts import (
    ATTO,
    SATOSHI,
    coins,
    divide,
    ratio,
    to_atto,
)

WHOLE = st.integers(-(10**40), 10**40)


@given(WHOLE, st.integers(1, 10**30))
def test_divide_rounds_to_the_nearest_halves_away_from_zero(up: int, down: int) -> None:
    got, exact = divide(up, down), Fraction(up, down)
    assert abs(got - exact) <= Fraction(1, 2)
    if abs(got - exact) == Fraction(1, 2):
        assert abs(got) > abs(exact)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18))
def test_a_decimal_is_the_ratio_it_says(value: Decimal) -> None:
    up, down = ratio(value)
    assert Fraction(up, down) == Fraction(value)


@given(WHOLE)
def test_coins_and_atto_are_the_same_money(atto: int) -> None:
    money = coins(atto)
    assert Fraction(money) == Fraction(atto, ATTO)
    assert to_atto(money) == atto


@pytest.mark.parametrize(
    ("value", "atto"),
    [(0.1, 10**17), (1e-8, SATOSHI), (-0.00000003, -3 * SATOSHI), ("2.5e-19", 0)],
)
def test_a_float_stands_for_the_decimal_it_was_written_as(
    value: float, atto: int
) -> None:
    assert to_atto(value) == atto


@pytest.mark.parametrize("value", ["x", float("nan"), float("inf")])
def test_what_is_no_number_is_said_so(value: object) -> None:
    with pytest.raises(ProtocolError, match="number"):
        to_atto(value)  # type: ignore[arg-type]
