"""Every method the venue offers, by name; importing this registers them."""

from __future__ import annotations

import engine.sim.venue.api.methods_account
import engine.sim.venue.api.methods_cancels
import engine.sim.venue.api.methods_charts
import engine.sim.venue.api.methods_combos
import engine.sim.venue.api.methods_edits
import engine.sim.venue.api.methods_history
import engine.sim.venue.api.methods_ledger
import engine.sim.venue.api.methods_listing
import engine.sim.venue.api.methods_margins
import engine.sim.venue.api.methods_market
import engine.sim.venue.api.methods_mmp
import engine.sim.venue.api.methods_moves
import engine.sim.venue.api.methods_orders
import engine.sim.venue.api.methods_quotes
import engine.sim.venue.api.methods_session
import engine.sim.venue.api.methods_trading
import engine.sim.venue.api.methods_wallet  # noqa: F401 -- imported to register
from engine.sim.venue.api.control import CONTROLS
from engine.sim.venue.api.rpc import METHODS, Method

__all__ = ["METHODS", "find_method"]


def find_method(name: str) -> Method | None:
    """Return a method of the venue, or of the control API, by its name."""
    return METHODS.get(name) or CONTROLS.get(name)
