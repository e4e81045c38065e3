"""Positions: what an account holds of one contract, and what it has made of it.

Two books are kept of every position: its cost since opening, which gives the average
price and ``total``, and its cost since the last settlement, which gives the session's
profit. A trade moves the same coin value into one position and out of another, and a
position is valued lot by lot at one rounded value, so over all accounts profit sums to
zero exactly, whatever the order of opening, closing, flipping, funding and settling.

Source: docs.deribit.com, private/get_position, get_settlement_history (185160 USD
from 16025.83 to 17391 are 0.90696 BTC, from an average of 15000 they are 1.69711 BTC;
10 USD sold at 17391 made 4.898e-5 BTC), 2026-08-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.units import REF, divide

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.products.instruments import Instrument


class Position:
    """One account's holding of one contract.

    Units: size in signed lots; costs in atto, the signed value at which the size was
    built (proportional on reduction, so an average price stays): ``cost`` since
    opening, ``session_cost`` with the last settlement as a purchase, ``cost_usd`` since
    opening in USD, for options priced in coins. ``buy_lots`` and ``sell_lots`` are
    those of open orders, ``buy_value`` what the buys would pay; ``paid`` is the funding
    booked when the size last changed.
    """

    __slots__ = (
        "_funding", "_realized", "_series", "buy_lots", "buy_value", "cost", "cost_usd",
        "instrument", "market", "paid", "sell_lots", "session_cost", "size", "traded",
    )  # fmt: skip

    def __init__(self, instrument: Instrument, market: Market) -> None:
        self.instrument, self.market = instrument, market
        self.size = 0
        self.cost = self.session_cost = self.cost_usd = 0
        self.buy_lots = self.sell_lots = 0
        self.buy_value = 0
        self.traded = False
        self.paid = 0
        self._realized = self._funding = self._series = 0

    # Changes.

    def book(self, side: int, lots: int, value: int) -> int:
        """Book a fill and return the session profit it realized, in atto."""
        self._accrue()
        closing = min(lots, abs(self.size)) if self.size * side < 0 else 0
        usd = self._in_usd(value)
        realized = 0
        opening_value = value
        if closing:
            held = abs(self.size)
            closing_value = divide(value * closing, lots)
            opening_value -= closing_value
            released = divide(self.session_cost * closing, held)
            realized = self.instrument.profit(-side * closing_value, released)
            self.session_cost -= released
            self.cost -= divide(self.cost * closing, held)
            self.cost_usd -= divide(self.cost_usd * closing, held)
        self.size += side * lots
        self.session_cost += side * opening_value
        self.cost += side * opening_value
        self.cost_usd += side * divide(usd * (lots - closing), lots)
        self._realized += realized
        self.traded = True
        return realized

    def _accrue(self) -> None:
        """Book the funding since the size last changed."""
        self.paid = self._accrued
        self._funding += self.paid
        self._realized += self.paid
        if self.market.funding is not None:
            self._series = self.market.funding.series

    def _in_usd(self, value: int) -> int:
        """Return a premium in USD, 0 where the venue does not say it."""
        if not (self.instrument.is_option and self.instrument.reversed):
            return 0
        return divide(value * self.market.index.ref, REF)

    def settle(self) -> tuple[int, int]:
        """Begin a new session at the mark; return (profit, funding) of the old one."""
        self._accrue()
        ended = (self._realized + self.unrealized, self._funding)
        self._realized = self._funding = 0
        self.session_cost = self.size_value
        return ended

    def copy_to(self, other: Position) -> None:
        """Make another position, of another account, the same as this one."""
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))

    def grant(self, profit: int) -> None:
        """Add to the session what options have brought that became this future."""
        self._realized += profit

    def end(self) -> None:
        """Close the books: what it was worth has been paid."""
        self._accrue()
        self.size = self.cost = self.session_cost = self.cost_usd = 0
        self._realized = self._funding = 0

    # What it is worth.

    @property
    def size_value(self) -> int:
        """Return the signed value at the mark price, in atto."""
        return self.instrument.value_at_ref(self.size, self.market.mark_ref)

    @property
    def _accrued(self) -> int:
        """Return the funding of the size since it last changed, in atto."""
        funding = self.market.funding
        return -self.size * (funding.series - self._series) if funding else 0

    @property
    def funding(self) -> int:
        """Return the session's funding, part of what is realized, in atto."""
        return self._funding + self._accrued

    @property
    def realized(self) -> int:
        """Return the session's realized profit, in atto."""
        return self._realized + self._accrued

    @property
    def unrealized(self) -> int:
        """Return the session's unrealized profit at the mark price, in atto."""
        return self.instrument.profit(self.size_value, self.session_cost)

    @property
    def total(self) -> int:
        """Return the profit since the average price, in atto."""
        return self.instrument.profit(self.size_value, self.cost)

    @property
    def worth(self) -> int:
        """Return what it adds to the equity: session profit, or an option's value."""
        if self.instrument.is_option:
            return self.size_value
        return self.realized + self.unrealized

    @property
    def average_price(self) -> float:
        """Return the average entry price (harmonic for inverse contracts)."""
        return self.instrument.average_price(abs(self.size), abs(self.cost))
