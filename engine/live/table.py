"""Rows of the venue as a table in plain text, for a terminal and for a pipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the row's key, the word above it, and whether it holds a time.

    Units: a time is in ms since epoch and shown in UTC.
    """

    key: str
    head: str
    is_time: bool = False


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> str:
    """Return head and rows, aligned; numbers to the right.

    A key that a row has not is shown as ``-``; a column no row has is left out.
    """
    shown = [one for one in columns if any(one.key in row for row in rows)]
    lines = [[one.head for one in shown]]
    lines += [[_text(row.get(one.key), one.is_time) for one in shown] for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(shown))]
    to_right = [any(_is_number(row.get(one.key)) for row in rows) for one in shown]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, to_right, strict=True)
        ).rstrip()
        for line in lines
    )


def as_json(value: Any) -> str:
    """Return what the venue said, as it said it, indented."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any, is_time: bool) -> str:
    if value is None or value == "":
        return "-"
    if is_time and isinstance(value, int):
        when = datetime.fromtimestamp(value / 1000, UTC)
        return f"{when:%Y-%m-%d %H:%M:%S}.{value % 1000:03d}"
    if isinstance(value, float):
        plain = format(Decimal(repr(value)), "f")
        return plain.removesuffix(".0")
    return str(value)
