"""The default numbers of the background market have to make sense together."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from itertools import pairwise

import pytest

from engine.sim.params import (
    DATED,
    PERPETUAL,
    SPOT,
    SPREAD,
    MakerParams,
    MarketParams,
    OptionParams,
    TakerParams,
    ladder,
)

SHAPES = pytest.mark.parametrize(
    "shape", [PERPETUAL, DATED, SPOT, SPREAD], ids=["perpetual", "dated", "spot", "fs"]
)


def test_parameters_cannot_be_changed_under_way() -> None:
    with pytest.raises(FrozenInstanceError):
        TakerParams().rate = 2.0  # type: ignore[misc]


def test_a_ladder_reaches_from_end_to_end_with_the_density_asked_for() -> None:
    levels = ladder(1.0, 32.0, 6, 1_000.0)
    assert [round(d, 6) for d, _ in levels] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert [round(size) for _, size in levels] == [1_000 * 2**n for n in range(6)]


@SHAPES
def test_the_touch_is_tight_and_levels_do_not_coincide(shape: MarketParams) -> None:
    distances = [d for maker in shape.makers for d, _ in maker.levels]
    assert min(distances) <= 0.4
    assert 3 <= len(distances) <= 100
    for maker in shape.makers:
        own = [d for d, _ in maker.levels]
        assert all(a < b for a, b in pairwise(own))


@SHAPES
def test_chances_are_probabilities(shape: MarketParams) -> None:
    takers = shape.takers
    chances = (
        takers.follow_chance,
        takers.same_side_chance,
        takers.next_same_side_chance,
        takers.informed_chance,
    )
    assert all(0.0 <= chance <= 1.0 for chance in chances)
    assert takers.follow_chance < 1.0  # a cluster must end


@SHAPES
def test_quicker_makers_stand_closer(shape: MarketParams) -> None:
    def key(maker: MakerParams) -> float:
        return min(d for d, _ in maker.levels)

    reactions = [maker.reaction_ns for maker in sorted(shape.makers, key=key)]
    assert reactions == sorted(reactions)


@SHAPES
def test_makers_are_quicker_than_who_picks_them_off(shape: MarketParams) -> None:
    if shape.takers.informed_chance:
        assert shape.makers[0].reaction_ns < shape.takers.informed_ns


def test_option_chances_leave_room_for_empty_books() -> None:
    options = OptionParams()
    assert 0.0 < options.two_sided_chance + options.bid_only_chance < 1.0
    assert options.deep_size < options.near_size < options.wing_size
    widths = [maker.width for maker in options.makers]
    assert widths == sorted(widths)
