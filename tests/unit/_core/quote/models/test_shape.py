"""Distances and sizes of a ladder's levels, against the condition they come from."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import lambertw

from engine._core.quote.models.shape import (
    QTY_LOTS_LIMIT,
    equal_value_depths,
    offsets_of,
    sizes_of,
)


def value(lots, beyond_costs, k):
    """What a level earns: lots exp(-k d) (d - c), up to the factor A exp(-k c)."""
    return lots * math.exp(-k * beyond_costs) * beyond_costs


@given(
    edge_in_decays=st.floats(0.011, 30),
    k=st.floats(1e-3, 10),
    growth=st.lists(st.floats(1.05, 8), min_size=1, max_size=7),
)
def test_every_level_earns_the_same(edge_in_decays, k, growth):
    sizes = [1_000]
    for factor in growth:
        sizes.append(math.ceil(sizes[-1] * factor))
    edge = edge_in_decays / k
    behind = equal_value_depths(edge, k, sizes)
    assert behind[0] == 0.0
    assert behind == sorted(behind)
    first = value(sizes[0], edge, k)
    for lots, offset in zip(sizes, behind, strict=True):
        assert value(lots, edge + offset, k) == pytest.approx(first, rel=1e-9)
    # Beyond the best single distance, 1/k past the costs: not the other solution.
    assert all(edge + offset >= 1 / k * (1 - 1e-6) for offset in behind[1:])


@pytest.mark.parametrize("edge", [0.3, 2.0, 9.0])
def test_distances_are_those_of_lamberts_function(edge):
    """The closed form is d - c = -W(-k V/lots)/k on the branch below -1."""
    k, sizes = 0.5, [10, 15, 40, 1_000]
    level = value(10, edge, k)
    behind = equal_value_depths(edge, k, sizes)
    for lots, offset in zip(sizes[1:], behind[1:], strict=True):
        expected = -lambertw(-k * level / lots, -1).real / k - edge
        assert offset == pytest.approx(expected, rel=1e-10)


def test_twice_the_size_stands_about_ln_2_over_k_farther_out():
    """Far out the decay rules: the next level is 2 times as large and 1/2 as likely."""
    (_, behind) = equal_value_depths(1_000.0, 0.5, [1, 2])
    assert behind == pytest.approx(math.log(2) / 0.5, rel=0.01)


@pytest.mark.parametrize("edge", [0.0, -5.0, 1e-300, math.nan])
def test_without_an_edge_the_distances_stay_finite(edge):
    assert equal_value_depths(edge, 2.0, [1, 2]) == equal_value_depths(
        0.005, 2.0, [1, 2]
    )


def test_steps_are_even_or_grow():
    assert offsets_of(4, 2.0, 1.0) == [0.0, 2.0, 4.0, 6.0]
    assert offsets_of(4, 2.0, 3.0) == [0.0, 2.0, 8.0, 26.0]


def test_sizes_are_flat_geometric_or_as_given():
    assert sizes_of(5, 3, 1.0) == [5, 5, 5]
    assert sizes_of(5, 4, 2.0) == [5, 10, 20, 40]
    assert sizes_of(5, 3, 0.1) == [5, 1, 1]
    assert sizes_of([7, 1, 3], 3, 2.0) == [7, 1, 3]


def test_sizes_go_with_how_often_a_level_is_reached():
    rates = [math.exp(-0.5 * offset) for offset in offsets_of(3, 2.0, 1.0)]
    assert sizes_of(100, 3, 1.0, rates) == [100, 37, 14]


def test_sizes_out_of_range_are_refused():
    assert sizes_of(QTY_LOTS_LIMIT, 1, 1.0) == [QTY_LOTS_LIMIT]
    with pytest.raises(ValueError, match="qty_lots must be a whole number"):
        sizes_of(QTY_LOTS_LIMIT + 1, 1, 1.0)
    with pytest.raises(ValueError, match="size_growth"):
        sizes_of(QTY_LOTS_LIMIT, 2, 2.0)
    with pytest.raises(ValueError, match="one for each level"):
        sizes_of([1, 2], 3, 1.0)
