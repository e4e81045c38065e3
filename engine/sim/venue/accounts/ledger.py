"""The transaction log: every change of an account's cash, and every trade.

``change`` is what happened to cash; ``cashflow`` what the event earned: the session
profit a trade of a future realized, which waits for settlement, the premium of an
option, the coins of a spot trade. Entries carry the account as it stood afterwards.
Source: docs.deribit.com, private/get_transaction_log, 2026-08-22.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.venue.markets.matching import DIRECTIONS

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.accounts.moves import Move
    from engine.sim.venue.markets.trades import Trade
    from engine.sim.venue.products.instruments import Instrument

ENTRIES_MAX = 10_000


@dataclass(slots=True, kw_only=True)
class Entry:
    """One entry.

    Units: money in atto; amount and position in the unit of orders; price in quote
    currency; mark, index and settlement price in 1e-8.
    Empty: None, "" or 0 where an event has no such thing.
    """

    kind: str
    time_ms: int
    currency: str
    change: int
    cashflow: int
    fee: int = 0
    number: int = 0
    user_seq: int = 0
    balance: int = 0
    equity: int = 0
    session_rpl: int = 0
    session_upl: int = 0
    instrument: Instrument | None = None
    side: str = ""
    amount: float = 0.0
    position: float | None = None
    price: float | None = None
    mark_ref: int = 0
    index_ref: int = 0
    settlement_ref: int = 0
    funding: int | None = None
    total_funding: int | None = None
    trade: Trade | None = None
    maker: bool = False
    fee_maker: bool = False
    info: dict[str, str] | None = None


class Ledger:
    """One account's entries, oldest first; the oldest go when there are too many."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.entries: deque[Entry] = deque(maxlen=ENTRIES_MAX)
        self._user_seq = 0

    def enter(self, entry: Entry) -> None:
        """Add an entry about what has just been booked."""
        account, currency = self._account, entry.currency
        self._user_seq += 1
        entry.user_seq = self._user_seq
        entry.number = account.user_id * 10**9 + self._user_seq
        entry.balance = account.cash.get(currency, 0)
        entry.equity = entry.balance
        for position in account.in_currency(currency):
            entry.equity += position.worth
            entry.session_rpl += position.realized
            entry.session_upl += position.unrealized
        self.entries.append(entry)

    def moved(self, currency: str, amount: int, time_ms: int) -> None:
        """Enter a deposit, or a withdrawal when it is negative."""
        self.enter(
            Entry(
                kind="deposit" if amount >= 0 else "withdrawal",
                time_ms=time_ms,
                currency=currency,
                change=amount,
                cashflow=amount,
            )
        )

    def shifted(
        self, move: Move, side: int, cashflow: int, change: int, time_ms: int
    ) -> None:
        """Enter one side of a position move."""
        instrument = move.market.instrument
        size = self._account.positions[instrument.name].size
        verb = "close" if (size - side * move.lots) * side < 0 else "open"
        self.enter(
            Entry(
                kind="position_move",
                time_ms=time_ms,
                currency=instrument.currency,
                change=change,
                cashflow=cashflow,
                instrument=instrument,
                side=f"{verb} {DIRECTIONS[side]}",
                amount=instrument.amount(move.lots),
                position=instrument.amount(size),
                price=move.price,
                mark_ref=move.market.mark_ref,
                index_ref=move.market.index.ref,
            )
        )

    def traded(self, trade: Trade, value: int, maker: bool, fee_maker: bool) -> None:
        """Enter one side of a trade; a spot trade in both its currencies."""
        if self._account.internal:
            return
        order = trade.maker if maker else trade.taker
        fee = trade.maker_fee if maker else trade.taker_fee
        profit = trade.maker_profit if maker else trade.taker_profit
        instrument, side = trade.instrument, order.side
        moves = instrument.is_spot or instrument.is_option
        cashflow = -side * value if moves else profit
        position = self._account.positions.get(instrument.name)
        size = position.size if position is not None else 0
        closes = (size - side * trade.lots) * side < 0
        verb = "close" if closes else "open"
        entry = Entry(
            kind="trade",
            time_ms=trade.time_ms,
            currency=instrument.currency,
            change=(cashflow if moves else 0) - fee,
            cashflow=cashflow,
            fee=fee,
            instrument=instrument,
            side=order.direction if instrument.is_spot else f"{verb} {order.direction}",
            amount=instrument.amount(trade.lots),
            position=None if position is None else instrument.amount(size),
            price=trade.price,
            mark_ref=trade.mark_ref,
            index_ref=trade.index_ref,
            trade=trade,
            maker=maker,
            fee_maker=fee_maker,
        )
        if position is not None and position.market.funding is not None:
            entry.funding, entry.total_funding = position.paid, position.funding
        self.enter(entry)
        if instrument.is_spot:
            coins = side * instrument.units(trade.lots)
            self.enter(
                Entry(
                    kind="trade",
                    time_ms=trade.time_ms,
                    currency=instrument.base,
                    change=coins,
                    cashflow=coins,
                    instrument=instrument,
                    side=order.direction,
                    amount=entry.amount,
                    price=entry.price,
                    mark_ref=trade.mark_ref,
                    index_ref=trade.index_ref,
                    trade=trade,
                    maker=maker,
                    fee_maker=fee_maker,
                )
            )
