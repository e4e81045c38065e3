"""Wrong calls, derived from the right ones: what a venue must refuse and survive.

Each takes a valid call and spoils one thing the venue says it checks: a parameter that
must be there, its type, its choices, its limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.sim.venue.api.rpc import Method, Param

MISFITS: tuple[Any, ...] = ({"a": 1}, [[1]], "no such thing at all")
NO_TEXT: tuple[Any, ...] = ({"a": 1}, [[1]], 17)
NO_OBJECT: tuple[Any, ...] = ([[1]], 17, "no object")
TOO_LONG = "x" * 20_000


@dataclass(frozen=True)
class Wrong:
    """One spoiled call; ``param`` is what an answer of -32602 must name."""

    about: str
    params: dict[str, Any]
    param: str


def wrongs(method: Method, params: dict[str, Any]) -> Iterator[Wrong]:
    """Yield every way a valid call can be spoiled that the method's own table names."""
    for name, param in method.params.items():
        if param.required:
            rest = {key: value for key, value in params.items() if key != name}
            yield Wrong(f"without {name}", rest, name)
            yield Wrong(f"{name} null", {**params, name: None}, name)
        for value in (*misfits(param), *outside(param)):
            yield Wrong(f"{name}={value!r:.30}", {**params, name: value}, name)


def misfits(param: Param) -> tuple[Any, ...]:
    """Return values of no type the parameter takes."""
    if param.kind == "text or object":
        return NO_OBJECT
    return NO_TEXT if "text" in param.kind else MISFITS


def outside(param: Param) -> Iterator[Any]:
    """Yield values of the right type that are not allowed."""
    if param.choices:
        yield "no_such_choice"
    if param.kind == "text":
        yield TOO_LONG
    if param.at_least is not None:
        yield param.at_least - 1
    if param.at_most is not None:
        yield param.at_most + 1
