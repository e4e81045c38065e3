"""Makers of futures and spot: ladders that follow a fair price and churn."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.flow.clockwork import exponential_ns
from engine.sim.params import MakerParams
from engine.sim.ports import PlacedOrder

if TYPE_CHECKING:
    from engine.sim.flow.market import Market


@dataclass(slots=True)
class Slot:
    """One place of a maker's ladder: at most one resting order."""

    is_bid: bool
    distance_bps: float
    notional: float
    order: PlacedOrder | None = None


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
            Slot(is_bid, distance, notional)
            for distance, notional in sorted(params.levels, reverse=True)
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
        if self._market.is_over:
            return
        for slot in self._due():
            self._requote(slot, t_ns)

    def _due(self) -> list[Slot]:
        """Return the slots to re-quote, those the fair price is leaving behind first.

        Pulling what became too cheap before following with the other side is what a
        maker does, and keeps its own post-only orders from sliding.
        """
        endangered, lagging = [], []
        market = self._market
        fair_ticks = market.fair / market.tick
        ticks_per_bps = market.basis_point / market.tick
        tolerance = self._params.tolerance
        for slot in self.slots:
            order = slot.order
            if order is None or order.state != "open":
                lagging.append(slot)
                continue
            distance = fair_ticks - order.price_ticks
            if not slot.is_bid:
                distance = -distance
            wanted = slot.distance_bps * ticks_per_bps
            away = distance - wanted
            allowed = max(0.5, tolerance * wanted)
            if away < -allowed:
                endangered.append(slot)
            elif away > allowed + 1.0:  # one tick is what rounding may have cost
                lagging.append(slot)
        return endangered + lagging

    def _requote(self, slot: Slot, t_ns: int) -> None:
        market = self._market
        away = slot.distance_bps * market.basis_point
        if slot.is_bid:
            at_ticks = math.floor((market.fair - away) / market.tick)
        else:
            at_ticks = math.ceil((market.fair + away) / market.tick)
        size = slot.notional * market.params.depth
        size *= self._dice.lognormvariate(0.0, self._params.size_spread)
        lots = market.lots(size)
        order = slot.order
        if order is not None and order.state == "open":
            if not market.move(order, at_ticks, lots, t_ns):
                slot.order = None
        else:
            slot.order = market.place(
                self.account, slot.is_bid, at_ticks, lots, True, t_ns
            )
        if slot.order is not None and slot.order.price_ticks != at_ticks:
            # It had to slide: another maker is late, and soon will not be.
            self.wake(t_ns)

    def _churn(self, t_ns: int) -> None:
        """Replace one slot for no reason, as real makers do."""
        if self._market.is_over:
            return
        self._requote(self._dice.choice(self.slots), t_ns)
        self._market.clockwork.at(t_ns + self._churn_gap_ns(), self._churn)

    def _churn_gap_ns(self) -> int:
        mean_ns = self._params.churn_ns / self._market.params.pace
        return exponential_ns(self._dice, mean_ns)
