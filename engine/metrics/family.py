"""A metric as it is described, and its samples as they are found in a reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.metrics.reading import Stage

PREFIX = "halfspread_"


@dataclass(frozen=True, eq=False, slots=True)
class Family:
    """One metric: what it is called, what it means and what tells its samples apart.

    ``kind`` is OpenMetrics' word for the type; each family is itself, and made once.
    """

    name: str
    kind: str
    text: str
    labels: tuple[str, ...] = ()


Labels: TypeAlias = tuple[str, ...]
"""The values of a sample's labels, in the order of its family."""
Samples: TypeAlias = Iterable[tuple[Labels, float | Stage]]
Row: TypeAlias = tuple[Family, Samples]


def counter(name: str, text: str, *labels: str) -> Family:
    """Describe a count that only grows."""
    return Family(PREFIX + name, "counter", text, labels)


def gauge(name: str, text: str, *labels: str) -> Family:
    """Describe a number that goes up and down."""
    return Family(PREFIX + name, "gauge", text, labels)


def histogram(name: str, text: str, *labels: str) -> Family:
    """Describe latencies; its samples are `Stage`."""
    return Family(PREFIX + name, "histogram", text, labels)


def info(name: str, text: str, *labels: str) -> Family:
    """Describe facts that are told as labels of a sample of 1."""
    return Family(PREFIX + name, "info", text, labels)


def alone(family: Family, value: float) -> Row:
    """Return the row of a family without labels."""
    return family, (((), value),)


def by_key(family: Family, values: Mapping[object, float]) -> Row:
    """Return the row of a family whose one label is a mapping's key."""
    return family, [((str(key),), value) for key, value in values.items()]
