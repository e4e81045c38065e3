"""Smaller listings of the simulated venue, for tests that need no whole one."""

from __future__ import annotations

from typing import Any

PERPETUALS: dict[str, Any] = {
    "families": ["BTC", "ETH"],
    "futures": False,
    "spot": False,
}
"""The two inverse perpetuals and nothing else, as ``[listing]`` of a sim.toml."""
