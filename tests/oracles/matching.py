"""Price-time matching the slow way: one list of orders, sorted whenever it matters.

Prices and amounts are Decimal. The rules are written down once more, from the venue's
pages: post-only slides one tick inside, an edit keeps its place only with the same
price and no more amount or tip, an account never trades with itself, icebergs hide what
their tip does not show, orders wait for prices, aggressive ones for the speed bump.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)
LIMIT = "limit"


@dataclass
class SlowOrder:
    """One order; ``place`` orders the queue at its price.

    ``tip`` is what an iceberg shows when it is renewed, 0 = no iceberg; ``shown`` what
    it shows now; ``drained`` when its tip went, in the match that runs.
    """

    key: int
    account: str
    buys: bool
    price: Decimal
    left: Decimal
    tip: Decimal = ZERO
    filled: Decimal = ZERO
    place: int = 0
    shown: Decimal = ZERO
    drained: int = 0
    in_force: str = "good_til_cancelled"
    doomed: bool = False
    state: str = "open"

    def renew(self) -> None:
        """Show what the order shows when it comes to a price."""
        self.shown = min(self.tip, self.left) if self.tip else self.left
        self.drained = 0


@dataclass
class SlowTrigger:
    """An order that waits; without a price it is entered at the edge of the band."""

    key: int
    account: str
    buys: bool
    price: Decimal | None
    amount: Decimal
    source: str
    level: Decimal
    rises: bool
    trail: Decimal = ZERO

    def reached_by(self, price: Decimal) -> bool:
        """Take note of a price; say whether it reaches the level."""
        if self.trail and self.rises:
            self.level = min(self.level, price + self.trail)
        elif self.trail:
            self.level = max(self.level, price - self.trail)
        return price >= self.level if self.rises else price <= self.level


@dataclass
class SlowBook:
    """All orders of one instrument and the fills so far.

    ``edge`` gives the price at which an order at the market is entered. ``bump_ns`` is
    how long an order waits that would trade at once.
    """

    tick: Decimal
    edge: Callable[[bool], Decimal] = lambda buys: ZERO
    bump_ns: int = 0
    resting: list[SlowOrder] = field(default_factory=list)
    pending: list[tuple[int, SlowOrder]] = field(default_factory=list)
    waiting: list[SlowTrigger] = field(default_factory=list)
    reached: list[SlowTrigger] = field(default_factory=list)
    entered: list[tuple[SlowTrigger, SlowOrder | None]] = field(default_factory=list)
    fills: list[tuple[int, int, Decimal, Decimal]] = field(default_factory=list)
    now_ns: int = 0
    _clock: int = 0

    # What an order meets.

    def facing(self, order: SlowOrder) -> list[tuple[SlowOrder, Decimal]]:
        """Return (order, amount) it would meet: by price, shown before hidden."""
        sign = 1 if order.buys else -1
        met = [
            one
            for one in self.resting
            if one.buys != order.buys and sign * (order.price - one.price) >= 0
        ]
        parts = [(sign * one.price, 0, one.place, one, one.shown) for one in met]
        parts += [
            (sign * one.price, 1, one.drained or one.place, one, one.left - one.shown)
            for one in met
        ]
        parts.sort(key=lambda part: part[:3])
        return [(one, amount) for *_, one, amount in parts if amount]

    # Requests.

    def enter(
        self, order: SlowOrder, *, post_only: bool = False, reject: bool = False
    ) -> str:
        """Enter an order; return what became of it."""
        if post_only:
            refusal = self._slide(order, reject)
            if refusal:
                return refusal
        if self._meets_itself(order):
            return "order_overlap"
        return self._start(order)

    def _start(self, order: SlowOrder) -> str:
        if self.bump_ns and self.facing(order):
            self.pending.append((self.now_ns + self.bump_ns, order))
            order.state = "pending"
        else:
            self._settle(order)
        return order.state

    def _settle(self, order: SlowOrder) -> None:
        order.state = "open"
        if order.in_force == "fill_or_kill":
            met = self.facing(order)
            there = sum(a for one, a in met if one.account != order.account)
            if there < order.left:
                order.state = "cancelled"
                return
        self._trade(order)
        if not order.left:
            order.state = "filled"
        elif order.state == "open" and (
            order.doomed or order.in_force == "immediate_or_cancel"
        ):
            order.state = "cancelled"
        elif order.state == "open":
            self._rest(order)

    def edit(
        self,
        key: int,
        price: Decimal,
        total: Decimal,
        *,
        post_only: bool,
        reject: bool,
        tip: Decimal | None = None,
    ) -> str:
        """Edit a resting order to a new price, total amount and tip."""
        order = self.find(key)
        if total <= order.filled:
            return "invalid_amount"
        left = total - order.filled
        tip = order.tip if tip is None else tip
        probe = SlowOrder(key, order.account, order.buys, price, left)
        if post_only and self._slide(probe, reject):
            self.resting.remove(order)
            return "post_only_reject"
        if tip and (left != order.left or tip != order.tip) and 100 * tip < left:
            return "invalid_max_show_amount"
        shows_more = tip > order.tip > 0
        if probe.price == order.price and left <= order.left and not shows_more:
            order.left = left
            order.shown = min(order.shown, tip or left, left)
            order.tip = tip
            return "open"
        if self._meets_itself(probe):
            return "order_overlap"
        self.resting.remove(order)
        order.price, order.left, order.tip = probe.price, left, tip
        return self._start(order)

    def cancel(self, key: int) -> None:
        """Cancel a resting order, or let one in the bump not rest after it."""
        for _, order in self.pending:
            if order.key == key:
                order.doomed = True
                return
        self.resting.remove(self.find(key))

    def arm(self, trigger: SlowTrigger, now: Decimal) -> str:
        """Let an order wait; a trailing one starts from the price of now."""
        if trigger.trail:
            sign = 1 if trigger.rises else -1
            trigger.level = now + sign * trigger.trail
        if trigger.reached_by(now):
            return f"trigger_price_too_{'low' if trigger.rises else 'high'}"
        self.waiting.append(trigger)
        return "untriggered"

    # What happens by itself.

    def priced(self, source: str, price: Decimal) -> None:
        """Take note of a price of a source; who is reached is entered next."""
        met = [t for t in self.waiting if t.source == source and t.reached_by(price)]
        met.sort(key=lambda t: (not t.rises, t.level if t.rises else -t.level, t.key))
        self.waiting = [t for t in self.waiting if t not in met]
        self.reached += met

    def catch_up(self, now_ns: int, next_key: Callable[[], int]) -> None:
        """Let what is due happen in order of time, triggers at once."""
        while True:
            due_ns = self.pending[0][0] if self.pending else now_ns + 1
            if due_ns <= (self.now_ns if self.reached else now_ns):
                self.now_ns, order = self.pending.pop(0)
                self._settle(order)
            elif self.reached:
                self._enter_reached(self.reached.pop(0), next_key())
            else:
                break
        self.now_ns = now_ns

    def _enter_reached(self, trigger: SlowTrigger, key: int) -> None:
        price = self.edge(trigger.buys) if trigger.price is None else trigger.price
        order = SlowOrder(key, trigger.account, trigger.buys, price, trigger.amount)
        refused = self.enter(order) == "order_overlap"
        self.entered.append((trigger, None if refused else order))

    # Reads.

    def find(self, key: int) -> SlowOrder:
        """Return a resting order."""
        return next(one for one in self.resting if one.key == key)

    def levels(self, buys: bool) -> dict[Decimal, list[tuple[int, Decimal, Decimal]]]:
        """Return price -> [(key, left, shown)] in queue order."""
        levels: dict[Decimal, list[tuple[int, Decimal, Decimal]]] = {}
        for one in sorted(self.resting, key=lambda one: one.place):
            if one.buys == buys:
                place = levels.setdefault(one.price, [])
                place.append((one.key, one.left, one.shown))
        return levels

    # The rules.

    def _slide(self, order: SlowOrder, reject: bool) -> str:
        met = self.facing(order)
        if met and reject:
            return "post_only_reject"
        if met:
            best = met[0][0].price
            order.price = best + (-self.tick if order.buys else self.tick)
        return ""

    def _meets_itself(self, order: SlowOrder) -> bool:
        left = order.left
        for one, amount in self.facing(order):
            if left <= 0:
                return False
            if one.account == order.account:
                return True
            left -= amount
        return False

    def _trade(self, order: SlowOrder) -> None:
        while order.left and (met := self.facing(order)):
            one, offered = met[0]
            if one.account == order.account:
                order.state = "cancelled"
                break
            amount = min(offered, order.left)
            self.fills.append((one.key, order.key, one.price, amount))
            for side in (one, order):
                side.left -= amount
                side.filled += amount
            one.shown = max(one.shown - amount, ZERO)
            if not one.left:
                self.resting.remove(one)
            elif not one.shown and not one.drained:
                self._clock += 1
                one.drained = self._clock
            self.priced("last_price", one.price)
        for one in sorted(self.resting, key=lambda one: one.drained):
            if one.drained:
                self._clock += 1
                one.place = self._clock
                one.renew()

    def _rest(self, order: SlowOrder) -> None:
        self._clock += 1
        order.place = self._clock
        order.renew()
        self.resting.append(order)
