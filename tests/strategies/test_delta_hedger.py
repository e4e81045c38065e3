"""The hedger behind a maker at the venue: hedged soon, and never hedged twice."""

import pytest

from engine.sim.links import Uniform
from tests.simulation.rig import MILLISECOND_NS
from tests.strategies.bad_day import BadDay
from tests.strategies.scenes import FUTURE_NAME, PERPETUAL_NAME, maker, table

pytestmark = pytest.mark.simulation

BAND_USD, CLIP_LOTS = 20.0, 4
MAKER_LOTS = 5
LOT_USD = 10.0


class Traded:
    """Signed and absolute dollars the engine traded at the venue, by instrument."""

    def __init__(self, day):
        self.day = day

    def net(self, name):
        position = self.day.account().positions.get(name)
        return LOT_USD * position.size if position is not None else 0.0

    def volume(self, name):
        market, account = (
            self.day.world.venue.exchange.markets[name],
            self.day.account(),
        )
        return sum(
            LOT_USD * trade.lots
            for trade in market.tape
            if account in (trade.maker.account, trade.taker.account)
        )


@pytest.fixture
def begin(tmp_path):
    days = []

    def begin_one(seed, far_ms=1, **params):
        hedge = {"legs": [FUTURE_NAME], "band_usd": BAND_USD, "reach_ticks": 20}
        hedge |= {"take_max_lots": CLIP_LOTS, **params}
        quotes = [
            maker(FUTURE_NAME, MAKER_LOTS),
            table(PERPETUAL_NAME, "strategies.delta_hedger:DeltaHedger", hedge),
        ]
        far = Uniform(far_ms * MILLISECOND_NS // 2, far_ms * MILLISECOND_NS)
        days.append(BadDay(seed, quotes, tmp_path / "a.journal", up=far, down=far))
        days[-1].run_until_state("quoting", 60)
        return days[-1]

    yield begin_one
    for day in days:
        day.end()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("far_ms", [1, 300])
def test_each_dollar_is_hedged_at_most_once(begin, seed, far_ms):
    """However late the answers: no more is traded in the hedge than in the leg."""
    day = begin(seed, far_ms)
    traded = Traded(day)
    day.run(60)
    assert traded.volume(FUTURE_NAME) > 2 * BAND_USD
    assert 0 < traded.volume(PERPETUAL_NAME) <= traded.volume(FUTURE_NAME)
    day.world.flow.markets[FUTURE_NAME].stop()
    day.run(5)
    assert abs(traded.net(FUTURE_NAME) + traded.net(PERPETUAL_NAME)) <= BAND_USD


def test_an_empty_hedge_book_is_made_up_for(begin):
    """Nobody to hedge with for a while; then all of it is, clip by clip."""
    day = begin(1)
    traded = Traded(day)
    day.world.flow.markets[PERPETUAL_NAME].stop()
    day.leave(PERPETUAL_NAME)
    needs_two_usd = BAND_USD + LOT_USD * (CLIP_LOTS + 1)
    day.run_until(lambda: abs(traded.net(FUTURE_NAME)) >= needs_two_usd, 120)
    before_usd = traded.volume(PERPETUAL_NAME)
    assert before_usd <= LOT_USD
    day.world.flow.markets[FUTURE_NAME].stop()
    day.leave(FUTURE_NAME)
    day.place_two(PERPETUAL_NAME, lots=40, apart=1e-4)
    day.run(3)
    assert traded.volume(PERPETUAL_NAME) > before_usd + LOT_USD * CLIP_LOTS
    assert abs(traded.net(FUTURE_NAME) + traded.net(PERPETUAL_NAME)) <= BAND_USD
