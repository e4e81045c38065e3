"""Parameters are taken as meant, or refused with name, value and range."""

import math

import pytest

from engine._core.base.param import number, whole


def test_number_and_whole_take_the_ends_of_their_range():
    assert number("x", 3, 3, 4) == 3.0
    assert number("x", 4, 3, 4) == 4.0
    with pytest.raises(ValueError, match=r"x must be a number in \(3, 4\], not 3"):
        number("x", 3, 3, 4, open_low=True)
    assert whole("n", 1, 1, 2) == 1
    with pytest.raises(
        ValueError, match=r"n must be a whole number in \[1, 2\], not 3"
    ):
        whole("n", 3, 1, 2)


@pytest.mark.parametrize("value", ["1", None, True, math.nan, -1, 5])
def test_what_is_no_number_in_the_range_is_refused(value):
    with pytest.raises(ValueError, match=r"x must be a number in \[0, 4\]"):
        number("x", value, 0, 4)
    with pytest.raises(ValueError, match=r"n must be a whole number in \[0, 4\]"):
        whole("n", value, 0, 4)
