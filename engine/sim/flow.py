"""The background market: an index per currency, makers around it, takers against them.

It exists so that a quoting client meets a market that moves and trades. Four kinds of
actor share one event heap on virtual time:

* **index**: a geometric random walk whose volatility reverts to a mean;
* **makers**: each keeps a ladder around the fair price and re-quotes a slot when the
  fair price has left that slot's tolerance, after its own reaction time;
* **noise takers**: clustered arrivals, either direction, log-normal sizes, rare
  sweeps;
* **informed takers**: after a jump of the fair price they lift what was left behind,
  so that a slow quote is picked off, a client's included.

Every actor draws from its own stream seeded by (seed, actor), so what a client does
never changes another actor's dice: same seed and same times, same market.

What is deliberately missing: strategic behaviour, order-book memory, calendar effects.
The parameters are plausible, not fitted.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.sim.params import (
    SECOND_NS,
    FlowParams,
    IndexParams,
    MakerParams,
    MarketParams,
    Steps,
)
from engine.sim.ports import Exchange, PlacedOrder
from engine.sim.venue.errors import Reject

YEAR_NS = 365 * 86_400 * SECOND_NS
RESTING, IMMEDIATE = "good_til_cancelled", "immediate_or_cancel"
PRICE_DECIMALS = 8  # finer than every tick and amount step the venue lists


class Clockwork:
    """A heap of (time, insertion order, action): the flow's only notion of time."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []
        self._sequence = 0

    def at(self, t_ns: int, action: Callable[[int], None]) -> None:
        """Run ``action(t_ns)`` at that time; equal times run in order of insertion."""
        self._sequence += 1
        heapq.heappush(self._heap, (t_ns, self._sequence, action))

    def next_ns(self) -> int:
        """Return the time of the next action, 0 when there is none."""
        return self._heap[0][0] if self._heap else 0

    def run_next(self) -> None:
        """Run the earliest action at its own time."""
        t_ns, _, action = heapq.heappop(self._heap)
        action(t_ns)

    def shift(self, by_ns: int) -> None:
        """Move every action later by the same time; their order stays."""
        self._heap = [(t + by_ns, n, action) for t, n, action in self._heap]


def exponential_ns(dice: random.Random, mean_ns: int) -> int:
    """Return an exponential time with that mean, at least 1 ns."""
    return max(1, round(dice.expovariate(1.0) * mean_ns))


def decay(elapsed_ns: int, half_life_ns: int) -> float:
    """Return what is left of 1 after ``elapsed_ns``, between 0 and 1."""
    return math.exp2(-elapsed_ns / half_life_ns)


class IndexWalk:
    """One index: a random walk with mean-reverting log-volatility."""

    def __init__(
        self, params: IndexParams, dice: random.Random, clockwork: Clockwork
    ) -> None:
        self.params, self._dice, self._clockwork = params, dice, clockwork
        self.price = params.price
        self._log_vol = 0.0  # deviation of log volatility from its mean
        self._last_ns = 0
        self.followers: list[Market] = []

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Publish the first price and schedule the first step."""
        self._venue = venue
        self._last_ns = t_ns
        venue.set_index(self.params.name, self.price, t_ns)
        self._clockwork.at(t_ns + self._gap_ns(), self._step)

    def resume(self, t_ns: int) -> None:
        """Take ``t_ns`` as the time of the last step."""
        self._last_ns = t_ns

    def _gap_ns(self) -> int:
        return exponential_ns(self._dice, self.params.step_mean_ns)

    def _step(self, t_ns: int) -> None:
        elapsed_ns = t_ns - self._last_ns
        self._last_ns = t_ns
        params = self.params
        kept = decay(elapsed_ns, params.vol_half_life_ns)
        noise = params.vol_spread * math.sqrt(1.0 - kept * kept)
        self._log_vol = kept * self._log_vol + noise * self._dice.gauss(0.0, 1.0)
        vol = params.vol * math.exp(self._log_vol - params.vol_spread**2 / 2.0)
        move = vol * math.sqrt(elapsed_ns / YEAR_NS) * self._dice.gauss(0.0, 1.0)
        self.price = round(self.price * math.exp(move), 2)
        self._venue.set_index(params.name, self.price, t_ns)
        for market in self.followers:
            market.fair_moved(t_ns, elapsed_ns)
        self._clockwork.at(t_ns + self._gap_ns(), self._step)


@dataclass
class Slot:
    """One place of a maker's ladder: at most one resting order."""

    is_bid: bool
    distance_ticks: float
    order: PlacedOrder | None = None


class Market:
    """One instrument: its fair price, its makers and its takers."""

    def __init__(
        self,
        params: MarketParams,
        steps: Steps,
        index: IndexWalk,
        seed: int,
        clockwork: Clockwork,
    ) -> None:
        self.params, self.steps, self.clockwork = params, steps, clockwork
        self._index = index
        name = params.instrument
        self._dice = random.Random(f"{seed}/{name}/fair")
        self._premium_bps = 0.0
        self._pressure_ticks = 0.0
        self._pressure_ns = 0
        self.fair_ticks = 0.0
        self.makers = [
            Maker(f"background-maker-{n}", maker, self, f"{seed}/{name}/maker/{n}")
            for n, maker in enumerate(params.makers)
        ]
        self._takers = Takers(self, f"{seed}/{name}/takers")
        index.followers.append(self)

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Lay out the first book and let the actors loose."""
        self.venue = venue
        self._pressure_ns = t_ns
        self._price_fair(t_ns)
        # The widest ladder goes first, so that no maker's first quote has to slide.
        for maker in reversed(self.makers):
            maker.start(t_ns)
        self._takers.start(t_ns)

    def fair_moved(self, t_ns: int, elapsed_ns: int) -> None:
        """Reprice after an index step and let makers and informed takers react."""
        before_ticks = self.fair_ticks
        kept = decay(elapsed_ns, self.params.premium_half_life_ns)
        noise = self.params.premium_bps * math.sqrt(1.0 - kept * kept)
        self._premium_bps = kept * self._premium_bps + noise * self._dice.gauss(0, 1)
        self._price_fair(t_ns)
        self._takers.fair_moved(t_ns, self.fair_ticks - before_ticks)
        self._wake_makers(t_ns)

    def push(self, t_ns: int, ticks: float) -> None:
        """Let a taker's trade move the fair price; makers follow at their own pace."""
        self._price_fair(t_ns)
        self._pressure_ticks += ticks
        self._price_fair(t_ns)
        self._wake_makers(t_ns)

    def resume(self, t_ns: int) -> None:
        """Take ``t_ns`` as the time of the last trade."""
        self._pressure_ns = t_ns

    def place(
        self,
        account: str,
        is_bid: bool,
        ticks: int,
        amount: float,
        passive: bool,
        t_ns: int,
    ) -> PlacedOrder | None:
        """Send one order: post-only and resting, or immediate-or-cancel.

        Empty: None when the venue refuses it (closed book, price band): an actor tries
        again when it next looks.
        """
        try:
            order: PlacedOrder = self.venue.place(
                account,
                self.params.instrument,
                "buy" if is_bid else "sell",
                round(ticks * self.steps.tick_size, PRICE_DECIMALS),
                self.round_amount(amount),
                post_only=passive,
                time_in_force=RESTING if passive else IMMEDIATE,
                t_ns=t_ns,
            )
        except Reject:
            return None
        return order

    def round_amount(self, amount: float) -> float:
        """Return the nearest positive multiple of the amount step."""
        step = self.steps.amount_step
        return round(max(1, round(amount / step)) * step, PRICE_DECIMALS)

    def _wake_makers(self, t_ns: int) -> None:
        for maker in self.makers:
            maker.wake(t_ns)

    def _price_fair(self, t_ns: int) -> None:
        params = self.params
        self._pressure_ticks *= decay(
            t_ns - self._pressure_ns, params.impact_half_life_ns
        )
        self._pressure_ns = t_ns
        bps = params.basis_bps + self._premium_bps
        price = self._index.price * (1.0 + bps / 10_000.0)
        self.fair_ticks = price / self.steps.tick_size + self._pressure_ticks


class Maker:
    """Keeps one ladder around the fair price; never crosses (post-only)."""

    def __init__(
        self, account: str, params: MakerParams, market: Market, stream: str
    ) -> None:
        self.account, self._params, self._market = account, params, market
        self._dice = random.Random(stream)
        self._is_awake = False
        # Widest first: when slots are refilled together the touch is laid last.
        self.slots = [
            Slot(is_bid, distance)
            for distance in sorted(params.distance_ticks, reverse=True)
            for is_bid in (True, False)
        ]

    def start(self, t_ns: int) -> None:
        """Fill the ladder at once and begin to churn."""
        for slot in self.slots:
            self._requote(slot, t_ns)
        self._market.clockwork.at(t_ns + self._churn_gap_ns(), self._churn)

    def wake(self, t_ns: int) -> None:
        """Look at the ladder after this maker's reaction time, once per wake."""
        if not self._is_awake:
            self._is_awake = True
            delay_ns = exponential_ns(self._dice, self._params.reaction_ns)
            self._market.clockwork.at(t_ns + delay_ns, self._react)

    def _react(self, t_ns: int) -> None:
        self._is_awake = False
        for slot in self._due():
            self._requote(slot, t_ns)

    def _due(self) -> list[Slot]:
        """Return the slots to re-quote, those the fair price is leaving behind first.

        Pulling what became too cheap before following with the other side is what a
        maker does, and keeps its own post-only orders from sliding.
        """
        endangered, lagging = [], []
        fair_ticks = self._market.fair_ticks
        for slot in self.slots:
            order = slot.order
            if order is None or order.state != "open":
                lagging.append(slot)
                continue
            distance = fair_ticks - order.price_ticks
            if not slot.is_bid:
                distance = -distance
            away = distance - slot.distance_ticks
            allowed = max(0.5, self._params.tolerance * slot.distance_ticks)
            if away < -allowed:
                endangered.append(slot)
            elif away > allowed + 1.0:  # one tick is what rounding may have cost
                lagging.append(slot)
        return endangered + lagging

    def _requote(self, slot: Slot, t_ns: int) -> None:
        market = self._market
        if slot.order is not None and slot.order.state == "open":
            market.venue.cancel_order(slot.order, t_ns)
        ticks = market.fair_ticks
        if slot.is_bid:
            at_ticks = math.floor(ticks - slot.distance_ticks)
        else:
            at_ticks = math.ceil(ticks + slot.distance_ticks)
        spread = self._params.size_spread
        multiple = self._params.size * self._dice.lognormvariate(0.0, spread)
        # Depth grows with the distance, as square root: far levels are larger.
        multiple *= math.sqrt(max(1.0, slot.distance_ticks))
        amount = market.params.touch_amount * multiple
        slot.order = market.place(
            self.account, slot.is_bid, max(1, at_ticks), amount, True, t_ns
        )
        if slot.order is not None and slot.order.price_ticks != at_ticks:
            # It had to slide: another maker is late, and soon will not be.
            self.wake(t_ns)

    def _churn(self, t_ns: int) -> None:
        """Replace one slot for no reason, as real makers do."""
        self._requote(self._dice.choice(self.slots), t_ns)
        self._market.clockwork.at(t_ns + self._churn_gap_ns(), self._churn)

    def _churn_gap_ns(self) -> int:
        return exponential_ns(self._dice, self._params.churn_ns)


class Takers:
    """Noise takers in clusters, and informed ones after a jump."""

    account = "background-taker"

    def __init__(self, market: Market, stream: str) -> None:
        self._market, self._params = market, market.params.takers
        self._dice = random.Random(stream)
        self._informed_dice = random.Random(stream + "/informed")

    def start(self, t_ns: int) -> None:
        """Schedule the first cluster."""
        self._market.clockwork.at(t_ns + self._gap_ns(), self._cluster)

    def fair_moved(self, t_ns: int, by_ticks: float) -> None:
        """Perhaps send somebody who has noticed, after a reaction time."""
        # Dice are rolled whatever the move was, so that the stream never depends on it.
        comes = self._informed_dice.random() < self._params.informed_chance
        delay_ns = exponential_ns(self._informed_dice, self._params.informed_ns)
        if comes and abs(by_ticks) >= 1.0:
            is_buy = by_ticks > 0
            self._market.clockwork.at(
                t_ns + delay_ns, lambda now_ns: self._pick_off(now_ns, is_buy)
            )

    def _gap_ns(self) -> int:
        return exponential_ns(self._dice, round(SECOND_NS / self._params.rate))

    def _cluster(self, t_ns: int) -> None:
        is_buy = self._dice.random() < 0.5
        self._arrive(t_ns, is_buy, self._params.follow_max)
        self._market.clockwork.at(t_ns + self._gap_ns(), self._cluster)

    def _arrive(self, t_ns: int, is_buy: bool, followers_left: int) -> None:
        params, dice, market = self._params, self._dice, self._market
        multiple = params.size * dice.lognormvariate(0.0, params.size_spread)
        reach_ticks = params.protection_ticks
        if dice.random() < params.sweep_chance:
            multiple *= params.sweep_size
            reach_ticks = params.sweep_ticks
        follows = dice.random() < params.follow_chance
        same_side = dice.random() < params.same_side_chance
        delay_ns = exponential_ns(dice, params.follow_ns)
        self._take(t_ns, is_buy, reach_ticks, multiple)
        impact = market.params.impact_ticks * min(4.0, multiple)
        market.push(t_ns, impact if is_buy else -impact)
        if follows and followers_left:
            next_is_buy = is_buy == same_side
            market.clockwork.at(
                t_ns + delay_ns,
                lambda now_ns: self._arrive(now_ns, next_is_buy, followers_left - 1),
            )

    def _pick_off(self, t_ns: int, is_buy: bool) -> None:
        """Take whatever is still priced on the wrong side of the fair price."""
        self._take(t_ns, is_buy, -1, 5.0)

    def _take(self, t_ns: int, is_buy: bool, reach_ticks: int, multiple: float) -> None:
        market = self._market
        fair_ticks = market.fair_ticks
        if is_buy:
            at_ticks = math.floor(fair_ticks + reach_ticks)
        else:
            at_ticks = math.ceil(fair_ticks - reach_ticks)
        amount = market.params.touch_amount * multiple
        market.place(self.account, is_buy, max(1, at_ticks), amount, False, t_ns)


class Flow:
    """The background market of a whole venue.

    ``step(t_ns)`` runs everything that is due, each event at its own time.
    Cost: a few microseconds per event besides the venue's own work.
    """

    def __init__(self, seed: int, params: FlowParams, steps: dict[str, Steps]) -> None:
        self._clockwork = Clockwork()
        self._indices = {
            index.name: IndexWalk(
                index, random.Random(f"{seed}/{index.name}"), self._clockwork
            )
            for index in params.indices
        }
        self.markets: Sequence[Market] = [
            Market(
                market,
                steps[market.instrument],
                self._indices[market.index],
                seed,
                self._clockwork,
            )
            for market in params.markets
        ]

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Publish the indices, lay out the books, schedule the first events."""
        for index in self._indices.values():
            index.start(venue, t_ns)
        for market in self.markets:
            market.start(venue, t_ns)

    def next_timer_ns(self) -> int:
        """Return when the next event is due, 0 when nothing moves."""
        return self._clockwork.next_ns()

    def step(self, t_ns: int) -> None:
        """Run every event due at or before ``t_ns``."""
        while 0 < self._clockwork.next_ns() <= t_ns:
            self._clockwork.run_next()

    def pause_until(self, last_ns: int, t_ns: int) -> None:
        """Freeze the market from ``last_ns`` to ``t_ns``: nothing happened between.

        A host that slept for an hour must not replay an hour of market at once.
        """
        self._clockwork.shift(t_ns - last_ns)
        for index in self._indices.values():
            index.resume(t_ns)
        for market in self.markets:
            market.resume(t_ns)
