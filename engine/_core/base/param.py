"""Parameters of calculators and signals: taken as meant, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_AGE_MAX_NS = 1 << 62


def number(
    name: str, value: Any, low: float, high: float = math.inf, *, open_low: bool = False
) -> float:
    """Return a parameter as a float within ``low..high``.

    Raises:
        ValueError: not a number, or outside; names the parameter, the value, the range.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and (low < value if open_low else low <= value) and value <= high:
        return float(value)
    allowed = f"{'(' if open_low else '['}{low}, {high}]"
    raise ValueError(f"{name} must be a number in {allowed}, not {value!r}")


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a parameter as an integer within ``low..high``.

    Raises:
        ValueError: not an integer, or outside; names the parameter, value and range.
    """
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ValueError(f"{name} must be a whole number in [{low}, {high}], not {value!r}")


def same(found: Any, **params: Any) -> None:
    """Demand that what was kept is a mapping, made with the parameters of now.

    Raises:
        ValueError: it was not; names the first that differs, and both values.
    """
    if not isinstance(found, Mapping):
        raise ValueError(f"an object was expected, not {found!r}")
    for name, value in params.items():
        if found.get(name) != value:
            raise ValueError(f"{name} was {found.get(name)!r} and is {value!r}")


def age(name: str, value: Any) -> int:
    """Return how long ago something kept was, nanoseconds.

    Raises:
        ValueError: not an integer, or below 0.
    """
    return whole(name, value, 0, _AGE_MAX_NS)


def young(name: str, span_s: float, away_ns: int) -> None:
    """Demand that an absence is no longer than the shortest memory of what was kept.

    Raises:
        ValueError: it is; names the parameter that is the memory, and both.
    """
    if away_ns > span_s * 1e9:
        raise ValueError(f"away for {away_ns / 1e9:.0f} s, {name} is {span_s:g} s")
