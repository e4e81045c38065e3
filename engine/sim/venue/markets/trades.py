"""One trade: what both sides and the tape need to know about it."""

from __future__ import annotations

from dataclasses import dataclass
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
    ``vol`` is what an option's price implies, a fraction, 0 for everything else.
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
