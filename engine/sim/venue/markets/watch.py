"""Who waits for a price: levels above and below it, and levels that trail it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sortedcontainers import SortedList

if TYPE_CHECKING:
    from engine.sim.venue.markets.matching import Order

INDEX, MARK, LAST = SOURCES = ("index_price", "mark_price", "last_price")
STOPS, TAKES = ("stop_limit", "stop_market"), ("take_limit", "take_market")
TRAILING = ("trailing_stop",)
TYPES = (*STOPS, *TAKES, *TRAILING)  # of orders that wait
AT_MARKET = ("stop_market", "take_market", "trailing_stop")
WAITING_MAX = 100_000


@dataclass(slots=True)
class Trigger:
    """What an order waits for before it is entered.

    The price of ``source`` must reach ``level_ref``, from below when it ``rises``, else
    from above. A level that trails stays ``trail_ref`` from the best price so far;
    ``start_ref`` is where the price was when the order was placed. ``reached`` says
    that it has been, and that the order is about to be entered.
    Units: reference prices. Empty: ``trail_ref`` 0 = the level stays.
    """

    source: str
    level_ref: int
    rises: bool
    trail_ref: int = 0
    start_ref: int = 0
    reached: bool = False


class Watch:
    """The untriggered orders that wait for one price.

    Cost: O(log n) for each order entered, taken out or reached, nothing else for those
    that wait; a new extreme costs as much for each trailing order that goes along.
    """

    __slots__ = ("_levels", "_orders", "_trails")

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        # By direction, True = reached from below: (level or extreme, order number),
        # with the sign that puts first what is met first.
        self._levels: dict[bool, SortedList] = {
            True: SortedList(),
            False: SortedList(),
        }
        self._trails: dict[bool, SortedList] = {
            True: SortedList(),
            False: SortedList(),
        }

    def __len__(self) -> int:
        return len(self._orders)

    def add(self, order: Order) -> None:
        """Let an order wait.

        Raises:
            OverflowError: too many wait, which the limits of accounts should prevent.
        """
        if len(self._orders) >= WAITING_MAX:
            raise OverflowError(f"more than {WAITING_MAX} orders wait for one price")
        self._orders[order.number] = order
        trigger = order.trigger
        assert trigger is not None, "only trigger orders wait"
        sign = 1 if trigger.rises else -1
        self._levels[trigger.rises].add((sign * trigger.level_ref, order.number))
        if trigger.trail_ref:
            extreme = trigger.level_ref - sign * trigger.trail_ref
            self._trails[trigger.rises].add((-sign * extreme, order.number))

    def remove(self, order: Order) -> None:
        """Let an order wait no longer; nothing happens when it did not."""
        if self._orders.pop(order.number, None) is None:
            return
        trigger = order.trigger
        assert trigger is not None, "only trigger orders wait"
        sign = 1 if trigger.rises else -1
        self._levels[trigger.rises].remove((sign * trigger.level_ref, order.number))
        if trigger.trail_ref:
            extreme = trigger.level_ref - sign * trigger.trail_ref
            self._trails[trigger.rises].remove((-sign * extreme, order.number))

    def moved(self, ref: int) -> list[Order]:
        """Take note of a price; return the orders it reached, which wait no longer."""
        reached: list[Order] = []
        for rises, sign in ((True, 1), (False, -1)):
            trails = self._trails[rises]
            while trails and trails[0][0] < -sign * ref:
                self._carry(self._orders[trails[0][1]], ref)
            levels = self._levels[rises]
            while levels and levels[0][0] <= sign * ref:
                order = self._orders[levels[0][1]]
                self.remove(order)
                reached.append(order)
        return reached

    def _carry(self, order: Order, extreme_ref: int) -> None:
        """Move the level of a trailing order to its distance from a new extreme."""
        self.remove(order)
        trigger = order.trigger
        assert trigger is not None, "only trigger orders wait"
        sign = 1 if trigger.rises else -1
        trigger.level_ref = extreme_ref + sign * trigger.trail_ref
        self.add(order)
