"""Parameters of calculators and signals: taken as meant, or refused by name."""

from __future__ import annotations

import math
from typing import Any


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
