"""Takers of options: uninformed flow, a few who know the vol, and pick-offs."""

from __future__ import annotations

import math
import random
from bisect import bisect_left

from engine.sim.flow.chain import Chain, Strip
from engine.sim.flow.clockwork import Clockwork, exponential_ns
from engine.sim.flow.index import Coin
from engine.sim.flow.quoting import Option, place
from engine.sim.params import SECOND_NS
from engine.sim.ports import Exchange
from engine.sim.venue.products.surface import Smile

ACCOUNT = "background-option-taker"
OUT_OF_THE_MONEY = 0.8  # share of trades in the option that is out of the money
INFORMED_ORDERS = 3
FLOW_IMPACT = 0.1  # of an informed order's move of the surface, for any other


class OptionTakers:
    """Sends orders to one chain; most near the money and near expiry."""

    def __init__(
        self,
        chain: Chain,
        coin: Coin,
        activity: float,
        stream: str,
        clockwork: Clockwork,
        venue: Exchange,
    ) -> None:
        self._chain, self._coin, self._params = chain, coin, chain.params
        self._rate = chain.params.taker_rate * activity
        self._clockwork, self._venue = clockwork, venue
        self._dice = random.Random(stream)
        self._pick_off_dice = random.Random(stream + "/pick-off")
        self._seen = coin.growth

    def start(self, t_ns: int) -> None:
        """Schedule the first arrival."""
        self._coin.followers.append(self.coin_moved)
        self._clockwork.at(t_ns + self._gap_ns(), self._arrive)

    def coin_moved(self, t_ns: int, elapsed_ns: int) -> None:
        """After a move worth it, send somebody to what was left behind."""
        params, dice = self._params, self._pick_off_dice
        delay_ns = exponential_ns(dice, params.pick_off_ns)
        move = math.log(self._coin.growth / self._seen)
        if abs(move) * 1e4 < params.pick_off_bps:
            return
        self._seen = self._coin.growth
        self._clockwork.at(t_ns + delay_ns, lambda now_ns: self._pick_off(now_ns, move))

    def _gap_ns(self) -> int:
        return exponential_ns(self._dice, SECOND_NS / self._rate)

    def _arrive(self, t_ns: int) -> None:
        dice, params = self._dice, self._params
        strip = self._strip(dice)
        is_buy = dice.random() < 0.5
        informed = dice.random() < params.informed_chance
        if strip is not None:
            smile = strip.smile(t_ns)
            moved = 0.0
            for _ in range(INFORMED_ORDERS if informed else 1):
                option = _option(strip, smile, dice)
                size = params.taker_size
                size *= dice.lognormvariate(0.0, params.taker_size_spread)
                self._take(option, smile, is_buy, params.taker_reach, size, t_ns)
                moved += math.sqrt(size / params.taker_size)
            impact = params.informed_vol * min(moved, 4.0)
            if not informed:
                impact *= FLOW_IMPACT
            self._chain.surface.push(t_ns, impact if is_buy else -impact)
        self._clockwork.at(t_ns + self._gap_ns(), self._arrive)

    def _pick_off(self, t_ns: int, move: float) -> None:
        """Take what is still cheaper than theory after the forward has moved."""
        dice = self._pick_off_dice
        for _ in range(self._params.pick_offs):
            strip = self._strip(dice)
            if strip is None:
                return
            smile = strip.smile(t_ns)
            option = _option(strip, smile, dice)
            is_buy = (move > 0.0) == option.is_call
            size = 3.0 * self._params.near_size
            self._take(option, smile, is_buy, 0.0, size, t_ns)

    def _strip(self, dice: random.Random) -> Strip | None:
        """Choose an expiry, near ones more often."""
        chance = dice.random()
        strips = sorted(self._chain.strips.values(), key=lambda one: one.expiry_ms)
        if not strips:
            return None
        now_ms = strips[0].expiry_ms
        weights = [1.0 / (3.0 + (s.expiry_ms - now_ms) / 86_400_000) for s in strips]
        left = chance * sum(weights)
        for strip, weight in zip(strips, weights, strict=True):
            left -= weight
            if left <= 0.0:
                return strip
        return strips[-1]

    def _take(
        self,
        option: Option,
        smile: Smile,
        is_buy: bool,
        reach: float,
        size: float,
        t_ns: int,
    ) -> None:
        mark = smile.mark(option.strike, option.is_call)
        reach *= option.half_spread(mark, smile)
        price = mark.price + (reach if is_buy else -reach)
        ticks = option.ticks(price, smile.forward, is_buy)
        if ticks < 1:
            return
        lots = option.lots(size, smile.forward)
        place(
            self._venue, ACCOUNT, option.instrument, is_buy, ticks, lots, t_ns,
            time_in_force="immediate_or_cancel",
        )  # fmt: skip


def _option(strip: Strip, smile: Smile, dice: random.Random) -> Option:
    """Choose a strike about a deviation around the money, mostly out of it."""
    deviations = dice.gauss(0.0, 1.0)
    out_of_the_money = dice.random() < OUT_OF_THE_MONEY
    strike = smile.forward * math.exp(deviations * math.sqrt(smile.theta))
    at = min(bisect_left(strip.strikes, strike), len(strip.options) - 1)
    wants_call = (deviations > 0.0) == out_of_the_money
    for n in (at, at - 1, at + 1):
        if 0 <= n < len(strip.options) and strip.options[n].is_call == wants_call:
            return strip.options[n]
    return strip.options[at]
