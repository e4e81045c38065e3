"""What one scrape shows, copied out of the running engine at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

BOUNDS_NS: tuple[int, ...] = (
    *(tenth * 10**power for power in range(1, 9) for tenth in (10, 25, 50)),
    10**10,
)
"""Upper edges of the exported buckets: 100 ns to 10 s, three a decade."""


class Latencies(Protocol):
    """What is exported of a latency histogram of the core."""

    count: int
    total_ns: int

    def cumulative(self, bounds_ns: Sequence[int]) -> list[int]:
        """Return how many values lie at or below each bound."""


@dataclass(frozen=True)
class Stage:
    """One latency histogram, copied out of the core."""

    count: int
    total_ns: int
    cumulative: list[int]

    @classmethod
    def copy(cls, histogram: Latencies) -> Stage:
        """Copy what is exported; cheap enough to be done between two turns."""
        counts = list(histogram.cumulative(BOUNDS_NS))
        return cls(histogram.count, histogram.total_ns, counts)


@dataclass(frozen=True)
class Reading:
    """Everything one scrape shows, taken at one moment."""

    snapshot: dict[str, Any]
    stages: Mapping[str, Stage] = field(default_factory=dict)
    shell: Mapping[str, float] = field(default_factory=dict)
    environment: str = ""
