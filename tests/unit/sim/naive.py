"""The smallest exchange the background market can live on: lists and floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.sim.venue.config import ContractConfig
from engine.sim.venue.errors import Reject
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.products.surface import SurfaceState


@dataclass(eq=False)
class NaiveOrder:
    """One order; ``left`` is what still rests."""

    account: str
    is_buy: bool
    price: float
    amount: float
    left: float
    price_ticks: int
    instrument: Instrument
    state: str = "open"

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def amount_lots(self) -> int:
        lots = self.instrument.lots(self.amount)
        assert lots is not None
        return lots

    @property
    def filled_lots(self) -> int:
        lots = self.instrument.lots(round(self.amount - self.left, 8))
        assert lots is not None
        return lots


class NaiveExchange:
    """Price-time matching by sorting, for any instruments; keeps a log.

    Nothing is refused but for what ``closed`` names.
    """

    def __init__(self, contracts: Sequence[ContractConfig]) -> None:
        self.listed = {one.instrument_name: Instrument(one) for one in contracts}
        self.closed: set[str] = set()
        self.log: list[tuple[Any, ...]] = []
        self.books: dict[str, list[NaiveOrder]] = {}
        self.trades: list[tuple[int, str, bool, float, float]] = []
        self.index: dict[str, float] = {}
        self.surfaces: dict[str, SurfaceState] = {}

    def instruments(self) -> list[Instrument]:
        return list(self.listed.values())

    def set_index(self, index_name: str, price: float, t_ns: int) -> None:
        self.log.append(("index", t_ns, index_name, price))
        self.index[index_name] = price

    def set_surface(self, index_name: str, state: SurfaceState, t_ns: int) -> None:
        self.log.append(("surface", t_ns, index_name, state))
        self.surfaces[index_name] = state

    def cancel_order(self, order: NaiveOrder, t_ns: int) -> None:
        assert order.is_open, "the flow cancels only what rests"
        order.state = "cancelled"
        self.log.append(("cancel", t_ns, order.account, order.price))

    def edit_order(
        self, order: NaiveOrder, price: float, amount: float, t_ns: int
    ) -> None:
        assert order.is_open, "the flow edits only what rests"
        name = order.instrument.name
        self._check(name, price, amount)
        self.log.append(("edit", t_ns, order.account, name, price, amount))
        filled = order.amount - order.left
        assert amount > filled
        self.books[name].remove(order)
        order.amount, order.left = amount, round(amount - filled, 8)
        self._enter(order, price, True, t_ns)

    def place(
        self,
        account: str,
        instrument: str,
        direction: str,
        price: float,
        amount: float,
        *,
        post_only: bool = False,
        time_in_force: str = "good_til_cancelled",
        at_once: bool = False,
        t_ns: int,
    ) -> NaiveOrder:
        self._check(instrument, price, amount)
        self.log.append(
            ("place", t_ns, account, instrument, direction, price, amount, post_only)
        )
        order = NaiveOrder(
            account, direction == "buy", price, amount, amount, 0,
            self.listed[instrument],
        )  # fmt: skip
        self._enter(order, price, post_only, t_ns)
        if order.is_open and time_in_force != "good_til_cancelled":
            order.state = "cancelled"
        return order

    def _check(self, name: str, price: float, amount: float) -> None:
        instrument = self.listed[name]
        assert instrument.ticks(price) is not None, (name, price)
        assert instrument.lots(amount), (name, amount)
        if name in self.closed:
            raise Reject("book_closed")

    def _enter(
        self, order: NaiveOrder, price: float, post_only: bool, t_ns: int
    ) -> None:
        instrument = order.instrument
        others = self.resting(instrument.name, not order.is_buy)
        ticks = instrument.ticks(price)
        assert ticks is not None
        if post_only and others and _crosses(order.is_buy, price, others[0].price):
            side = 1 if order.is_buy else -1
            ticks = instrument.inside(others[0].price_ticks, side)
        order.price_ticks, order.price = ticks, instrument.price(ticks)
        for other in others:
            if not order.left or not _crosses(order.is_buy, order.price, other.price):
                break
            size = min(order.left, other.left)
            order.left = round(order.left - size, 8)
            other.left = round(other.left - size, 8)
            if not other.left:
                other.state = "filled"
            self.trades.append((t_ns, instrument.name, order.is_buy, other.price, size))
        if not order.left:
            order.state = "filled"
        self.books.setdefault(instrument.name, []).append(order)

    def resting(self, instrument: str, is_buy: bool) -> list[NaiveOrder]:
        """Return the open orders of one side, best first, then oldest."""
        book = [one for one in self.books.get(instrument, ()) if one.is_open]
        self.books[instrument] = book
        side = [one for one in book if one.is_buy == is_buy]
        return sorted(side, key=lambda one: -one.price if is_buy else one.price)


def _crosses(is_buy: bool, price: float, other: float) -> bool:
    return price >= other if is_buy else price <= other
