"""Book changes against maker volume, carried from one run to the next.

The venue watches the account, not the process: a restart gives back no budget. How far
back it looks is not published; we count since the state folder is new. What a killed
run changed after its last checkpoint is missing.

Source: docs.deribit.com, API usage policy, seen 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.session.port import CorePort


class LastingTurnover:
    """The core's counts, as a part of the checkpoint."""

    def __init__(self, core: CorePort) -> None:
        self._core = core

    def dump(self) -> dict[str, Any]:
        """Return ``[changes, coins of maker volume]`` by product group and coin."""
        return {"groups": self._core.dump_turnover()}

    def load(self, found: Mapping[str, Any]) -> None:
        """Add what an earlier run dumped to what this one has counted.

        Raises: KeyError, TypeError or ValueError, when it is not what was dumped.
        """
        self._core.load_turnover(found["groups"])
