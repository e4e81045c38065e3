"""The default background market: its numbers have to make sense together."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from engine.sim.params import MakerParams, MarketParams, TakerParams
from engine.sim.settings import SimConfig, WorldConfig, world_config

CONFIG: WorldConfig = world_config(SimConfig(), 1, 1_790_000_000_000_000_000)
MARKETS = pytest.mark.parametrize(
    "market", CONFIG.flow.markets, ids=lambda market: market.instrument.split("-")[1]
)


def test_parameters_cannot_be_changed_under_way() -> None:
    with pytest.raises(FrozenInstanceError):
        TakerParams().rate = 2.0  # type: ignore[misc]


@MARKETS
def test_a_market_follows_an_index_that_exists(market: MarketParams) -> None:
    assert market.index in {index.name for index in CONFIG.flow.indices}


@MARKETS
def test_a_ladder_has_tens_of_levels_and_a_tight_touch(market: MarketParams) -> None:
    distances = [d for maker in market.makers for d in maker.distance_ticks]
    assert 15 <= len(distances) <= 100
    assert min(distances) <= 0.5  # two makers' rounding apart: one or two ticks wide
    assert len(set(distances)) >= 15


@MARKETS
def test_a_touch_order_is_a_multiple_of_the_step(market: MarketParams) -> None:
    step = CONFIG.steps()[market.instrument].amount_step
    assert market.touch_amount >= 10 * step


@MARKETS
def test_chances_are_probabilities(market: MarketParams) -> None:
    takers = market.takers
    chances = (
        takers.follow_chance,
        takers.same_side_chance,
        takers.sweep_chance,
        takers.informed_chance,
    )
    assert all(0.0 <= chance <= 1.0 for chance in chances)
    assert takers.follow_chance < 1.0  # a cluster must end


@MARKETS
def test_quicker_makers_stand_closer(market: MarketParams) -> None:
    def key(maker: MakerParams) -> float:
        return min(maker.distance_ticks)

    reactions = [maker.reaction_ns for maker in sorted(market.makers, key=key)]
    assert reactions == sorted(reactions)
