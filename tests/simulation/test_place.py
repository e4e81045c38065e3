"""Places in line that the engine keeps, at the simulated venue, which has the lines."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.simulation.rig import PERPETUAL, Rig, engine_config

pytestmark = pytest.mark.simulation


@dataclass
class Tally:
    """What became of our orders' places. Units: looks, but for lost."""

    looks: int = 0
    first: int = 0
    lost: int = 0


def places(rig: Rig) -> dict[str, tuple[int, int]]:
    """Return (lots truly ahead, lots truly behind) of our orders by order id."""
    book = rig.world.venue.exchange.markets[PERPETUAL].book
    found = {}
    for order in rig.open_orders():
        line = book.queue(order.side, order.price_ticks)
        at = line.index(order)
        found[order.order_id] = (
            sum(other.shown_lots for other in line[:at]),
            sum(other.shown_lots for other in line[at + 1 :]),
        )
    return found


def run(seed: int, queue_ticks: int) -> Tally:
    config = engine_config()
    config["quote"][0] |= {"requote_ticks": 0, "queue_ticks": queue_ticks}
    rig = Rig(seed, config=config)
    tally = Tally()
    before: dict[str, tuple[int, int]] = {}

    def look() -> None:
        nonlocal before
        rig.check()
        now = places(rig)
        for order_id, (ahead, behind) in now.items():
            tally.looks += 1
            tally.first += ahead == 0 and behind > 0
            was_ahead, was_behind = before.get(order_id, (0, 0))
            tally.lost += was_ahead == 0 and was_behind > 0 and ahead > 0
        before = now

    rig.run_until_state("quoting")
    rig.links.on_event = look
    rig.run(12)
    assert not rig.problems()
    return tally


@pytest.mark.parametrize("seed", [1, 2])
def test_who_weighs_places_stands_first_more_often_and_steps_back_less(
    seed: int,
) -> None:
    plain, weighed = run(seed, 0), run(seed, 2)
    assert plain.lost > 0, "nothing to keep"
    assert weighed.lost < plain.lost
    assert weighed.first / weighed.looks > plain.first / plain.looks
