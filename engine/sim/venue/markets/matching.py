"""Price-time queues: the order book of one instrument.

A side maps a price in ticks to a level, a level holds its orders first come first
served. The book knows orders, prices and lots, nothing of accounts, fees or messages;
who may trade with whom is decided by the caller, one fill at a time.

Icebergs show a tip. At one price everything shown trades first, in the order of the
queue; then what is hidden, in the order in which the tips went. When the match is over
(``refresh``), an iceberg whose tip has gone shows a new one at the end of the queue.
Source: docs.deribit.com, order management, icebergs (hidden portions execute at once
when matched), Starbase order book maintenance (a put goes to the back), 2026-08-22; the
order of shown before hidden is ours.

Invariants: a level is never empty; its ``lots`` is the sum of what its orders show;
between matches every order in it shows something; after each request the best bid is
below the best ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sortedcontainers import SortedDict

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.markets.watch import Trigger
    from engine.sim.venue.products.instruments import Instrument
    from engine.sim.venue.trading.advanced import Advanced
    from engine.sim.venue.trading.linked import Link
    from engine.sim.venue.trading.mmp import Group

BUY, SELL = 1, -1
Touch = tuple[int | None, int, int | None, int]
DIRECTIONS = {BUY: "buy", SELL: "sell"}
SIDES = {"buy": BUY, "sell": SELL}


class Order:
    """One order; its queue place is its level's insertion order.

    Units: price in ticks, amounts in lots, value_filled in atto, times in ms.
    ``amount_lots`` is the total including what has filled. ``origin`` is the serial
    number of the connection that created it, 0 = none. ``pending`` orders are in the
    speed bump; ``doomed`` says why one of them must not rest after it, "" = it may.
    An iceberg shows ``display_lots``, and ``refresh_lots`` of a new tip; 0 = none is.
    An order that waits for a price has a ``trigger``, and so has the one it becomes,
    whose ``trigger_order_id`` names the one that waited. ``group`` is the market-maker
    protection it is under, None = none; quotes have a ``quote_id``. ``link`` is the
    part it plays in a linked request. An ``advanced`` one is priced by the venue;
    ``auto_replaced`` says that its last change was the venue's. An order for a combo
    has ``legs`` once it has traded: an order for each, whose ``combo_order`` it is.
    """

    __slots__ = (
        "account", "advanced", "amount_lots", "api", "auto_replaced", "cancel_reason",
        "combo_order", "created_ms", "display_lots", "doomed", "filled_lots", "group",
        "instrument", "label", "legs", "link", "number", "on_settled", "order_id",
        "order_type", "origin",
        "original_order_type", "pending", "post_only", "price_ticks", "quote_id",
        "quote_set_id", "reduce_only", "refresh_lots", "reject_post_only", "replaced",
        "side", "state", "time_in_force", "trigger", "trigger_order_id", "updated_ms",
        "value_filled",
    )  # fmt: skip

    def __init__(
        self,
        account: Account,
        instrument: Instrument,
        side: int,
        price_ticks: int,
        amount_lots: int,
    ) -> None:
        self.account, self.instrument, self.side = account, instrument, side
        self.price_ticks, self.amount_lots = price_ticks, amount_lots
        self.number = 0
        self.order_id = ""
        self.filled_lots = 0
        self.value_filled = 0
        self.state = "open"
        self.order_type = "limit"
        self.original_order_type = ""
        self.time_in_force = "good_til_cancelled"
        self.label = ""
        self.cancel_reason = ""
        self.post_only = self.reject_post_only = self.reduce_only = False
        self.replaced = False
        self.api = True
        self.created_ms = self.updated_ms = 0
        self.origin = 0
        self.display_lots = self.refresh_lots = 0
        self.trigger: Trigger | None = None
        self.trigger_order_id = ""
        self.link: Link | None = None
        self.advanced: Advanced | None = None
        self.auto_replaced = False
        self.pending = False
        self.doomed = ""
        self.group: Group | None = None
        self.quote_id = self.quote_set_id = ""
        self.on_settled: Callable[[], None] | None = None
        self.combo_order: Order | None = None
        self.legs: dict[str, Order] = {}

    @property
    def open_lots(self) -> int:
        """Return what has not filled yet."""
        return self.amount_lots - self.filled_lots

    @property
    def shown_lots(self) -> int:
        """Return what the book shows of it."""
        return self.display_lots if self.refresh_lots else self.open_lots

    @property
    def is_quote(self) -> bool:
        """Say whether it is one side of a quote, out of reach of order methods."""
        return self.group is not None and not self.group.is_orders

    @property
    def direction(self) -> str:
        """Return ``buy`` or ``sell``."""
        return DIRECTIONS[self.side]


class Level:
    """All orders at one price, oldest first, and what they show.

    ``drained`` holds the icebergs that have no tip left, only while a match runs.
    """

    __slots__ = ("drained", "lots", "orders")

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.drained: dict[int, Order] = {}
        self.lots = 0


class Book:
    """Both sides of one instrument.

    ``touched`` maps (side, price) to the lots that stood there when the turn began; who
    publishes the book takes it and clears it.
    """

    def __init__(self) -> None:
        self._sides: dict[int, SortedDict] = {BUY: SortedDict(), SELL: SortedDict()}
        self.touched: dict[tuple[int, int], int] = {}
        self._drained: list[Order] = []
        self._best: Touch | None = None

    # Reads.

    def touch(self) -> Touch:
        """Return best bid, its lots, best ask, its lots; worked out once per change.

        Units: prices in ticks. Empty: price None and lots 0 on an empty side.
        """
        if self._best is None:
            bid, ask = self.best(BUY), self.best(SELL)
            self._best = (
                bid,
                self._sides[BUY][bid].lots if bid is not None else 0,
                ask,
                self._sides[SELL][ask].lots if ask is not None else 0,
            )
        return self._best

    def best(self, side: int) -> int | None:
        """Return the best price of a side in ticks, None when it is empty."""
        levels = self._sides[side]
        if not levels:
            return None
        best: int = levels.peekitem(-1 if side == BUY else 0)[0]
        return best

    def lots_at(self, side: int, price_ticks: int) -> int:
        """Return the lots shown at a price."""
        level = self._sides[side].get(price_ticks)
        return level.lots if level is not None else 0

    def levels(self, side: int, depth: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield (price in ticks, lots), best first."""
        levels = self._sides[side]
        prices = reversed(levels) if side == BUY else iter(levels)
        for count, price in enumerate(prices):
            if depth is not None and count >= depth:
                return
            yield price, levels[price].lots

    def queue(self, side: int, price_ticks: int) -> list[Order]:
        """Return the orders at a price, first in line first."""
        level = self._sides[side].get(price_ticks)
        return list(level.orders.values()) if level is not None else []

    def would_cross(self, side: int, price_ticks: int) -> bool:
        """Say whether an order at this price would trade at once."""
        best = self.best(-side)
        return best is not None and (price_ticks - best) * side >= 0

    def facing(self, side: int, price_ticks: int) -> Iterator[tuple[Order, int]]:
        """Yield what an order would meet, in priority order: (resting order, lots).

        An iceberg comes twice at its price, with its tip and with what it hides.
        The book must not be changed while this runs.
        """
        levels = self._sides[-side]
        prices = iter(levels) if side == BUY else reversed(levels)
        for price in prices:
            if (price_ticks - price) * side < 0:
                return
            icebergs = []
            for order in levels[price].orders.values():
                yield order, order.shown_lots
                if order.refresh_lots:
                    icebergs.append(order)
            for order in icebergs:
                yield order, order.open_lots - order.display_lots

    def first_facing(self, side: int, price_ticks: int) -> Order | None:
        """Return the resting order that would trade first, None when none would.

        It trades what it shows, or, when it shows nothing, what it hides.
        """
        levels = self._sides[-side]
        if not levels:
            return None
        price, level = levels.peekitem(0 if side == BUY else -1)
        if (price_ticks - price) * side < 0:
            return None
        first: Order = next(iter((level.orders or level.drained).values()))
        return first

    # Changes.

    def add(self, order: Order) -> None:
        """Put an order at the end of the queue of its price."""
        levels = self._sides[order.side]
        level = levels.get(order.price_ticks)
        if level is None:
            level = levels[order.price_ticks] = Level()
        self._touch(order, level.lots)
        level.orders[order.number] = order
        if order.refresh_lots:
            order.display_lots = min(order.refresh_lots, order.open_lots)
            level.lots += order.display_lots
        else:
            level.lots += order.open_lots

    def remove(self, order: Order) -> None:
        """Take a resting order out."""
        levels = self._sides[order.side]
        level = levels[order.price_ticks]
        self._touch(order, level.lots)
        if order.number in level.orders:
            del level.orders[order.number]
            level.lots -= order.shown_lots
        else:
            del level.drained[order.number]
        if not (level.orders or level.drained):
            del levels[order.price_ticks]

    def fill(self, order: Order, lots: int) -> None:
        """Fill a resting order, at most what it shows or, then, what it hides.

        It leaves the book when nothing remains.
        """
        levels = self._sides[order.side]
        level = levels[order.price_ticks]
        self._touch(order, level.lots)
        order.filled_lots += lots
        if order.refresh_lots:
            self._fill_iceberg(level, order, lots)
        else:
            level.lots -= lots
            if order.open_lots == 0:
                del level.orders[order.number]
        if not (level.orders or level.drained):
            del levels[order.price_ticks]

    def _fill_iceberg(self, level: Level, order: Order, lots: int) -> None:
        if order.display_lots:
            order.display_lots -= lots
            level.lots -= lots
            if order.display_lots:
                return
            del level.orders[order.number]
            if order.open_lots:
                level.drained[order.number] = order
                self._drained.append(order)
        elif not order.open_lots:
            del level.drained[order.number]

    def refresh(self) -> None:
        """Give every iceberg without a tip a new one, at the end of its queue."""
        drained, self._drained = self._drained, []
        for order in drained:
            level = self._sides[order.side].get(order.price_ticks)
            if level is not None and level.drained.pop(order.number, None) is not None:
                self._touch(order, level.lots)
                order.display_lots = min(order.refresh_lots, order.open_lots)
                level.orders[order.number] = order
                level.lots += order.display_lots

    def shrink(self, order: Order, amount_lots: int) -> None:
        """Lower the total of a resting order, which keeps its place in the queue.

        An iceberg gives up what it hides before what it shows.
        """
        level = self._sides[order.side][order.price_ticks]
        self._touch(order, level.lots)
        shown = order.shown_lots
        order.amount_lots = amount_lots
        if order.refresh_lots:
            order.display_lots = min(order.display_lots, order.open_lots)
        level.lots -= shown - order.shown_lots

    def show_less(self, order: Order, refresh_lots: int) -> None:
        """Lower what a resting order shows, which keeps its place in the queue."""
        level = self._sides[order.side][order.price_ticks]
        self._touch(order, level.lots)
        shown = order.shown_lots
        order.refresh_lots = refresh_lots
        order.display_lots = min(shown, refresh_lots)
        level.lots += order.display_lots - shown

    def _touch(self, order: Order, lots: int) -> None:
        self._best = None
        self.touched.setdefault((order.side, order.price_ticks), lots)
