"""Quote the future, hedge in the perpetual: what is open stays as stated."""

import pytest

from engine.sim.links import Uniform
from strategies.cross_maker import CrossMaker
from tests.simulation.rig import EPOCH_NS, MILLISECOND_NS
from tests.strategies.bad_day import TAKER, BadDay
from tests.strategies.scenes import FUTURE_NAME, PERPETUAL_NAME, table

pytestmark = pytest.mark.simulation

LOT_USD, BAND_USD = 10.0, 20.0
QUOTES = {
    "reference": PERPETUAL_NAME,
    "edge_ticks": 2,
    "qty_lots": [5, 10],
    "step_ticks": 2,
}
HEDGE = {
    "legs": [FUTURE_NAME],
    "band_usd": BAND_USD,
    "take_max_lots": 20,
    "reach_ticks": 20,
}


class Pair(BadDay):
    """A day that keeps the largest amount that was not hedged, in dollars."""

    worst_open_usd = 0.0

    def check(self):
        super().check()
        self.worst_open_usd = max(self.worst_open_usd, abs(self.open_usd()))

    def open_usd(self):
        positions = self.account().positions
        held = [positions[name].size for name in self.names if name in positions]
        return LOT_USD * sum(held)

    def hit(self, direction):
        """Let somebody trade with all that is quoted on one side of the future."""
        side = 1 if direction == "sell" else -1
        quotes = [
            order
            for order in self.open_orders()
            if order.instrument.name == FUTURE_NAME and order.side == side
        ]
        for order in quotes:
            self.world.venue.place(
                TAKER,
                FUTURE_NAME,
                direction,
                order.instrument.price(order.price_ticks),
                order.instrument.amount(order.open_lots),
                t_ns=EPOCH_NS + self.links.now_ns,
                time_in_force="immediate_or_cancel",
            )
        self.links.pump()
        return len(quotes)


@pytest.fixture
def begin(tmp_path):
    """Begin days of the pair; their journals are closed when the test is over."""
    days = []

    def begin_one(far_ms=1):
        quotes = [
            table(PERPETUAL_NAME, "strategies.delta_hedger:DeltaHedger", HEDGE),
            table(FUTURE_NAME, "strategies.cross_maker:CrossMaker", QUOTES),
        ]
        far = Uniform(far_ms * MILLISECOND_NS // 2, far_ms * MILLISECOND_NS)
        days.append(Pair(5, quotes, tmp_path / "a.journal", up=far, down=far))
        days[-1].run_until_state("quoting")
        days[-1].run(2)
        return days[-1]

    yield begin_one
    for day in days:
        day.end()


def alone_in_the_future(day):
    """Leave us the best bid and ask there, and somebody far behind."""
    day.world.flow.markets[FUTURE_NAME].stop()
    day.leave(FUTURE_NAME)
    day.place_two(FUTURE_NAME, lots=1, apart=5e-3)
    day.run(1)


@pytest.mark.parametrize("far_ms", [1, 50])
def test_no_more_is_open_than_a_side_and_the_band(far_ms, begin):
    day = begin(far_ms)
    alone_in_the_future(day)
    stated_usd = LOT_USD * CrossMaker(**QUOTES).worst_leg_lots
    hits = 0
    for direction in ("sell", "buy", "buy", "sell", "sell", "buy"):
        day.run(1)
        hits += day.hit(direction)
        day.run(1)
        assert abs(day.open_usd()) <= BAND_USD, "hedged within a second"
    assert hits == 12
    assert stated_usd == 150.0
    assert stated_usd <= day.worst_open_usd <= stated_usd + BAND_USD


def test_a_fill_is_hedged_at_once_though_nothing_moves_there(begin):
    """One round trip of 2 ms; the engine's own timer comes every 250 ms."""
    day = begin()
    alone_in_the_future(day)
    day.world.flow.markets[PERPETUAL_NAME].stop()
    day.run(0.1)
    day.hit("sell")
    day.run_until(lambda: day.open_usd() == 150.0, 0.1)  # after the speed bump
    assert day.run_until(lambda: abs(day.open_usd()) <= BAND_USD, 0.1) < 0.02


def test_an_unreadable_reference_pulls_the_quotes(begin):
    day = begin()
    assert len(day.open_orders()) == 4
    day.world.flow.markets[PERPETUAL_NAME].stop()
    day.leave(PERPETUAL_NAME, one_sided=True)
    day.run(1)
    assert day.open_orders() == []
