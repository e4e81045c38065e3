"""The signals of one strategy over a restart: dumped in rows, loaded where they fit.

A row belongs to a signal of a later run when both stand at the same place and agree on
class, instrument heard and its tick. What a signal itself keeps is its own, see
`Signal.dump`; one that keeps nothing has None for a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine._core.base.param import same
from engine._core.signals.signal import Signal

Row = dict[str, Any]


def dump_rows(
    signals: Sequence[Signal], sources: Sequence[str], own: str, now_ns: int
) -> list[Row | None]:
    """Return one row a signal; sources names whom it hears, "" the instrument `own`."""
    rows: list[Row | None] = []
    for signal, hears in zip(signals, sources, strict=True):
        known = signal.dump(now_ns)
        rows.append({**_id(signal, hears or own), "known": known} if known else None)
    return rows


def load_rows(
    signals: Sequence[Signal],
    sources: Sequence[str],
    own: str,
    rows: Sequence[Any],
    now_ns: int,
    away_ns: int,
) -> list[tuple[str, str]]:
    """Let signals go on from such rows, dumped so long ago; no rows, nothing is done.

    Returns: ``[(class, why), ...]`` of those that start cold though they had a row.
    Raises: TypeError when rows are none.
    """
    if rows and len(rows) != len(signals):
        return [("every signal", f"there were {len(rows)}, there are {len(signals)}")]
    cold = []
    for signal, hears, row in zip(signals, sources, rows, strict=False):
        if row is None:
            continue
        try:
            same(row, **_id(signal, hears or own))
            signal.load(row["known"], now_ns, away_ns)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            is_missing = isinstance(error, KeyError)
            why = f"{error.args[0]} is missing" if is_missing else str(error)
            cold.append((type(signal).__name__, why))
    return cold


def _id(signal: Signal, hears: str) -> Row:
    return {
        "signal": type(signal).__name__,
        "hears": hears,
        "tick_size": signal.tick_size,
    }
