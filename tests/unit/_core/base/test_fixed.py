"""Exact decimals against the decimal module."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine._core.base import fixed

DIGITS_MAX = 18
EXPONENT_MAX = 64
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def exact(number: tuple[int, int]) -> Decimal:
    mantissa, exponent = number
    with localcontext(prec=60):
        return Decimal(mantissa).scaleb(exponent)


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """Draw a JSON number text of any form, up to a little too long and too large."""
    whole = draw(st.from_regex(r"-?(0|[1-9][0-9]{0,20})", fullmatch=True))
    part = draw(st.from_regex(r"(\.[0-9]{1,22})?", fullmatch=True))
    power = draw(st.from_regex(r"([eE][+-]?[0-9]{1,2})?", fullmatch=True))
    return whole + part + power


def fits(number: Decimal) -> bool:
    """Return whether 18 digits and an exponent of 64 hold a number."""
    if number == 0:
        return True
    with localcontext(prec=200):
        _, digits, exponent = number.normalize().as_tuple()
    assert isinstance(exponent, int)
    return len(digits) <= DIGITS_MAX and abs(exponent) <= EXPONENT_MAX


@given(spellings())
def test_parse_is_exact_or_refuses(text: str) -> None:
    number = Decimal(text)
    if fits(number):
        assert exact(fixed.parse(text.encode())) == number
    else:
        with pytest.raises(ValueError, match="not a number the core takes"):
            fixed.parse(text.encode())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"65000", (65, 3)),
        (b"65000.0", (65, 3)),
        (b"6.5e4", (65, 3)),
        (b"6.5E+04", (65, 3)),
        (b"1e-05", (1, -5)),
        (b"2.8e-4", (28, -5)),
        (b"-0.0016", (-16, -4)),
        (b"0", (0, 0)),
        (b"-0", (0, 0)),
        (b"0.000", (0, 0)),
        (b"0e64", (0, 0)),
        (b"1.0002e6", (10002, 2)),
        (b"100.00", (1, 2)),
        (b"10.01", (1001, -2)),
        (b"0.10000000000000000000", (1, -1)),
        (b"999999999999999999", (999999999999999999, 0)),
        (b"1e64", (1, 64)),
        (b"1e-64", (1, -64)),
        (b"1" + b"0" * 64, (1, 64)),
        (b"0." + b"0" * 63 + b"1", (1, -64)),
    ],
)
def test_parse(text: bytes, parts: tuple[int, int]) -> None:
    assert fixed.parse(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        b"", b"-", b"+1", b".5", b"1.", b"1.e1", b"01", b"-01", b"00", b"1e", b"1e+",
        b"1e1.5", b"1..2", b"1.2.3", b"1 ", b" 1", b"0x1", b"1_000", b"NaN", b"inf",
        b"1,000", b"--1", b"1-1", b"e5", b"\xb2",
        # One digit, one power past the limits.
        b"1000000000000000001", b"1.000000000000000001", b"0.1000000000000000001",
        b"1e65", b"1e-65", b"1" + b"0" * 65, b"1e99999999999999999999",
    ],
)  # fmt: skip
def test_parse_refuses(text: bytes) -> None:
    with pytest.raises(ValueError, match="not a number the core takes"):
        fixed.parse(text)


@given(spellings(), st.integers(0, DIGITS_MAX))
def test_fixed_is_exact_or_refuses(text: str, decimals: int) -> None:
    number = Decimal(text)
    with localcontext(prec=200):
        scaled = number.scaleb(decimals)
        whole = scaled == scaled.to_integral_value()
    if fits(number) and whole and abs(scaled) <= INT64_MAX:
        assert fixed.fixed(text.encode(), decimals) == int(scaled)
    else:
        with pytest.raises(ValueError, match=r"not a"):
            fixed.fixed(text.encode(), decimals)


@given(spellings(), st.integers(0, DIGITS_MAX))
def test_rounding_is_half_away_from_zero(text: str, decimals: int) -> None:
    number = Decimal(text)
    with localcontext(prec=200):
        rounded = int(number.scaleb(decimals).to_integral_value(ROUND_HALF_UP))
    if fits(number) and abs(rounded) <= INT64_MAX:
        assert fixed.fixed_rounded(text.encode(), decimals) == rounded
    else:
        with pytest.raises(ValueError, match=r"not a|does not fit"):
            fixed.fixed_rounded(text.encode(), decimals)


@pytest.mark.parametrize(
    ("text", "rounded"),
    [
        (b"0.5", 1), (b"-0.5", -1), (b"0.49", 0), (b"-0.49", 0), (b"1.5", 2),
        (b"2.5", 3), (b"-2.5", -3), (b"1e-18", 0), (b"9e-64", 0),
        (b"0.999999999999999999", 1), (b"5e-1", 1),
    ],
)  # fmt: skip
def test_rounding(text: bytes, rounded: int) -> None:
    assert fixed.fixed_rounded(text, 0) == rounded


@pytest.mark.parametrize("text", [b"9.3e18", b"-9.3e18", b"1e64"])
def test_fixed_refuses_what_no_int64_holds(text: bytes) -> None:
    with pytest.raises(ValueError, match="whole number"):
        fixed.fixed(text, 0)
    with pytest.raises(ValueError, match="does not fit"):
        fixed.fixed_rounded(text, 0)


@given(spellings())
def test_double_is_near(text: str) -> None:
    number = Decimal(text)
    if fits(number):
        near = float(number)
        assert abs(fixed.double(text.encode()) - near) <= 2 * math.ulp(near)


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 18))
def test_double_of_few_digits_is_the_nearest(mantissa: int, decimals: int) -> None:
    text = f"{mantissa}e-{decimals}"
    assert fixed.double(text.encode()) == float(Decimal(text))


WHOLE = st.integers(INT64_MIN, INT64_MAX) | st.integers(-2 * 10**8, 2 * 10**8)
"""Of any length, and of about the eight digits that are written at once."""


@given(WHOLE, st.integers(0, DIGITS_MAX))
@example(10**8 - 1, 7)
@example(10**8 - 1, 8)
@example(10**8, 7)
@example(10**16, 0)
@example(INT64_MIN, 18)
def test_text_is_plain_and_exact(value: int, decimals: int) -> None:
    text = fixed.text(value, decimals)
    with localcontext(prec=60):
        assert Decimal(text) == Decimal(value).scaleb(-decimals)
    assert len(text) <= 21
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)([.][0-9]*[1-9])?", text)


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.integers(0, DIGITS_MAX))
def test_text_comes_back(value: int, decimals: int) -> None:
    text = fixed.text(value, decimals)
    assert fixed.fixed(text.encode(), decimals) == value


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0, 0, "0"),
        (0, 18, "0"),
        (650005, 1, "65000.5"),
        (650000, 1, "65000"),
        (5, 4, "0.0005"),
        (-16, 4, "-0.0016"),
        (-10, 1, "-1"),
        (INT64_MAX, 0, "9223372036854775807"),
        (INT64_MIN, 0, "-9223372036854775808"),
        (INT64_MIN, 18, "-9.223372036854775808"),
        (INT64_MIN, 1, "-922337203685477580.8"),
        (1, 18, "0.000000000000000001"),
    ],
)
def test_text(value: int, decimals: int, text: str) -> None:
    assert fixed.text(value, decimals) == text


@pytest.mark.parametrize("decimals", [-1, 19])
def test_decimals_have_limits(decimals: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.18"):
        fixed.text(1, decimals)
    with pytest.raises(ValueError, match="whole number"):
        fixed.fixed(b"1", decimals)
    with pytest.raises(ValueError, match="does not fit"):
        fixed.fixed_rounded(b"1", decimals)


@given(st.integers(0, 2**62), st.integers(1, 2**62))
def test_a_quotient_is_whole_or_nothing(value: int, divisor: int) -> None:
    for number in (value, value // divisor * divisor, value * divisor % 2**63):
        expected = None if number % divisor else number // divisor
        assert fixed.quotient(number, divisor) == expected


@pytest.mark.parametrize("divisor", [1, 2, 3, 5, 10, 25, 64, 10**15, 2**62, 2**63 - 1])
def test_quotients_at_the_edges(divisor: int) -> None:
    assert fixed.quotient(0, divisor) == 0
    assert fixed.quotient(divisor, divisor) == 1
    if divisor > 1:
        assert fixed.quotient(divisor - 1, divisor) is None
    assert fixed.quotient(INT64_MAX, 1) == INT64_MAX


@pytest.mark.parametrize(("value", "divisor"), [(-1, 1), (1, 0), (1, -1)])
def test_quotients_of_what_is_not_positive(value: int, divisor: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        fixed.quotient(value, divisor)
