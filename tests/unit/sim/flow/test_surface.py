"""The surface moves slowly, stays one, and gives way when it is traded."""

from __future__ import annotations

from dataclasses import replace
from statistics import pstdev

import pytest

from engine.sim.flow import Flow
from engine.sim.params import SECOND_NS, SurfaceParams
from engine.sim.venue.products.surface import VOL_TOP, SurfaceState
from tests.unit.sim.flow.scene import PARAMS, START_NS, slowly
from tests.unit.sim.naive import NaiveExchange


def moved(surface: SurfaceParams, seconds: int, every: int) -> list[SurfaceState]:
    exchange = NaiveExchange(())
    params = replace(PARAMS, surface=surface, enabled=False)
    flow = Flow(1, slowly(params, 60 * SECOND_NS))
    flow.start(exchange, START_NS)
    states = []
    for second in range(0, seconds, every):
        flow.step(START_NS + second * SECOND_NS)
        states.append(exchange.surfaces["btc_usd"])
    return states


def test_it_starts_where_the_venue_has_it_for_every_index_of_the_coin() -> None:
    exchange = NaiveExchange(())
    Flow(1, PARAMS).start(exchange, START_NS)
    assert exchange.surfaces["btc_usd"] == PARAMS.surfaces["BTC"]
    assert exchange.surfaces["btc_usdc"] == PARAMS.surfaces["BTC"]


def test_vol_and_skew_wander_but_revert() -> None:
    states = moved(SurfaceParams(leverage=0.0), 40 * 3_600, 600)
    first = PARAMS.surfaces["BTC"]
    shorts = [state.short_vol for state in states]
    assert 0.02 < pstdev(shorts) / first.short_vol < 0.25
    assert all(0.4 < vol / first.short_vol < 2.5 for vol in shorts)
    assert 0.02 < pstdev(state.rho for state in states) < 0.12
    longs = [state.long_vol for state in states]
    assert pstdev(longs) < pstdev(shorts)


def test_a_falling_coin_makes_vol_dear() -> None:
    params = replace(PARAMS, surface=SurfaceParams(vol_spread=0.0, leverage=2.0))
    exchange = NaiveExchange(())
    flow = Flow(1, replace(params, enabled=False))
    flow.start(exchange, START_NS)
    before = exchange.surfaces["btc_usd"].short_vol
    flow.coins["BTC"].growth *= 0.95
    flow.step(START_NS + 20 * SECOND_NS)
    assert exchange.surfaces["btc_usd"].short_vol / before == pytest.approx(
        1.108, abs=0.02
    )


def test_a_trade_pushes_it() -> None:
    exchange = NaiveExchange(())
    flow = Flow(1, PARAMS)
    flow.start(exchange, START_NS)
    before = exchange.surfaces["btc_usd"]
    flow.surfaces["BTC"].push(START_NS, 0.01)
    after = exchange.surfaces["btc_usd"]
    assert after.short_vol / before.short_vol == pytest.approx(1.01, abs=1e-3)
    assert 1.0 < after.long_vol / before.long_vol < 1.01


def test_no_push_makes_it_impossible() -> None:
    exchange = NaiveExchange(())
    flow = Flow(1, PARAMS)
    flow.start(exchange, START_NS)
    flow.surfaces["BTC"].push(START_NS, 50.0)
    assert exchange.surfaces["btc_usd"].short_vol == VOL_TOP
    flow.surfaces["BTC"].push(START_NS, -200.0)
    assert 0.0 < exchange.surfaces["btc_usd"].short_vol < 0.02
