"""A Deribit look-alike: sans-IO, deterministic, with the verbs of the core."""

from engine.sim.venue.config import (
    AccountConfig,
    ContractConfig,
    CreditConfig,
    VenueConfig,
    default_accounts,
)
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.venue import Venue

__all__ = [
    "AccountConfig",
    "ContractConfig",
    "CreditConfig",
    "Order",
    "Reject",
    "Venue",
    "VenueConfig",
    "default_accounts",
]
