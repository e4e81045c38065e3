"""What a simulated day runs: one file of ``cases/`` each, named after the strategy.

``about`` says what it shows; ``against``, where there is one, names the case that meets
the same market for comparison; ``[sim]`` is the venue and its market as a ``sim.toml``
has it, ``[flow.KIND]``, where it is there, changes how the market of that kind of
instrument moves, and ``[engine]`` is a configuration of the engine without where to
connect to.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases"
CONNECTION = {
    "environment": "simulation",
    "venue": {"urls": ["ws://127.0.0.1:1/ws/api/v2"]},
}


@dataclass(frozen=True)
class Case:
    """One strategy as it is configured, and the market it meets."""

    name: str
    about: str
    against: str
    sim: dict[str, Any]
    flow: dict[str, dict[str, Any]]
    engine: dict[str, Any]

    @property
    def instruments(self) -> list[str]:
        """Return what is quoted, in the order of the file."""
        return [quote["instrument"] for quote in self.engine["quote"]]


def names() -> list[str]:
    """Return every case, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str) -> Case:
    """Return a case.

    Raises: ValueError when there is none of this name; it names those there are.
    """
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        raise ValueError(f"no case {name!r}; there are {', '.join(names())}")
    found = tomllib.loads(path.read_text())
    return Case(
        name,
        found["about"],
        found.get("against", ""),
        found["sim"],
        found.get("flow", {}),
        {**CONNECTION, **found["engine"]},
    )
