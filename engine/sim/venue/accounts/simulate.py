"""An account as it would be: with other positions, or with one order more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.accounts import claims, margin
from engine.sim.venue.accounts.account import Account

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market


def with_positions(
    account: Account, currency: str, changes: list[tuple[Market, int]], add: bool
) -> Account:
    """Return a copy of an account that holds signed lots more, traded at the mark.

    ``add`` False leaves out what the account really holds. The account itself and the
    markets stay as they are.
    """
    copy = Account(account.name, account.user_id, account.config, account.credits)
    copy.cash = {currency: account.cash.get(currency, 0)}
    copy.mmp_groups = account.mmp_groups
    held = account.in_currency(currency) if add else []
    for position in held:
        position.copy_to(copy.position(position.instrument, position.market))
    for market, lots in changes:
        instrument = market.instrument
        side = 1 if lots > 0 else -1
        value = instrument.value_at_ref(abs(lots), market.mark_ref)
        copy.position(instrument, market).book(side, abs(lots), value)
        if instrument.is_option:
            copy.move(currency, -side * value)
    return copy


def order_margin(
    account: Account, market: Market, side: int, lots: int, ticks: int
) -> int:
    """Return the initial margin of an order on its own, or what it reserves."""
    alone = Account(account.name, account.user_id, account.config, account.credits)
    claims.count(alone, market, side, lots, ticks)
    held = sum(margin.initial(position) for position in alone.positions.values())
    return held + sum(alone.reserved.values())
