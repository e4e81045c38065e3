"""Position moves: from one account of a family to another, off the books, without fees.

A position moves at its average price unless another is named. Only the position goes:
what it has made until then stays, and the receiver must afford it.
Source: docs.deribit.com, moving positions, 2026-08-22.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.venue.accounts import booking, claims
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.units import divide

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market

MOVES_MAX = 100  # in a week
WEEK_NS = 7 * 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Move:
    """A part of a position that goes, and the side it is of.

    Units: value in atto, what the lots are booked at.
    """

    market: Market
    side: int
    lots: int
    value: int
    price: float


def read(source: Account, market: Market, lots: int, ticks: int | None) -> Move:
    """Return a move of lots at a price; None = the average of the position.

    Raises:
        Reject: there is no such position, or not so much of it.
    """
    instrument = market.instrument
    position = source.positions.get(instrument.name)
    if position is None or not position.size:
        raise Reject("invalid_or_unsupported_instrument")
    if lots > abs(position.size):
        raise Reject("invalid_amount")
    side = BUY if position.size > 0 else SELL
    if ticks is None:
        value = divide(abs(position.cost) * lots, abs(position.size))
        return Move(market, side, lots, value, position.average_price)
    value, price = instrument.value(lots, ticks), instrument.price(ticks)
    return Move(market, side, lots, value, price)


def do(exchange: Exchange, source: Account, target: Account, moves: list[Move]) -> None:
    """Book moves in both accounts.

    Raises:
        Reject: 10009 the receiver cannot afford one; those before it are booked.
    """
    for move in moves:
        market = move.market
        ticks = market.instrument.ticks_below(market.mark_ref)
        claims.check(target, market, move.side, move.lots, ticks)
        for account, side in ((source, -move.side), (target, move.side)):
            _book(exchange, account, move, side)


def _book(exchange: Exchange, account: Account, move: Move, side: int) -> None:
    market = move.market
    if market.funding is not None:
        market.funding.accrue(exchange.now_ns)
    profit = booking.book(account, market, side, move.lots, move.value)
    cash = -side * move.value if market.instrument.is_option else 0
    account.ledger.shifted(move, side, cash or profit, cash, exchange.now_ms)
    exchange.note_position(account, account.positions[market.instrument.name])
