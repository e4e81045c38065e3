"""The shapes find what they are for, so that silence means something."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.shapes import CHANGE, NUMBER, PAIR, PRICE, problems

SHAPE = {"name": str, "prices": [NUMBER], "inner": {"flag": bool}, "best": PRICE}
GOOD = {"name": "a", "prices": [1, 2.5], "inner": {"flag": True}, "best": None, "x": 1}


def test_a_good_object_has_no_problem() -> None:
    assert list(problems(GOOD, SHAPE)) == []
    assert list(problems([[1.0, 2]], [PAIR])) == []
    assert list(problems([["new", 1.0, 2]], [CHANGE])) == []


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"name": 5}, ".name"),
        ({"prices": 1}, ".prices"),
        ({"prices": ["1"]}, ".prices[0]"),
        ({"prices": [True]}, ".prices[0]"),
        ({"inner": {}}, ".inner.flag"),
        ({"inner": {"flag": 1}}, ".inner.flag"),
        ({"best": "null"}, ".best"),
    ],
)
def test_a_bad_member_is_found(change: dict[str, Any], at: str) -> None:
    (found,) = problems({**GOOD, **change}, SHAPE)
    assert found.startswith(f"{at}:")


@pytest.mark.parametrize("level", [[1.0], [1.0, "2"], 5, [1, 2, 3]])
def test_a_bad_level_is_found(level: Any) -> None:
    assert list(problems(level, PAIR))


def test_a_bad_action_is_found() -> None:
    assert list(problems(["added", 1.0, 2.0], CHANGE))
