"""``python -m benchmarks.signals``: instructions each signal adds to an event.

Needs valgrind. The table is the one of docs/signals.md.
"""

from __future__ import annotations

import sys

from benchmarks.native.build import loops
from benchmarks.regress.counts import CannotCountError, dumped
from benchmarks.signals.work import EVENTS, KINDS, SIGNALS

HEARS = 20.0
"""Less than this is what any signal does that is ready, not hearing."""


def counted() -> dict[str, dict[str, float]]:
    """Return signal -> kind of event -> instructions an event, beyond an idle signal.

    Raises: CannotCountError, as `dumped`.
    """
    dumps = dumped("benchmarks.signals.work")
    found = {name: count for name, (count, _) in dumps.items()}
    return {
        name: {
            kind: (found[f"{name} {kind}"] - found[f"Signal {kind}"]) / EVENTS
            for kind in KINDS
        }
        for name in SIGNALS
        if name != "Signal"
    }


def table(rows: dict[str, dict[str, float]]) -> str:
    """Return the table in Markdown. Empty: a kind of event a signal does not hear."""
    lines = [
        "| signal | a book | a trade | a ticker | a call of the strategy |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, by_kind in rows.items():
        counts = [by_kind[kind] for kind in KINDS]
        cells = [f"{count:,.0f}" if count >= HEARS else "" for count in counts]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    """Print the table."""
    try:
        loops()
        print(table(counted()))
    except (CannotCountError, ImportError) as error:
        print(f"not counted: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
