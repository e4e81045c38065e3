"""A sparse background market for the swarm: few events, each of them trouble.

It stands in for ``engine.sim.flow.Flow``. A handful of levels lie around a fair price
that mostly rests; now and then it drifts or jumps, a taker comes, a burst of all this
falls into a fraction of a second, or one side of the book is gone for a while. After a
jump somebody who knows takes what still stands on the wrong side of the fair price:
quotes that were too slow. Ten virtual minutes cost about a thousand events.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.sim.flow.clockwork import Clockwork, exponential_ns
from engine.sim.venue.errors import Reject
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.units import REF

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000 * MILLISECOND_NS
HOUSE, TAKER = "house", "taker"
BURST_EVENTS_MAX = 30
BURST_NS_MAX = 200 * MILLISECOND_NS
THIN_NS_MAX = 3 * SECOND_NS
REACTION_NS_MAX = 80 * MILLISECOND_NS
RUN_MAX_BPS = 100.0  # of a jump
APART_TICKS_MAX = 3  # of a market and its mark


@dataclass(frozen=True)
class Weather:
    """How lively the market is.

    Units: event_ns is the mean time between two events of one instrument; jump_bps the
    median of a jump's size; the weights say how often which event comes.
    """

    event_ns: int
    levels: int
    jump_bps: float
    nudge: float = 40.0
    drift: float = 20.0
    jump: float = 6.0
    take: float = 24.0
    burst: float = 3.0
    thin: float = 2.0


class Stall:
    """One instrument's market: the ladders of the house, and who trades with them."""

    def __init__(
        self,
        instrument: Instrument,
        weather: Weather,
        price: float,
        stream: str,
        clockwork: Clockwork,
        venue: Any,
    ) -> None:
        self.instrument, self._weather = instrument, weather
        self._dice = random.Random(stream)
        self._clockwork, self._venue = clockwork, venue
        self._tick = instrument.tick_num / instrument.tick_den
        self.fair = self._first = max(100, round(price / self._tick))
        self._half = self._dice.randint(1, 3)
        self._gap = self._dice.randint(1, 3)
        self._orders: dict[tuple[int, int], Any] = {}
        self._thin = 0  # the side that is gone: 1 the bids, -1 the asks
        self.is_calm = False
        self._events: list[tuple[Callable[[int], None], float]] = [
            (self._nudge, weather.nudge),
            (self._drift, weather.drift),
            (self._jump, weather.jump),
            (self._take, weather.take),
            (self._begin_burst, weather.burst),
            (self._begin_thin, weather.thin),
        ]

    def start(self, t_ns: int) -> None:
        """Lay out the ladders and let things happen."""
        self._lay(t_ns)
        self._plan(t_ns)

    def calm_down(self, t_ns: int) -> None:
        """Make both sides whole; from now on nothing happens."""
        self.is_calm, self._thin = True, 0
        self._lay(t_ns)

    # What happens.

    def _plan(self, t_ns: int) -> None:
        gap_ns = exponential_ns(self._dice, self._weather.event_ns)
        self._clockwork.at(t_ns + gap_ns, self._happen)

    def _happen(self, t_ns: int) -> None:
        if self.is_calm:
            return
        self._once(t_ns)
        self._plan(t_ns)

    def _once(self, t_ns: int) -> None:
        if self.is_calm:
            return
        actions, weights = zip(*self._events, strict=True)
        self._dice.choices(actions, weights)[0](t_ns)

    def _nudge(self, t_ns: int) -> None:
        """Give one level another size, or let it be taken out and come back."""
        side, level = self._dice.choice((1, -1)), self._some_level()
        self._put(side, level, self._lots(), t_ns)

    def _drift(self, t_ns: int) -> None:
        self.fair += self._dice.choice((-2, -1, 1, 2))
        self._publish_index(t_ns)
        self._lay(t_ns)

    def _jump(self, t_ns: int) -> None:
        """Move the fair price; somebody takes what has not moved along."""
        dice = self._dice
        size_bps = min(
            RUN_MAX_BPS, self._weather.jump_bps * dice.lognormvariate(0.0, 1.0)
        )
        # It returns more often than it runs away.
        back = 0.5 + 0.4 * math.tanh(50.0 * (self.fair / self._first - 1.0))
        sign = -1 if dice.random() < back else 1
        self.fair += sign * max(2, round(self.fair * size_bps * 1e-4))
        self._publish_index(t_ns)
        self._lay(t_ns)
        if dice.random() < 0.7:
            late_ns = dice.randrange(REACTION_NS_MAX)
            self._clockwork.at(t_ns + late_ns, self._pick_off)

    def _pick_off(self, t_ns: int) -> None:
        for side in (1, -1):
            self._send(side, self.fair - side, 20 * self._lots(), t_ns)

    def _take(self, t_ns: int) -> None:
        """Take from one side, mostly a little, sometimes through it."""
        dice = self._dice
        side = dice.choice((1, -1))
        lots = max(1, round(self._lots() * dice.lognormvariate(-0.5, 1.2)))
        depth = self._half + self._gap * dice.randrange(self._weather.levels)
        self._send(side, self.fair + side * depth, lots, t_ns)

    def _begin_burst(self, t_ns: int) -> None:
        dice = self._dice
        for _ in range(dice.randint(5, BURST_EVENTS_MAX)):
            self._clockwork.at(t_ns + dice.randrange(BURST_NS_MAX), self._in_burst)

    def _in_burst(self, t_ns: int) -> None:
        if not self.is_calm:
            self._dice.choice((self._nudge, self._nudge, self._drift, self._take))(t_ns)

    def _begin_thin(self, t_ns: int) -> None:
        """Let one side vanish for a while."""
        self._thin = self._dice.choice((1, -1))
        for level in range(self._weather.levels):
            self._drop(self._thin, level, t_ns)
        until_ns = t_ns + self._dice.randrange(THIN_NS_MAX)
        self._clockwork.at(until_ns, self._end_thin)

    def _end_thin(self, t_ns: int) -> None:
        self._thin = 0
        self._lay(t_ns)

    # The ladders of the house.

    def _some_level(self) -> int:
        return self._dice.randrange(self._weather.levels)

    def _lots(self) -> int:
        return max(1, round(200 * self._dice.lognormvariate(0.0, 0.8)))

    def _price(self, side: int, level: int) -> int:
        ticks = self.fair - side * (self._half + self._gap * level)
        grid = self.instrument
        return grid.floor(ticks) if side > 0 else grid.ceil(ticks)

    def _lay(self, t_ns: int) -> None:
        """Bring every level to where it belongs, what is in the way first."""
        moved: list[tuple[int, int]] = []
        for side in (1, -1):
            for level in range(self._weather.levels):
                order = self._orders.get((side, level))
                price = self._price(side, level)
                if order is None or order.state != "open":
                    moved.append((side, level))
                elif order.price_ticks != price:
                    moved.append((side, level))
                    if (price - order.price_ticks) * side < 0:
                        self._put(side, level, self._lots(), t_ns)
        for side, level in moved:
            order = self._orders.get((side, level))
            price = self._price(side, level)
            if order is None or order.state != "open" or order.price_ticks != price:
                self._put(side, level, self._lots(), t_ns)

    def _put(self, side: int, level: int, lots: int, t_ns: int) -> None:
        if side == self._thin:
            return
        order, venue = self._orders.get((side, level)), self._venue
        facts = self.instrument
        price = facts.price(self._price(side, level))
        try:
            if order is not None and order.state == "open":
                amount = facts.amount(lots + order.filled_lots)
                venue.edit_order(order, price, amount, t_ns)
                return
            self._orders[side, level] = venue.place(
                HOUSE,
                facts.name,
                "buy" if side > 0 else "sell",
                price,
                facts.amount(lots),
                post_only=True,
                t_ns=t_ns,
            )
        except Reject:
            self._drop(side, level, t_ns)

    def _drop(self, side: int, level: int, t_ns: int) -> None:
        order = self._orders.pop((side, level), None)
        if order is not None:
            self._venue.cancel_order(order, t_ns)

    def _send(self, side: int, ticks: int, lots: int, t_ns: int) -> None:
        """Take what is at a price or better."""
        facts = self.instrument
        ticks = facts.floor(ticks) if side > 0 else facts.ceil(ticks)
        try:
            self._venue.place(
                TAKER,
                facts.name,
                "buy" if side > 0 else "sell",
                facts.price(ticks),
                facts.amount(lots),
                time_in_force="immediate_or_cancel",
                t_ns=t_ns,
            )
        except Reject:
            return  # a closed book, or a price beyond the band

    def _publish_index(self, t_ns: int) -> None:
        price = round(self.fair * self._tick, 2)
        self._venue.set_index(self.instrument.index_name, price, t_ns)


class Follower(Stall):
    """A market around the mark, for what has another price than its index.

    Empty: ``leads`` False, another market of the same index moves the index.
    """

    def __init__(self, *args: Any, leads: bool) -> None:
        super().__init__(*args)
        self._leads, self._apart = leads, 0

    def _drift(self, t_ns: int) -> None:
        self._move(self._dice.choice((-2, -1, 1, 2)), t_ns)

    def _jump(self, t_ns: int) -> None:
        dice = self._dice
        size_bps = min(
            RUN_MAX_BPS, self._weather.jump_bps * dice.lognormvariate(0.0, 1.0)
        )
        self._move(dice.choice((-1, 1)) * max(1, round(10 * size_bps)), t_ns)
        if dice.random() < 0.7:
            late_ns = dice.randrange(REACTION_NS_MAX)
            self._clockwork.at(t_ns + late_ns, self._pick_off)

    def _move(self, tenths_of_bps: int, t_ns: int) -> None:
        """Move the index, or this market against its mark."""
        if self._leads:
            name = self.instrument.index_name
            price = self._venue.exchange.index(name).ref / REF
            price = round(price * (1.0 + tenths_of_bps * 1e-5), 4)
            self._venue.set_index(name, price, t_ns)
        else:
            self._apart = self._dice.randint(-APART_TICKS_MAX, APART_TICKS_MAX)
        self._lay(t_ns)

    def _lay(self, t_ns: int) -> None:
        market = self._venue.exchange.markets.get(self.instrument.name)
        if market is None:
            self.is_calm = True  # it has expired
            return
        step = self.instrument.step_at(self.fair)
        mark = self.instrument.ticks_below(market.mark_ref)
        self.fair = max(1, mark + self._apart * step)
        super()._lay(t_ns)


class SparseMarket:
    """The markets of every instrument of a world, with the verbs of ``Flow``."""

    def __init__(self, seed: int, weather: Weather) -> None:
        self._seed, self._weather = seed, weather
        self._clockwork = Clockwork()
        self.stalls: dict[str, Stall] = {}

    def start(self, venue: Any, t_ns: int) -> None:
        """Open a market for everything that is listed."""
        moved = {one.index_name for one in venue.instruments() if one.perpetual}
        for instrument in venue.instruments():
            stall = self._open(instrument, venue, moved)
            self.stalls[instrument.name] = stall
            stall.start(t_ns)

    def _open(self, instrument: Instrument, venue: Any, moved: set[str]) -> Stall:
        """Return a market; ``moved`` are the indices that another one moves."""
        index = venue.exchange.index(instrument.index_name)
        given = (
            instrument,
            self._weather,
            index.ref / REF,
            f"{self._seed}/{instrument.name}",
            self._clockwork,
            venue,
        )
        if instrument.perpetual:
            return Stall(*given)
        leads = instrument.index_name not in moved
        moved.add(instrument.index_name)
        return Follower(*given, leads=leads)

    def next_timer_ns(self) -> int:
        """Return when something happens next, 0 for never."""
        return self._clockwork.next_ns()

    def step(self, t_ns: int) -> None:
        """Do everything due at or before ``t_ns``."""
        while 0 < self._clockwork.next_ns() <= t_ns:
            self._clockwork.run_next()

    def pause_until(self, last_ns: int, t_ns: int) -> None:
        """Freeze from ``last_ns`` to ``t_ns``."""
        self._clockwork.shift(t_ns - last_ns)

    def calm_down(self, t_ns: int) -> None:
        """Let nothing happen any more, with both sides of every book there."""
        for stall in self.stalls.values():
            stall.calm_down(t_ns)
