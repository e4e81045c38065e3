"""Coins and the indices made of them: correlated walks with a vol regime and jumps.

A coin moves at random times; its move is part common (one path that all coins look up
at their own times), part its own. An index is a coin in dollars or in another coin, and
is published when its base coin moves.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from engine.sim.flow.clockwork import (
    YEAR_NS,
    Clockwork,
    decay,
    exponential_ns,
    reverting,
)
from engine.sim.params import DAY_NS, CoinParams, FactorParams, IndexParams
from engine.sim.ports import Exchange

Follower = Callable[[int, int], None]  # (t_ns, elapsed_ns): a coin has moved


class Factor:
    """What all coins have in common, advanced whenever one of them looks it up.

    Units: path in square roots of a year; jumps as the sum of their logarithms; regime
    is what the vol of every coin is multiplied with, its square has a mean of 1.
    """

    def __init__(self, params: FactorParams, dice: random.Random) -> None:
        self._params, self._dice = params, dice
        self._log_vol = 0.0
        self._last_ns = 0
        self.path = self.jumps = 0.0
        self.regime = 1.0

    def resume(self, t_ns: int) -> None:
        """Take ``t_ns`` as the time of the last look."""
        self._last_ns = t_ns

    def advance(self, t_ns: int) -> None:
        """Move path, regime and jumps to a time."""
        elapsed_ns = t_ns - self._last_ns
        if elapsed_ns <= 0:
            return
        self._last_ns = t_ns
        params, dice = self._params, self._dice
        kept = decay(elapsed_ns, params.vol_half_life_ns)
        self._log_vol = reverting(self._log_vol, kept, params.vol_spread, dice)
        self.regime = math.exp(self._log_vol - params.vol_spread**2)
        self.path += math.sqrt(elapsed_ns / YEAR_NS) * dice.gauss(0.0, 1.0)
        # Both are drawn whether or not a jump comes, so that the stream stays in step.
        size = params.jump_size * dice.gauss(0.0, 1.0)
        if dice.random() < params.jumps_per_day * elapsed_ns / DAY_NS:
            self.jumps += size


class Index:
    """One index: its price follows from the growth of its coins."""

    def __init__(self, params: IndexParams, base: Coin, quote: Coin | None) -> None:
        self.name = params.name
        self._params, self._base, self._quote = params, base, quote
        self.price = params.price

    def publish(self, venue: Exchange, t_ns: int) -> None:
        """Tell the venue where the index stands."""
        growth = self._base.growth
        if self._quote is not None:
            growth /= self._quote.growth
        self.price = round(self._params.price * growth, self._params.decimals)
        venue.set_index(self.name, self.price, t_ns)


class Coin:
    """One coin against the dollar, and the carry of its dated futures.

    Units: growth since the start; dollars is its price; carry per year.
    """

    def __init__(
        self, params: CoinParams, factor: Factor, seed: int, clockwork: Clockwork
    ) -> None:
        self.params, self._factor, self._clockwork = params, factor, clockwork
        self._dice = random.Random(f"{seed}/{params.name}")
        self._carry_dice = random.Random(f"{seed}/{params.name}/carry")
        self._last_ns = 0
        self._seen = (0.0, 0.0)
        self._carry_away = 0.0
        self.growth = 1.0
        self.first_dollars = 1.0
        self.indices: list[Index] = []
        self.followers: list[Follower] = []

    @property
    def name(self) -> str:
        """Return the name of the coin."""
        return self.params.name

    @property
    def dollars(self) -> float:
        """Return what one coin is worth."""
        return self.first_dollars * self.growth

    @property
    def carry(self) -> float:
        """Return how far above the index a future a year out stands, as a fraction."""
        return self.params.carry + self._carry_away

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Publish the first prices and schedule the first step."""
        self._venue = venue
        self.resume(t_ns)
        for index in self.indices:
            index.publish(venue, t_ns)
        self._clockwork.at(t_ns + self._gap_ns(), self._step)

    def resume(self, t_ns: int) -> None:
        """Take ``t_ns`` as the time of the last step."""
        self._last_ns = t_ns
        self._factor.resume(t_ns)

    def _gap_ns(self) -> int:
        return exponential_ns(self._dice, self.params.step_mean_ns)

    def _step(self, t_ns: int) -> None:
        elapsed_ns = t_ns - self._last_ns
        self._last_ns = t_ns
        self.growth *= math.exp(self._move(t_ns, elapsed_ns))
        kept = decay(elapsed_ns, self.params.carry_half_life_ns)
        self._carry_away = reverting(
            self._carry_away, kept, self.params.carry_spread, self._carry_dice
        )
        for index in self.indices:
            index.publish(self._venue, t_ns)
        for follower in self.followers:
            follower(t_ns, elapsed_ns)
        self._clockwork.at(t_ns + self._gap_ns(), self._step)

    def _move(self, t_ns: int, elapsed_ns: int) -> float:
        """Return the logarithmic return of the step."""
        params, factor = self.params, self._factor
        factor.advance(t_ns)
        common = factor.path - self._seen[0]
        jump = factor.jumps - self._seen[1]
        self._seen = (factor.path, factor.jumps)
        own_share = math.sqrt(1.0 - params.correlation**2)
        own = math.sqrt(elapsed_ns / YEAR_NS) * self._dice.gauss(0.0, 1.0)
        diffusion = params.correlation * common + own_share * own
        return params.vol * factor.regime * diffusion + params.beta * jump
