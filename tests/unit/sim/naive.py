"""The smallest exchange the background market can live on: lists and floats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class NaiveOrder:
    """One order; ``left`` is what still rests."""

    account: str
    is_buy: bool
    price: float
    amount: float
    left: float
    price_ticks: int
    state: str = "open"

    @property
    def is_open(self) -> bool:
        return self.state == "open"


@dataclass
class NaiveExchange:
    """Price-time matching by sorting, for one or more instruments; keeps a log."""

    tick_size: dict[str, float]
    log: list[tuple[Any, ...]] = field(default_factory=list)
    books: dict[str, list[NaiveOrder]] = field(default_factory=dict)
    trades: list[tuple[int, str, bool, float, float]] = field(default_factory=list)
    index: dict[str, float] = field(default_factory=dict)

    def set_index(self, index_name: str, price: float, t_ns: int) -> None:
        self.log.append(("index", t_ns, index_name, price))
        self.index[index_name] = price

    def cancel_order(self, order: NaiveOrder, t_ns: int) -> None:
        assert order.is_open, "the flow cancels only what rests"
        order.state = "cancelled"
        self.log.append(("cancel", t_ns, order.account, order.price))

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
        t_ns: int,
    ) -> NaiveOrder:
        self.log.append(
            ("place", t_ns, account, instrument, direction, price, amount, post_only)
        )
        is_buy = direction == "buy"
        others = self.resting(instrument, not is_buy)
        tick = self.tick_size[instrument]
        if post_only and others and _crosses(is_buy, price, others[0].price):
            price = others[0].price - tick if is_buy else others[0].price + tick
        order = NaiveOrder(account, is_buy, price, amount, amount, round(price / tick))
        for other in others:
            if not order.left or not _crosses(is_buy, price, other.price):
                break
            size = min(order.left, other.left)
            order.left -= size
            other.left -= size
            if not other.left:
                other.state = "filled"
            self.trades.append((t_ns, instrument, is_buy, other.price, size))
        if not order.left:
            order.state = "filled"
        elif time_in_force != "good_til_cancelled":
            order.state = "cancelled"
        self.books.setdefault(instrument, []).append(order)
        return order

    def resting(self, instrument: str, is_buy: bool) -> list[NaiveOrder]:
        """Return the open orders of one side, best first, then oldest."""
        book = [one for one in self.books.get(instrument, ()) if one.is_open]
        self.books[instrument] = book
        side = [one for one in book if one.is_buy == is_buy]
        return sorted(side, key=lambda one: -one.price if is_buy else one.price)


def _crosses(is_buy: bool, price: float, other: float) -> bool:
    return price >= other if is_buy else price <= other
