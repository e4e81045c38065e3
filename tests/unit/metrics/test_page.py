"""Lines and numbers: every number reads back as it was."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.metrics.page import Page

LIMIT = 2**53


def one(value: float) -> str:
    page = Page()
    page.sample(b"a ", value)
    text = page.written().decode()
    assert text.startswith("a ")
    assert text.endswith("\n")
    return text[2:-1]


@given(st.floats(allow_nan=False))
def test_a_number_reads_back_as_it_was(value: float) -> None:
    assert float(one(value)) == value


@given(st.integers(-LIMIT, LIMIT))
def test_a_whole_number_is_written_without_a_point(value: int) -> None:
    assert one(value) == str(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (True, "1"),
        (0.1, "0.1"),
        (-2.5e-08, "-2.5e-08"),
        (LIMIT - 1, "9007199254740991"),
        (float(LIMIT), "9007199254740992"),
        (1e300, "1e+300"),
        (-1.7976931348623157e308, "-1.7976931348623157e+308"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_how_numbers_are_written(value: float, text: str) -> None:
    assert one(value) == text


def test_lines_stand_in_the_order_they_were_added() -> None:
    page = Page()
    page.text(b"# TYPE a gauge\n")
    page.sample(b'a{b="c"} ', 1)
    page.samples((b"d ", b"e "), [2, 0.5])
    page.text(b"")
    assert page.written() == b'# TYPE a gauge\na{b="c"} 1\nd 2\ne 0.5\n'


def test_an_empty_page_is_empty() -> None:
    assert Page().written() == b""


def test_a_page_grows() -> None:
    page = Page()
    for number in range(5_000):
        page.sample(b"n%d " % number, number / 8)
    lines = page.written().splitlines()
    assert lines == [b"n%d %s" % (n, one(n / 8).encode()) for n in range(5_000)]


def test_wrong_arguments_are_refused() -> None:
    page = Page()
    with pytest.raises(ValueError, match="2 beginnings, 1 numbers"):
        page.samples((b"a ", b"b "), [1])
    with pytest.raises(TypeError):
        page.samples((b"a ", "b "), [1, 2])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        page.sample(b"a ", "1")  # type: ignore[arg-type]
