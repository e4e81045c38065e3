"""The bounds of the shell against what they must leave to the venue."""

from __future__ import annotations

from engine.sim.settings import SimConfig
from engine.sim.shell import limits
from engine.sim.venue import VenueConfig


def test_the_venue_sees_what_it_must_refuse_itself() -> None:
    assert VenueConfig().frame_max < min(limits.FRAME_MAX, limits.HEAD_MAX)


def test_an_http_connection_outlives_its_requests() -> None:
    assert limits.REQUEST_TIMEOUT_S < limits.HTTP_LIFETIME_S == 15 * 60


def test_an_address_has_as_many_connections_as_documented() -> None:
    assert SimConfig().venue.connections_per_ip == limits.PER_ADDRESS == 32
    assert limits.PER_ADDRESS < limits.CONNECTIONS_MAX
