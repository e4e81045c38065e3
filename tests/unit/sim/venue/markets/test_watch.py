"""Who waits for a price, against a list that is looked through every time."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from engine.sim.venue.markets.matching import BUY, Order
from engine.sim.venue.markets.watch import Trigger, Watch
from tests.unit.sim.venue.client import PERP, Bench

BENCH = Bench()
INSTRUMENT = BENCH.venue.exchange.markets[PERP].instrument
ACCOUNT = BENCH.venue.exchange.account("anybody")


def waiting(number: int, trigger: Trigger) -> Order:
    order = Order(ACCOUNT, INSTRUMENT, BUY, 1, 1)
    order.number, order.trigger = number, trigger
    return order


def numbers(orders: list[Order]) -> list[int]:
    return [order.number for order in orders]


def test_levels_are_reached_from_their_side() -> None:
    watch = Watch()
    watch.add(waiting(1, Trigger("mark_price", 110, True)))
    watch.add(waiting(2, Trigger("mark_price", 90, False)))
    assert numbers(watch.moved(109)) == []
    assert numbers(watch.moved(91)) == []
    assert numbers(watch.moved(110)) == [1]
    assert numbers(watch.moved(110)) == [], "once"
    assert numbers(watch.moved(89)) == [2]
    assert len(watch) == 0


def test_nearest_first_then_oldest() -> None:
    watch = Watch()
    for number, level in ((1, 105), (2, 102), (3, 102), (4, 120)):
        watch.add(waiting(number, Trigger("mark_price", level, True)))
    assert numbers(watch.moved(110)) == [2, 3, 1]
    assert len(watch) == 1


def test_a_trailing_level_follows_one_way_only() -> None:
    watch = Watch()
    sell = waiting(1, Trigger("mark_price", 90, False, trail_ref=10))
    buy = waiting(2, Trigger("mark_price", 130, True, trail_ref=30))
    watch.add(sell)
    watch.add(buy)
    assert sell.trigger is not None
    assert buy.trigger is not None
    watch.moved(108)
    assert (sell.trigger.level_ref, buy.trigger.level_ref) == (98, 130)
    watch.moved(99)
    assert (sell.trigger.level_ref, buy.trigger.level_ref) == (98, 129)
    assert numbers(watch.moved(98)) == [1]
    assert buy.trigger.level_ref == 128


def test_who_is_taken_out_waits_no_longer() -> None:
    watch = Watch()
    one = waiting(1, Trigger("mark_price", 110, True, trail_ref=10))
    watch.add(one)
    watch.remove(one)
    watch.remove(one)
    assert len(watch) == 0
    assert numbers(watch.moved(200)) == []


@dataclass
class Slow:
    """One level, looked at for every price."""

    number: int
    level: int
    rises: bool
    trail: int

    def reached_by(self, ref: int) -> bool:
        if self.trail and self.rises:
            self.level = min(self.level, ref + self.trail)
        elif self.trail:
            self.level = max(self.level, ref - self.trail)
        return ref >= self.level if self.rises else ref <= self.level


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 9), st.booleans()), max_size=12),
    st.lists(st.integers(80, 120), max_size=30),
)
def test_same_as_looking_through_all(
    waits: list[tuple[bool, int, bool]], prices: list[int]
) -> None:
    watch, slow = Watch(), []
    for number, (rises, away, trails) in enumerate(waits):
        level = 100 + away if rises else 100 - away
        trail = away if trails else 0
        watch.add(waiting(number, Trigger("mark_price", level, rises, trail)))
        slow.append(Slow(number, level, rises, trail))
    for ref in prices:
        expected = {one.number for one in slow if one.reached_by(ref)}
        slow = [one for one in slow if one.number not in expected]
        assert set(numbers(watch.moved(ref))) == expected
        assert len(watch) == len(slow)
