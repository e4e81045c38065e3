"""The agenda against a plain set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.quote.agenda import Agenda

PLACES_MAX = 8192
EDGES = (0, 1, 63, 64, 127, 4095, 4096, 4159, 4160, PLACES_MAX - 1)
PLACES = st.integers(0, PLACES_MAX - 1) | st.sampled_from(EDGES)


def test_a_new_one_is_empty() -> None:
    agenda = Agenda()
    assert not agenda
    assert agenda.places() == []


@given(st.lists(st.tuples(st.booleans(), PLACES), max_size=60))
def test_it_is_a_sorted_set(steps: list[tuple[bool, int]]) -> None:
    agenda, twin = Agenda(), set[int]()
    for is_in, place in steps:
        if is_in:
            agenda.insert(place)
            twin.add(place)
        else:
            agenda.discard(place)
            twin.discard(place)
        assert agenda.places() == sorted(twin)
        assert bool(agenda) == bool(twin)


def test_all_places_at_once() -> None:
    agenda = Agenda()
    for place in reversed(range(PLACES_MAX)):
        agenda.insert(place)
    assert agenda.places() == list(range(PLACES_MAX))


@pytest.mark.parametrize("place", [-1, PLACES_MAX])
def test_places_outside_are_refused(place: int) -> None:
    agenda = Agenda()
    with pytest.raises(ValueError, match="not within"):
        agenda.insert(place)
    with pytest.raises(ValueError, match="not within"):
        agenda.discard(place)
    assert not agenda
