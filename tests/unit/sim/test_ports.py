"""The protocols against those who must satisfy them: no verb may drift away."""

from __future__ import annotations

import inspect

import pytest

from engine.live.secrets import Signer
from engine.sim import ports
from engine.sim.venue.markets.matching import Order
from engine.sim.venue.venue import Venue
from engine.sim.world import World

PAIRS = [
    (ports.VenueVerbs, World),
    (ports.VenueVerbs, Venue),
    (ports.ShellVerbs, World),
    (ports.Exchange, Venue),
    (ports.SignerVerbs, Signer),
    (ports.PlacedOrder, Order),
]


@pytest.mark.parametrize(("port", "actual"), PAIRS)
def test_every_verb_is_there(port: type, actual: type) -> None:
    wanted = [name for name in vars(port) if not name.startswith("_")]
    assert wanted
    missing = [name for name in wanted if not hasattr(actual, name)]
    assert missing == []


@pytest.mark.parametrize(
    ("port", "actual"), [pair for pair in PAIRS if pair[1] is not Order]
)
def test_every_verb_takes_what_the_port_says(port: type, actual: type) -> None:
    for name, verb in vars(port).items():
        if name.startswith("_"):
            continue
        wanted = inspect.signature(verb).parameters
        taken = inspect.signature(getattr(actual, name)).parameters
        assert wanted.keys() <= taken.keys(), name
        for more in taken.keys() - wanted.keys():
            assert taken[more].default is not inspect.Parameter.empty, (name, more)
