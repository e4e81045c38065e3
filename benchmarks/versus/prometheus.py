"""prometheus_client's own counter and histogram, as a Python engine would use them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

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
