"""What every fault has: a window in time; and how one is read from a table.

``FAULTS`` has every kind under the name it has in ``sim.toml`` and in the control API.
A kind is a frozen dataclass whose fields say their unit, their bounds and what they
mean, so that the reader, the refusals and the documentation cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

FAULTS_MAX = 1_000
TIME_MAX_MS = 7 * 86_400_000
COUNT_MAX = 1_000_000_000
TEXT_MAX = 200
TEXTS_MAX = 100
WORDS = {str: "text", int: "integer", float: "number", tuple: "list of texts"}


class FaultError(ValueError):
    """A table that is no fault: which ``key`` is wrong, and what is ``allowed``."""

    def __init__(self, key: str, allowed: str) -> None:
        self.key, self.allowed = key, allowed
        super().__init__(f"{key}: {allowed}")


def option(
    default: Any,
    meaning: str,
    unit: str = "",
    *,
    low: float = 0,
    high: float = COUNT_MAX,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a field with what it means and what it may be.

    Empty: choices () = any text.
    """
    metadata = {"meaning": meaning, "unit": unit, "low": low, "high": high}
    return field(default=default, metadata={**metadata, "choices": choices})


def time_ms(default: int, meaning: str, low: int = 0) -> Any:
    """Return a field that is a time."""
    return option(default, meaning, "ms", low=low, high=TIME_MAX_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, and when.

    Units: times in ms of the venue's clock; ``start_ms`` counts from when it was set.
    Empty: ``duration_ms`` 0 = until it is cleared.
    """

    kind: ClassVar[str]
    start_ms: int = time_ms(0, "when it begins, counted from when it was set")
    duration_ms: int = time_ms(0, "how long it lasts; 0 = until it is cleared")

    def row(self) -> dict[str, Any]:
        """Return the fault as a table, the way it can be read again."""
        return {"kind": self.kind} | {
            one.name: list(value) if isinstance(value, tuple) else value
            for one in fields(self)
            for value in (getattr(self, one.name),)
        }


FAULTS: dict[str, type[Fault]] = {}
Kind = TypeVar("Kind", bound=type[Fault])


def fault(name: str) -> Callable[[Kind], Kind]:
    """Register a kind of fault under its name."""

    def register(kind: Kind) -> Kind:
        kind.kind = name
        FAULTS[name] = kind
        return kind

    return register


def read_fault(table: Mapping[str, Any]) -> Fault:
    """Return the fault a table describes: its ``kind`` and some of its options.

    Raises: FaultError.
    """
    name = table.get("kind")
    kind = FAULTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise FaultError("kind", f"must be one of {', '.join(sorted(FAULTS))}")
    options = {one.name: one for one in fields(kind)}
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key in options:
            given[key] = _read(options[key], value)
        elif key != "kind":
            known = ", ".join(options)
            raise FaultError(key, f"{name} has no such option; it has {known}")
    return kind(**given)


def allowed(one: Field[Any]) -> str:
    """Return what an option may be, in words."""
    facts = one.metadata
    if facts["choices"]:
        return f"one of {', '.join(facts['choices'])}"
    word = WORDS[type(one.default)]
    if word in ("integer", "number"):
        return f"{word} from {facts['low']} to {facts['high']}"
    return word


def _read(one: Field[Any], value: Any) -> Any:
    kind, facts = type(one.default), one.metadata
    if kind is tuple:
        good = isinstance(value, list | tuple) and len(value) <= TEXTS_MAX
        good = good and all(isinstance(o, str) and len(o) <= TEXT_MAX for o in value)
        value = tuple(value) if good else value
    elif kind is str:
        good = isinstance(value, str) and len(value) <= TEXT_MAX
        good = good and (not facts["choices"] or value in facts["choices"])
    else:
        wanted = int | float if kind is float else int
        good = isinstance(value, wanted) and not isinstance(value, bool)
        good = good and facts["low"] <= value <= facts["high"]
    if not good:
        raise FaultError(one.name, f"must be {allowed(one)}")
    return value
