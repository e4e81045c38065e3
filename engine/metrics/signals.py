"""Signals as metrics: what each strategy's numbers say, and whether they count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.metrics.family import Row, gauge

_LABELS = ("instrument", "number", "signal", "hears")
_VALUE = gauge(
    "signal",
    "Value of a signal of an instrument's strategy, in the signal's unit; numbered as "
    "the strategy listens",
    *_LABELS,
)
_READY = gauge("signal_ready", "1: the value of that signal counts", *_LABELS)


def signal_rows(instruments: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the signals of each quoted instrument."""
    for family, key in ((_VALUE, "value"), (_READY, "is_ready")):
        yield (
            family,
            (
                ((name, str(number), one["signal"], one["hears"]), float(one[key]))
                for name, row in instruments.items()
                for number, one in enumerate(row.get("signals", ()))
            ),
        )
