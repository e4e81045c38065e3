"""One trade: what both sides and the tape need to know about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.sim.venue.markets.matching import Order
    from engine.sim.venue.products.instruments import Instrument


@dataclass(slots=True)
class Trade:
    """One match of a taker with a resting maker.

    Units: price in ticks, amount in lots, fees and profits in atto, index and mark in
    reference units (1e-8), time in ms and ns.
    ``direction`` on the tape is the taker's; states are those after this trade;
    ``vol`` is what an option's price implies, a fraction, and ``underlying_ref`` the
    mark of its future; both 0 for everything else. A leg of a combo's trade has its
    ``combo_id`` and ``combo_trade_id`` and may have traded at an ``exact_price`` off
    its grid; the combo's has its ``legs``.
    Empty: "", None and no legs for every other trade.
    """

    instrument: Instrument
    trade_seq: int
    trade_id: str
    number: int
    match_id: int
    time_ms: int
    time_ns: int
    price_ticks: int
    lots: int
    tick_direction: int
    index_ref: int
    mark_ref: int
    taker: Order
    maker: Order
    taker_state: str = "open"
    maker_state: str = "open"
    taker_fee: int = 0
    maker_fee: int = 0
    taker_profit: int = 0
    maker_profit: int = 0
    vol: float = 0.0
    underlying_ref: int = 0
    combo_id: str = ""
    combo_trade_id: str = ""
    exact_price: Fraction | None = None
    legs: list[Trade] = field(default_factory=list)

    @property
    def price(self) -> float:
        """Return the price in quote currency."""
        if self.exact_price is not None:
            return float(self.exact_price)
        return self.instrument.price(self.price_ticks)
