"""Where recorded venue data lies on a developer's machine; never part of the repo."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_dir() -> Path | None:
    """Return the folder of recorded data, or None on a machine that has none.

    ``HALFSPREAD_SHARED`` names it; otherwise it is ``shared`` beside the checkout.
    """
    path = Path(os.environ.get("HALFSPREAD_SHARED", ROOT.parent / "shared"))
    return path if path.is_dir() else None


def recorded(*parts: str) -> Path:
    """Return the path of one recorded file; skip the test when it is not here."""
    base = shared_dir()
    path = base.joinpath(*parts) if base else None
    if path is None or not path.exists():
        pytest.skip(f"recorded data {'/'.join(parts)} is not on this machine")
    return path
