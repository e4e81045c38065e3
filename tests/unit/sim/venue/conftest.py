"""What most tests of the venue start from; a module with other needs has its own."""

import pytest

from tests.unit.sim.venue.client import Bench, Client


@pytest.fixture
def bench() -> Bench:
    """Return a venue with one order a side, two dollars apart."""
    bench = Bench()
    bench.place("buy", 79_999.0, 1000)
    bench.place("sell", 80_001.0, 1000)
    return bench


@pytest.fixture
def client(bench: Bench) -> Client:
    """Return the maker, connected and logged in."""
    return bench.connect("maker")
