"""Price-time matching the slow way: one list of orders, sorted whenever it matters.

Prices and amounts are Decimal. The rules are written down once more, from the venue's
pages: post-only slides one tick inside, an edit keeps its place only with the same
price and no more amount, an account never trades with itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class SlowOrder:
    """One order; ``place`` orders the queue at its price."""

    key: int
    account: str
    buys: bool
    price: Decimal
    left: Decimal
    filled: Decimal = Decimal(0)
    place: int = 0


@dataclass
class SlowBook:
    """All resting orders of one instrument and the fills so far."""

    tick: Decimal
    resting: list[SlowOrder] = field(default_factory=list)
    fills: list[tuple[int, int, Decimal, Decimal]] = field(default_factory=list)
    _clock: int = 0

    def facing(self, order: SlowOrder) -> list[SlowOrder]:
        """Return the orders it would meet, best price first, then first come."""
        sign = 1 if order.buys else -1
        met = [
            one
            for one in self.resting
            if one.buys != order.buys and sign * (order.price - one.price) >= 0
        ]
        return sorted(met, key=lambda one: (sign * one.price, one.place))

    def enter(
        self, order: SlowOrder, *, post_only: bool, reject: bool, in_force: str
    ) -> str:
        """Enter an order; return what became of it."""
        if post_only:
            refusal = self._slide(order, reject)
            if refusal:
                return refusal
        if self._meets_itself(order):
            return "order_overlap"
        if in_force == "fill_or_kill":
            there = sum(one.left for one in self.facing(order))
            if there < order.left:
                return "cancelled"
        self._trade(order)
        if not order.left:
            return "filled"
        if in_force == "immediate_or_cancel":
            return "cancelled"
        self._rest(order)
        return "open"

    def edit(
        self, key: int, price: Decimal, total: Decimal, *, post_only: bool, reject: bool
    ) -> str:
        """Edit an order to a new price and total amount."""
        order = self.find(key)
        if total <= order.filled:
            return "invalid_amount"
        left = total - order.filled
        probe = SlowOrder(key, order.account, order.buys, price, left)
        if post_only and self._slide(probe, reject):
            self.resting.remove(order)
            return "post_only_reject"
        if probe.price == order.price and left <= order.left:
            order.left = left
            return "open"
        if self._meets_itself(probe):
            return "order_overlap"
        self.resting.remove(order)
        order.price, order.left = probe.price, left
        self._trade(order)
        if not order.left:
            return "filled"
        self._rest(order)
        return "open"

    def cancel(self, key: int) -> None:
        """Cancel an order."""
        self.resting.remove(self.find(key))

    def find(self, key: int) -> SlowOrder:
        """Return a resting order."""
        return next(one for one in self.resting if one.key == key)

    def levels(self, buys: bool) -> dict[Decimal, list[tuple[int, Decimal]]]:
        """Return price -> [(key, left)] in queue order."""
        levels: dict[Decimal, list[tuple[int, Decimal]]] = {}
        for one in sorted(self.resting, key=lambda one: one.place):
            if one.buys == buys:
                levels.setdefault(one.price, []).append((one.key, one.left))
        return levels

    def _slide(self, order: SlowOrder, reject: bool) -> str:
        met = self.facing(order)
        if met and reject:
            return "post_only_reject"
        if met:
            order.price = met[0].price + (-self.tick if order.buys else self.tick)
        return ""

    def _meets_itself(self, order: SlowOrder) -> bool:
        left = order.left
        for one in self.facing(order):
            if left <= 0:
                return False
            if one.account == order.account:
                return True
            left -= one.left
        return False

    def _trade(self, order: SlowOrder) -> None:
        for one in self.facing(order):
            amount = min(one.left, order.left)
            if not amount:
                return
            self.fills.append((one.key, order.key, one.price, amount))
            for side in (one, order):
                side.left -= amount
                side.filled += amount
            if not one.left:
                self.resting.remove(one)

    def _rest(self, order: SlowOrder) -> None:
        self._clock += 1
        order.place = self._clock
        self.resting.append(order)
