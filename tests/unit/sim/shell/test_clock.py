"""The clock of the simulation."""

from __future__ import annotations

import time

import pytest

from engine.sim.shell.clock import WallClock


def test_it_begins_at_wall_time_and_follows_the_monotonic_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
    monkeypatch.setattr(time, "monotonic_ns", lambda: 50)
    clock = WallClock()
    assert clock() == 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: 3)  # the host's clock is set back
    monkeypatch.setattr(time, "monotonic_ns", lambda: 60)
    assert clock() == 1_000_010
