"""Where days are kept: one JSON file, a row a day, with the commit that made it."""

from __future__ import annotations

import subprocess
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from benchmarks.days.run import Day

PATH = Path(__file__).parent / "days.json"
UNKNOWN = "unknown"

Key = tuple[str, int, float]
"""Case, seed, hours."""


def stamped(day: Day) -> dict[str, Any]:
    """Return a day as it is kept."""
    return {**asdict(day), "commit": _commit()}


def load(path: Path = PATH) -> dict[Key, dict[str, Any]]:
    """Return the days kept. Empty: there is no file yet."""
    if not path.is_file():
        return {}
    rows = orjson.loads(path.read_bytes())
    return {(row["case"], row["seed"], row["hours"]): row for row in rows}


def save(path: Path, kept: dict[Key, dict[str, Any]]) -> None:
    """Write all days, in one order whatever order they were run in."""
    rows = [kept[key] for key in sorted(kept)]
    text = b"[\n" + b",\n".join(orjson.dumps(row) for row in rows) + b"\n]\n"
    path.with_suffix(".new").write_bytes(text)
    path.with_suffix(".new").replace(path)


@cache
def _commit() -> str:
    """Return the commit this runs from, marked when something has changed since.

    Asked once: the days that are kept are a change, too.
    """
    command = ["git", "describe", "--always", "--dirty", "--abbrev=8"]
    try:
        found = subprocess.run(
            command, cwd=PATH.parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
    return found.stdout.strip()
