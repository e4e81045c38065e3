"""Smiles: one for each expiry, drawn around its future, moved by the surface."""

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig
from engine.sim.venue.config import ListingConfig
from engine.sim.venue.exchange import Exchange
from engine.sim.venue.products.surface import SurfaceState
from tests.unit.sim.venue.client import SECOND, Bench


@pytest.fixture
def bench() -> Bench:
    listing = ListingConfig(families=("BTC",), strikes_each_side=1)
    return Bench(replace(VenueConfig(), listing=listing))


def inside(bench: Bench) -> Exchange:
    return bench.venue.exchange


def test_every_expiry_has_a_smile_around_its_future(bench: Bench) -> None:
    smiles = inside(bench).smiles
    assert len(smiles.futures["btc_usd"]) >= 10
    for expiry_ms, future in smiles.futures["btc_usd"].items():
        assert smiles.smile("btc_usd", expiry_ms).forward == 80_000.0
        assert smiles.underlying("btc_usd", expiry_ms) is future


def test_a_smile_follows_the_index_within_a_second(bench: Bench) -> None:
    expiry_ms = next(iter(inside(bench).smiles.futures["btc_usd"]))
    bench.venue.set_index("btc_usd", 81_000.0, bench.now_ns)
    assert inside(bench).smiles.smile("btc_usd", expiry_ms).forward == 80_000.0
    bench.advance(SECOND)
    assert inside(bench).smiles.smile("btc_usd", expiry_ms).forward == 81_000.0


def test_a_surface_can_be_moved(bench: Bench) -> None:
    option = inside(bench).markets["BTC-25DEC26-80000-C"]
    before = option.mark_ref
    higher = SurfaceState(short_vol=0.9, long_vol=0.9)
    bench.venue.set_surface("btc_usd", higher, bench.now_ns)
    bench.advance(SECOND)
    assert option.mark_ref > 1.5 * before
    assert inside(bench).smiles.volatility_index("btc_usd") > 90  # wings count too


def test_a_forgotten_expiry_is_gone(bench: Bench) -> None:
    smiles = inside(bench).smiles
    expiry_ms, future = next(iter(smiles.futures["btc_usd"].items()))
    smiles.forget(future)
    with pytest.raises(KeyError):
        smiles.smile("btc_usd", expiry_ms)
    assert smiles.volatility_index("btc_usd") > 0


def test_without_expiries_there_is_no_index(bench: Bench) -> None:
    assert inside(bench).smiles.volatility_index("eth_usd") == 0.0
