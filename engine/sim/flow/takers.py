"""Takers of futures and spot: clusters of uninformed orders, and informed ones."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from engine.sim.flow.clockwork import exponential_ns
from engine.sim.params import SECOND_NS

if TYPE_CHECKING:
    from engine.sim.flow.market import Market

INFORMED_SIZE_SPREAD = 1.2  # of the logarithm of what one is ready to take


class Takers:
    """Noise takers in clusters, and informed ones after a move of the fair price."""

    account = "background-taker"

    def __init__(self, market: Market, stream: str) -> None:
        self._market, self._params = market, market.params.takers
        self._dice = random.Random(stream)
        self._is_buy = self._dice.random() < 0.5
        self._informed_dice = random.Random(stream + "/informed")

    def start(self, t_ns: int) -> None:
        """Schedule the first cluster."""
        self._market.clockwork.at(t_ns + self._gap_ns(), self._cluster)

    def fair_moved(self, t_ns: int, by_bps: float) -> None:
        """Perhaps send somebody who has noticed, after a reaction time."""
        # Dice are rolled whatever the move was, so that the stream never depends on it.
        params, dice = self._params, self._informed_dice
        # Who watches closely watches the busy markets.
        chance = params.informed_chance * min(1.0, self._market.params.pace)
        comes = dice.random() < chance
        delay_ns = params.informed_ns + exponential_ns(dice, params.informed_ns / 2)
        size = params.informed_size * dice.lognormvariate(0.0, INFORMED_SIZE_SPREAD)
        if comes and abs(by_bps) >= params.informed_bps:
            is_buy = by_bps > 0
            self._market.clockwork.at(
                t_ns + delay_ns, lambda now_ns: self._pick_off(now_ns, is_buy, size)
            )

    def _gap_ns(self) -> int:
        market = self._market.params
        rate = self._params.rate * market.pace * market.activity
        return exponential_ns(self._dice, SECOND_NS / rate)

    def _cluster(self, t_ns: int) -> None:
        if self._market.is_over:
            return
        if self._dice.random() >= self._params.next_same_side_chance:
            self._is_buy = not self._is_buy
        self._arrive(t_ns, self._is_buy, self._params.follow_max)
        self._market.clockwork.at(t_ns + self._gap_ns(), self._cluster)

    def _arrive(self, t_ns: int, is_buy: bool, followers_left: int) -> None:
        if self._market.is_over:
            return
        params, dice = self._params, self._dice
        size = params.size * dice.lognormvariate(0.0, params.size_spread)
        size = min(size, params.size_max) * self._market.params.depth
        follows = dice.random() < params.follow_chance
        same_side = dice.random() < params.same_side_chance
        delay_ns = exponential_ns(dice, params.follow_ns)
        touches = size / (self._market.params.touch_size * self._market.params.depth)
        self._take(t_ns, is_buy, params.reach_bps * max(1.0, math.sqrt(touches)), size)
        self._market.push(t_ns, size if is_buy else -size)
        if follows and followers_left:
            next_is_buy = is_buy == same_side
            self._market.clockwork.at(
                t_ns + delay_ns,
                lambda now_ns: self._arrive(now_ns, next_is_buy, followers_left - 1),
            )

    def _pick_off(self, t_ns: int, is_buy: bool, size: float) -> None:
        """Take whatever is still priced on the wrong side of the fair price."""
        if self._market.is_over:
            return
        size *= self._market.params.depth
        tick_bps = self._market.tick / self._market.basis_point
        self._take(t_ns, is_buy, -tick_bps, size)

    def _take(self, t_ns: int, is_buy: bool, reach_bps: float, size: float) -> None:
        market = self._market
        reach = reach_bps * market.basis_point
        if is_buy:
            at_ticks = math.floor((market.fair + reach) / market.tick)
        else:
            at_ticks = math.ceil((market.fair - reach) / market.tick)
        market.place(self.account, is_buy, at_ticks, market.lots(size), False, t_ns)
