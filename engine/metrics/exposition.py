"""Writes a reading as text, in Prometheus' format and in OpenMetrics'.

The beginning of a line is made when its labels are first seen and kept; a scrape puts
numbers behind it. After so many lines the thread rests, so that it never holds the
interpreter for long, however many instruments there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from engine.metrics.export import rows
from engine.metrics.family import Family, Labels, Row
from engine.metrics.page import Page
from engine.metrics.reading import BOUNDS_NS, Reading, Stage

LINES_AT_ONCE = 128
"""About a twentieth of a millisecond."""

REST_S = 0.0002
KEPT_MAX = 200_000
"""Beginnings of lines kept; past it all are forgotten and made anew."""

_SUFFIXES = {"counter": "_total", "info": "_info"}
_EDGES = (*(repr(bound_ns / 1e9) for bound_ns in BOUNDS_NS), "+Inf")


@dataclass(slots=True)
class _Known:
    """What is kept of a family."""

    head: bytes
    starts: dict[Labels, bytes] = field(default_factory=dict)
    spreads: dict[Labels, tuple[bytes, ...]] = field(default_factory=dict)


class Exposition:
    """Writes one format; for one thread at a time."""

    def __init__(
        self, is_open: bool, rest: Callable[[float], object] = time.sleep
    ) -> None:
        """``is_open`` chooses OpenMetrics."""
        self._is_open = is_open
        self._rest = rest
        self._known: dict[Family, _Known] = {}
        self._kept = 0

    def written(self, reading: Reading, more: Iterable[Row] = ()) -> bytes:
        """Return the text of a reading, and of more families behind it."""
        page = Page(partial(self._rest, REST_S), LINES_AT_ONCE)
        spread = partial(self._spread, page)
        for source in (rows(reading), more):
            page.families(source, self._known, self._learn, self._start, spread)
        if self._is_open:
            page.text(b"# EOF\n")
        self._forget()
        return page.written()

    def _learn(self, family: Family) -> _Known:
        name, kind = family.name, family.kind
        text = family.text.replace("\\", r"\\").replace("\n", r"\n")
        if self._is_open:
            text = text.replace('"', r"\"")
        else:
            name += _SUFFIXES.get(kind, "")
            kind = "gauge" if kind == "info" else kind
        head = f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
        self._known[family] = known = _Known(head.encode())
        return known

    def _start(self, known: _Known, family: Family, labels: Labels) -> bytes:
        name = family.name + _SUFFIXES.get(family.kind, "")
        start = known.starts[labels] = _line(name, family.labels, labels)
        self._kept += 1
        return start

    def _spread(
        self, page: Page, known: _Known, family: Family, labels: Labels, value: Stage
    ) -> None:
        """Add the lines of one histogram: buckets, count and sum."""
        starts = known.spreads.get(labels)
        if starts is None:
            name, keys = family.name, (*family.labels, "le")
            starts = known.spreads[labels] = (
                *(_line(f"{name}_bucket", keys, (*labels, edge)) for edge in _EDGES),
                _line(f"{name}_count", family.labels, labels),
                _line(f"{name}_sum", family.labels, labels),
            )
            self._kept += len(starts)
        numbers = [*value.cumulative, value.count, value.count, value.total_ns / 1e9]
        page.lines_of(starts, numbers)

    def _forget(self) -> None:
        if self._kept > KEPT_MAX:
            self._known.clear()
            self._kept = 0


def _line(name: str, keys: Iterable[str], labels: Labels) -> bytes:
    """Return a line up to its number."""
    pairs = ",".join(
        f'{key}="{_quoted(label)}"'
        for key, label in sorted(zip(keys, labels, strict=True))
    )
    return f"{name}{{{pairs}}} ".encode() if pairs else f"{name} ".encode()


def _quoted(label: str) -> str:
    return label.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
