"""One future, spot pair or spread: its fair price, its makers and its takers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from engine.sim.flow.clockwork import YEAR_NS, Clockwork, decay, reverting
from engine.sim.flow.index import Coin, Index
from engine.sim.flow.makers import Maker
from engine.sim.flow.takers import Takers
from engine.sim.params import MarketParams
from engine.sim.ports import Exchange, PlacedOrder
from engine.sim.venue.errors import Reject
from engine.sim.venue.products.instruments import Instrument

RESTING, IMMEDIATE = "good_til_cancelled", "immediate_or_cancel"
IMPACT_MAX = 4.0  # touch sizes, after the square root
MILLISECOND_NS = 1_000_000

Anchor = Callable[[int], float]
"""Where a fair price is held, at a time: the index, a forward, a difference of two."""


def index_anchor(index: Index) -> Anchor:
    """Return the anchor of a perpetual or a spot pair."""
    return lambda t_ns: index.price


def forward_anchor(index: Index, coin: Coin, expiry_ms: int) -> Anchor:
    """Return the anchor of a dated future: the index with the carry to expiry."""
    expiry_ns = expiry_ms * MILLISECOND_NS
    return lambda t_ns: (
        index.price * (1.0 + coin.carry * max(0, expiry_ns - t_ns) / YEAR_NS)
    )


class Market:
    """One book of the background market.

    Units: fair is the price in quote currency at which nobody has an edge.
    """

    def __init__(
        self,
        instrument: Instrument,
        params: MarketParams,
        index: Index,
        coin: Coin,
        anchor: Anchor,
        seed: int,
        clockwork: Clockwork,
    ) -> None:
        self.instrument, self.params, self.clockwork = instrument, params, clockwork
        self.index, self._coin, self._anchor = index, coin, anchor
        name = instrument.name
        self.tick = instrument.tick_num / instrument.tick_den
        self._lot = instrument.lot_num / instrument.lot_den
        self._dice = random.Random(f"{seed}/{name}/fair")
        self._premium_bps = 0.0
        self._pressure_bps = 0.0
        self._pressure_ns = 0
        self.fair = 0.0
        self.is_over = False
        self.makers = [
            Maker(f"background-maker-{n}", maker, self, f"{seed}/{name}/maker/{n}")
            for n, maker in enumerate(params.makers)
        ]
        self.takers = Takers(self, f"{seed}/{name}/takers")

    def start(self, venue: Exchange, t_ns: int) -> None:
        """Lay out the first book and let the actors loose."""
        self.venue = venue
        self._pressure_ns = t_ns
        self._price_fair(t_ns)
        # The widest ladder goes first, so that no maker's first quote has to slide.
        for maker in reversed(self.makers):
            maker.start(t_ns)
        self.takers.start(t_ns)

    def stop(self) -> None:
        """Let every actor fall silent: the instrument has expired."""
        self.is_over = True

    def resume(self, t_ns: int) -> None:
        """Take ``t_ns`` as the time of the last trade."""
        self._pressure_ns = t_ns

    @property
    def basis_point(self) -> float:
        """Return one basis point of the index, in quote currency."""
        return self.index.price * 1e-4

    def coin_moved(self, t_ns: int, elapsed_ns: int) -> None:
        """Reprice after a step of the coin, let makers and informed takers react."""
        before = self.fair
        params = self.params
        kept = decay(elapsed_ns, params.premium_half_life_ns)
        self._premium_bps = reverting(
            self._premium_bps, kept, params.premium_bps, self._dice
        )
        self._price_fair(t_ns)
        self.takers.fair_moved(t_ns, (self.fair - before) / self.basis_point)
        self._wake_makers(t_ns)

    def push(self, t_ns: int, notional: float) -> None:
        """Let a taker's trade (signed, in dollars) move the fair price."""
        params = self.params
        touches = abs(notional) / (params.touch_size * params.depth)
        impact = params.impact_bps * min(IMPACT_MAX, math.sqrt(touches))
        self._decay_pressure(t_ns)
        self._pressure_bps += math.copysign(impact, notional)
        self._price_fair(t_ns)
        self._wake_makers(t_ns)

    def lots(self, notional: float) -> int:
        """Return the lots that are worth so many dollars, at least one."""
        lot_dollars = self._lot
        if not self.instrument.inverse:
            lot_dollars *= self._coin.dollars
        return max(1, round(notional / lot_dollars))

    def place(
        self,
        account: str,
        is_bid: bool,
        ticks: int,
        lots: int,
        passive: bool,
        t_ns: int,
    ) -> PlacedOrder | None:
        """Send one order: post-only and resting, or immediate-or-cancel.

        Empty: None when the venue refuses it (closed book, price band): an actor tries
        again when it next looks.
        """
        instrument = self.instrument
        if ticks < 1 and not instrument.is_combo:
            return None
        try:
            order: PlacedOrder = self.venue.place(
                account,
                instrument.name,
                "buy" if is_bid else "sell",
                instrument.price(ticks),
                instrument.amount(lots),
                post_only=passive,
                time_in_force=RESTING if passive else IMMEDIATE,
                t_ns=t_ns,
            )
        except Reject:
            return None
        return order

    def move(self, order: PlacedOrder, ticks: int, lots: int, t_ns: int) -> bool:
        """Move an open order to a price with so many lots still to fill.

        Returns: False when the venue refuses it; the order is then taken out.
        """
        instrument = self.instrument
        try:
            self.venue.edit_order(
                order,
                instrument.price(ticks),
                instrument.amount(lots + order.filled_lots),
                t_ns,
            )
        except Reject:
            self.venue.cancel_order(order, t_ns)
            return False
        return True

    def _wake_makers(self, t_ns: int) -> None:
        for maker in self.makers:
            maker.wake(t_ns)

    def _decay_pressure(self, t_ns: int) -> None:
        elapsed_ns = t_ns - self._pressure_ns
        self._pressure_bps *= decay(elapsed_ns, self.params.impact_half_life_ns)
        self._pressure_ns = t_ns

    def _price_fair(self, t_ns: int) -> None:
        self._decay_pressure(t_ns)
        away_bps = self._premium_bps + self._pressure_bps
        self.fair = self._anchor(t_ns) + away_bps * self.basis_point
