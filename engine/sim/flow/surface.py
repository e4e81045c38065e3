"""The vol surface of one coin as it moves: slowly by itself, and when it is traded."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from engine.sim.flow.clockwork import Clockwork, decay, exponential_ns, reverting
from engine.sim.flow.index import Coin
from engine.sim.params import SurfaceParams
from engine.sim.ports import Exchange
from engine.sim.venue.products.surface import VOL_MIN, VOL_TOP, SurfaceState

RHO_BOUND = 0.8


class SurfaceWalk:
    """Moves one surface and publishes it for every index of its coin.

    The logarithm of the short vol reverts to where it started, falls when the coin
    rises, and gives way to informed trades; the long vol follows with a share of it.
    """

    def __init__(
        self,
        state: SurfaceState,
        params: SurfaceParams,
        coin: Coin,
        stream: str,
        clockwork: Clockwork,
    ) -> None:
        self.state = self._first = state
        self._params, self._coin, self._clockwork = params, coin, clockwork
        self._dice = random.Random(stream)
        self._level = self._lean = 0.0
        self._growth = coin.growth
        self._last_ns = 0

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Publish the first state and schedule the first step."""
        self._venue, self._last_ns = venue, t_ns
        self._publish(t_ns)
        self._clockwork.at(t_ns + self._gap_ns(), self._step)

    def resume(self, t_ns: int) -> None:
        """Take ``t_ns`` as the time of the last step."""
        self._last_ns = t_ns

    def push(self, t_ns: int, by: float) -> None:
        """Let a trade move the logarithm of the short vol."""
        self._level += by
        self._publish(t_ns)

    def _gap_ns(self) -> int:
        return exponential_ns(self._dice, self._params.step_mean_ns)

    def _step(self, t_ns: int) -> None:
        elapsed_ns, self._last_ns = t_ns - self._last_ns, t_ns
        params, dice = self._params, self._dice
        kept = decay(elapsed_ns, params.vol_half_life_ns)
        self._level = reverting(self._level, kept, params.vol_spread, dice)
        kept = decay(elapsed_ns, params.rho_half_life_ns)
        self._lean = reverting(self._lean, kept, params.rho_spread, dice)
        grown = math.log(self._coin.growth / self._growth)
        self._growth = self._coin.growth
        self._level -= params.leverage * grown
        self._publish(t_ns)
        self._clockwork.at(t_ns + self._gap_ns(), self._step)

    def _publish(self, t_ns: int) -> None:
        first = self._first
        rho = first.rho + self._lean
        self.state = replace(
            first,
            short_vol=_within(first.short_vol * math.exp(self._level)),
            long_vol=_within(
                first.long_vol * math.exp(self._level * self._params.long_share)
            ),
            rho=min(max(rho, -RHO_BOUND), RHO_BOUND),
        )
        for index in self._coin.indices:
            self._venue.set_surface(index.name, self.state, t_ns)


def _within(vol: float) -> float:
    return min(max(vol, VOL_MIN), VOL_TOP)
