"""What one side of a fill does to its account: position, premium, coins, fee."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.markets.market import Market


def book(account: Account, market: Market, side: int, lots: int, value: int) -> int:
    """Book a fill without its fee; return the session profit it realized, in atto.

    Futures move no cash, options pay their premium, spot swaps two currencies. What one
    side gets the other gives, to the last unit.
    """
    instrument = market.instrument
    if instrument.is_spot:
        account.move(instrument.base, side * instrument.units(lots))
        account.move(instrument.currency, -side * value)
        return 0
    position = account.position(instrument, market)
    long_before = max(position.size, 0)
    profit = position.book(side, lots, value)
    market.open_interest_lots += max(position.size, 0) - long_before
    if instrument.is_option:
        account.move(instrument.currency, -side * value)
    return profit
