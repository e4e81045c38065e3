"""The contract, second part: every strategy lives through a bad day at the venue.

What must hold at every instant (limits, no own bid meets an own ask) the day itself
checks after each event; here is what must hold in the end.
"""

import pytest

from engine.sim.venue.faults.outage import BookState
from tests.strategies.bad_day import BadDay
from tests.strategies.scenes import (
    FILES,
    LISTED,
    PERPETUAL_NAME,
    SIMS,
    maker,
    scene,
)

pytestmark = pytest.mark.simulation

SEED = 3
SELF_TRADE = 10_003
"""What the venue answers an order that would meet one of the same account."""


@pytest.fixture
def begin(tmp_path):
    """Begin days; their journals are closed when the test is over."""
    days = []

    def begin_one(quotes, sim=LISTED):
        days.append(BadDay(SEED, quotes, tmp_path / f"{len(days)}.journal", sim))
        return days[-1]

    yield begin_one
    for day in days:
        day.end()


@pytest.mark.parametrize("name", FILES)
def test_every_strategy_lives_through_it(name, begin):
    day = begin(scene(name), SIMS.get(name, LISTED))
    day.play()
    seen = day.core.snapshot()["instruments"]
    assert [seen[one]["strategy_errors"] for one in day.names] == [0] * len(day.names)
    assert day.orders_sent(day.names[-1]) > 0, "the strategy did nothing all day"
    assert not [text for text in day.problems() if text.startswith("strategy")]
    assert SELF_TRADE not in day.core.snapshot()["rejects_by_code"]
    assert day.difference() == "", "not a function of what it was shown"


def test_the_day_would_notice(begin):
    """The checks are not asleep: a limit below what the venue holds is found."""
    day = begin([maker(PERPETUAL_NAME)])
    day.run_until_two_sided()
    day.limits[PERPETUAL_NAME] = 40.0
    with pytest.raises(AssertionError, match=r"BTC-PERPETUAL: 50\.0 above 40"):
        day.check()


def test_quotes_are_gone_while_the_book_is_no_book(begin):
    day = begin([maker(PERPETUAL_NAME)])
    day.run_until_two_sided()
    quoted = set(day.open_orders())
    day.cross(PERPETUAL_NAME)
    day.run_until(lambda: quoted.isdisjoint(day.open_orders()), 1.0)
    day.run_until_two_sided()
    halt = BookState(instrument_name=PERPETUAL_NAME, state="halted", duration_ms=2_000)
    day.world.venue.faults.inject(halt)
    day.run(1.0)
    sent = day.orders_sent(PERPETUAL_NAME)
    day.run(0.9)
    assert day.orders_sent(PERPETUAL_NAME) == sent
    day.run_until_two_sided()
