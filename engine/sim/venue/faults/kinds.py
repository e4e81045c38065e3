"""Every kind of fault by name; importing this registers them."""

from __future__ import annotations

import engine.sim.venue.faults.outage
import engine.sim.venue.faults.traffic  # noqa: F401 -- imported to register
from engine.sim.venue.faults.fault import FAULTS, FaultError, read_fault

__all__ = ["FAULTS", "FaultError", "read_fault"]
