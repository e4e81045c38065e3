"""Coins move as much, and as much together, as their parameters say."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise
from statistics import correlation, pstdev

import pytest

from engine.sim.flow import Flow
from engine.sim.flow.clockwork import YEAR_NS
from engine.sim.flow.index import Factor
from engine.sim.params import DAY_NS, SECOND_NS, FactorParams, FlowParams
from tests.unit.sim.flow.scene import PARAMS, START_NS, slowly
from tests.unit.sim.naive import NaiveExchange

CALM = FactorParams(vol_spread=0.2, jumps_per_day=0.0)
STEP_S = 10


def watched(params: FlowParams, seconds: int, seed: int = 3) -> dict[str, list[float]]:
    """Return the prices of every index, ``STEP_S`` apart."""
    exchange = NaiveExchange(())
    flow = Flow(seed, replace(params, enabled=False))
    flow.start(exchange, START_NS)
    found: dict[str, list[float]] = {name: [] for name in exchange.index}
    for second in range(0, seconds, STEP_S):
        flow.step(START_NS + second * SECOND_NS)
        for name, price in exchange.index.items():
            found[name].append(price)
    return found


def returns(prices: list[float]) -> list[float]:
    return [math.log(now / before) for before, now in pairwise(prices)]


def test_an_index_moves_as_much_as_its_vol_says() -> None:
    prices = watched(replace(PARAMS, factor=CALM), 20_000)
    for name, vol in (("btc_usd", 0.45), ("eth_usd", 0.65)):
        yearly = pstdev(returns(prices[name]))
        yearly *= math.sqrt(YEAR_NS / SECOND_NS / STEP_S)
        assert yearly == pytest.approx(vol, rel=0.12)


def test_coins_move_together_as_far_as_they_are_correlated() -> None:
    prices = watched(replace(PARAMS, factor=CALM), 20_000)
    moves = {name: returns(prices[name]) for name in ("btc_usd", "eth_usd")}
    wanted = 1.0
    for coin in PARAMS.coins:
        if coin.name in ("BTC", "ETH"):
            wanted *= coin.correlation
    # Coins step at their own times, a second apart: some of it is lost.
    assert correlation(*moves.values()) == pytest.approx(wanted, abs=0.1)


def test_an_index_of_two_coins_is_their_ratio() -> None:
    last = {name: one[-1] for name, one in watched(PARAMS, 3_000).items()}
    ratio = last["eth_usd"] / last["btc_usd"]
    assert last["eth_btc"] == pytest.approx(ratio, rel=2e-3)
    assert last["btc_usdc"] == last["btc_usd"]


def test_prices_have_the_digits_of_their_first() -> None:
    for name, prices in watched(PARAMS, 300).items():
        digits = next(one.decimals for one in PARAMS.indices if one.name == name)
        assert all(round(price, digits) == price for price in prices)


def test_other_coins_do_not_change_a_coins_own_path() -> None:
    alone = replace(
        PARAMS,
        coins=PARAMS.coins[:1],
        indices=PARAMS.indices[:1],
        surfaces={},
        factor=replace(CALM, vol_spread=0.0),
    )
    uncorrelated = replace(alone, coins=(replace(alone.coins[0], correlation=0.0),))
    others = replace(
        PARAMS,
        coins=(*uncorrelated.coins, *PARAMS.coins[1:]),
        surfaces={},
        factor=alone.factor,
    )
    assert watched(uncorrelated, 600)["btc_usd"] == watched(others, 600)["btc_usd"]


def test_jumps_come_as_often_and_are_as_large_as_said() -> None:
    params = FactorParams(jumps_per_day=100.0, jump_size=0.01)
    factor = Factor(params, random.Random(1))
    factor.resume(0)
    jumps, before = [], 0.0
    for second in range(1, 20 * 86_400, 10):
        factor.advance(second * SECOND_NS)
        if factor.jumps != before:
            jumps.append(factor.jumps - before)
            before = factor.jumps
    assert len(jumps) == pytest.approx(2_000, rel=0.1)
    assert pstdev(jumps) == pytest.approx(0.01, rel=0.1)


def test_the_regime_leaves_the_variance_as_it_is_on_average() -> None:
    factor = Factor(FactorParams(), random.Random(1))
    factor.resume(0)
    squares = []
    for minute in range(1, 40 * 1_440):
        factor.advance(minute * 60 * SECOND_NS)
        squares.append(factor.regime**2)
    assert sum(squares) / len(squares) == pytest.approx(1.0, rel=0.15)


def test_looking_twice_at_one_time_draws_once() -> None:
    factor = Factor(FactorParams(), random.Random(1))
    factor.resume(0)
    factor.advance(DAY_NS)
    path = factor.path
    factor.advance(DAY_NS)
    assert factor.path == path


def test_carry_stays_near_its_mean() -> None:
    flow = Flow(1, slowly(replace(PARAMS, enabled=False), 20 * SECOND_NS))
    flow.start(NaiveExchange(()), START_NS)
    coin = flow.coins["BTC"]
    seen = []
    for minute in range(600):
        flow.step(START_NS + minute * 60 * SECOND_NS)
        seen.append(coin.carry)
    assert len(set(seen)) > 500
    assert all(abs(carry - 0.05) < 0.03 for carry in seen)
