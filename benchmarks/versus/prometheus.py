"""prometheus_client's own counter, histogram and writer, as an engine would."""

from __future__ import annotations

import time
from statistics import median

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

BUCKETS_S = tuple(step * 10.0**power for power in range(-6, 0) for step in (1, 2, 5))


def increments(count: int) -> None:
    """Add 1 to a counter, again and again."""
    add = Counter("frames", "Frames.", registry=CollectorRegistry()).inc
    for _ in range(count):
        add()


def observations(count: int) -> None:
    """Add a value to a histogram, again and again."""
    registry = CollectorRegistry()
    made = Histogram("turn_seconds", "Turns.", registry=registry, buckets=BUCKETS_S)
    add = made.observe
    for _ in range(count):
        add(0.00003)


class _Families(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def writing(page: str, times: int) -> float:
    """Return what writing the families of a page takes, made already. Units: ns."""
    registry = CollectorRegistry()
    registry.register(_Families(list(text_string_to_metric_families(page))))
    costs = []
    for _ in range(times):
        start = time.thread_time_ns()
        generate_latest(registry)
        costs.append(float(time.thread_time_ns() - start))
    return median(costs)
