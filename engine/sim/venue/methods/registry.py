"""Every method the venue offers, by name; importing this registers them."""

from __future__ import annotations

import engine.sim.venue.methods.account
import engine.sim.venue.methods.cancels
import engine.sim.venue.methods.charts
import engine.sim.venue.methods.combos
import engine.sim.venue.methods.edits
import engine.sim.venue.methods.history
import engine.sim.venue.methods.ledger
import engine.sim.venue.methods.listing
import engine.sim.venue.methods.margins
import engine.sim.venue.methods.market
import engine.sim.venue.methods.mmp
import engine.sim.venue.methods.moves
import engine.sim.venue.methods.orders
import engine.sim.venue.methods.quotes
import engine.sim.venue.methods.session
import engine.sim.venue.methods.trading
import engine.sim.venue.methods.wallet  # noqa: F401 -- imported to register
from engine.sim.venue.api.control import CONTROLS
from engine.sim.venue.api.rpc import METHODS, Method

__all__ = ["METHODS", "find_method"]


def find_method(name: str) -> Method | None:
    """Return a method of the venue, or of the control API, by its name."""
    return METHODS.get(name) or CONTROLS.get(name)
