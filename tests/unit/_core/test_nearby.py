"""Memory that is brought near is as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine import LadderQuoter
from engine._core.core import Core
from engine.live.rehearsal import Rehearsal
from tests.rig import LIMITS, ROW, Rig

PLAYS = 50
INSTRUMENTS = 6
"""More than are brought near."""


@contextmanager
def rehearsed(core: Core) -> Iterator[None]:
    """Bring a core near again and again, which must leave it as it is."""
    before = core.snapshot(), core.checkpoint()
    rehearsal = Rehearsal(core)
    rehearsal.rehearse(PLAYS)
    rehearsal.close()
    yield
    assert (core.snapshot(), core.checkpoint()) == before
    assert core.data_to_send(0) == b""


def test_an_empty_core_can_be_brought_near() -> None:
    with rehearsed(Core(7)):
        pass


@pytest.mark.parametrize("sides", ["both", "bids", "none"])
def test_a_quoting_core_is_as_it_was(sides: str) -> None:
    rig = Rig()
    rig.wisher.bids, rig.wisher.asks = [(100, 2)], [(102, 3)]
    rig.book(
        [(100, 7)] if sides != "none" else [], [(102, 8)] if sides == "both" else []
    )
    assert bool(rig.core.data_to_send(0)) is (sides == "both")
    with rehearsed(rig.core):
        pass


def test_of_many_instruments_the_first_are_brought_near() -> None:
    core = Core(7)
    for number in range(INSTRUMENTS):
        index = core.add_instrument({**ROW, "instrument_name": f"BTC-{number}"})
        core.bind(index, LadderQuoter(qty_lots=1, half_spread_ticks=2), LIMITS)
    with rehearsed(core):
        pass
