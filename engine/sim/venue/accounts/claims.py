"""What open orders claim of an account, and whether it can afford one more.

A claim is counted when an order begins to rest and given back, the same, when it fills,
shrinks or goes: lots and premium in the position of a derivative, in the legs of a
combo, coins in the reserve of a spot order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.accounts import margin
from engine.sim.venue.errors import Reject
from engine.sim.venue.markets.matching import BUY

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.accounts.position import Position
    from engine.sim.venue.markets.market import Market


def count(account: Account, market: Market, side: int, lots: int, ticks: int) -> None:
    """Count some more (or fewer) open lots at a price."""
    instrument = market.instrument
    currency = instrument.currency
    if instrument.is_spot and side == BUY:
        account.reserve(currency, instrument.value(lots, ticks))
    elif instrument.is_spot:
        account.reserve(instrument.base, instrument.units(lots))
    elif instrument.is_combo:
        for leg, ratio in market.legs:
            leg_side = side if ratio > 0 else -side
            more = lots * leg_lots(market, leg, abs(ratio))
            _count_in(account.position(leg.instrument, leg), leg_side, more, 0)
        if instrument.kind == "option_combo" and side * ticks > 0:
            account.reserve(currency, instrument.value(lots, abs(ticks)))
    else:
        premium = instrument.value(lots, ticks) if instrument.is_option else 0
        _count_in(account.position(instrument, market), side, lots, premium)


def _count_in(position: Position, side: int, lots: int, premium: int) -> None:
    if side == BUY:
        position.buy_lots += lots
        position.buy_value += premium
    else:
        position.sell_lots += lots


def leg_lots(combo: Market, leg: Market, ratio: int) -> int:
    """Return how many lots of a leg one lot of a combo is.

    Raises:
        ValueError: no whole number, so the combo should not have been listed.
    """
    one, part = combo.instrument, leg.instrument
    lots, rest = divmod(ratio * one.lot_num * part.lot_den, one.lot_den * part.lot_num)
    if rest:
        raise ValueError(f"{one.name} is no whole number of lots of {part.name}")
    return lots


def check(
    account: Account,
    market: Market,
    side: int,
    lots: int,
    ticks: int,
    instead: tuple[int, int] = (0, 0),
) -> None:
    """Refuse an order that the account cannot afford.

    ``instead`` are the (lots, ticks) of the open order it replaces. One that does not
    raise the margin is always allowed.

    Raises:
        Reject: 10009, or 10039 where spot wants coins that are not there.
    """
    if account.internal:
        return
    before = _claimed(account, market)
    count(account, market, side, -instead[0], instead[1])
    count(account, market, side, lots, ticks)
    more = {
        currency: claimed - before.get(currency, 0)
        for currency, claimed in _claimed(account, market).items()
    }
    short = [
        currency
        for currency, amount in more.items()
        if amount > 0 and account.available(currency) < 0
    ]
    count(account, market, side, -lots, ticks)
    count(account, market, side, *instead)
    if short and market.instrument.is_spot:
        raise Reject("not_enough_funds_in_currency")
    if short:
        raise Reject("not_enough_funds")


def _claimed(account: Account, market: Market) -> dict[str, int]:
    """Return what a market's positions and reserves take, by currency."""
    instrument = market.instrument
    if instrument.is_spot:
        return {c: account.reserved.get(c, 0) for c in instrument.currencies}
    legs = [leg for leg, _ in market.legs] or [market]
    held = [account.position(one.instrument, one) for one in legs]
    taken = sum(margin.initial(position) for position in held)
    return {instrument.currency: taken + account.reserved.get(instrument.currency, 0)}
