"""How much one account may have open: orders, sizes, triggers, dormant secondaries.

The venue shows its numbers to each account only, and raises them on request; that these
limits exist, and their codes, is documented, their defaults are not.
Source: docs.deribit.com, error codes, 2026-08-22; support.deribit.com, account order
and size limits: triggers count per price that triggers, over all instruments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject
from engine.sim.venue.units import REF

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.config import OrderLimits
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.markets.matching import Order

FUTURE, OPTION, SPOT = "future", "option", "spot"
SECONDARY = "secondary"
GROUPS = {
    "future": FUTURE,
    "future_combo": FUTURE,
    "option": OPTION,
    "option_combo": OPTION,
    "spot": SPOT,
}


def key_of(order: Order) -> str:
    """Return under which name an open order is counted."""
    if order.state != "untriggered":
        return GROUPS[order.instrument.kind]
    if order.trigger is None or (order.link and order.link.dormant is order):
        return SECONDARY
    return order.trigger.source


def check_new(
    limits: OrderLimits, account: Account, market: Market, side: int, lots: int
) -> None:
    """Check how many orders are open, and how large they are with this one.

    Sizes are those of one instrument.

    Raises:
        Reject: 10013 to 10018, 11013, 11022 with the limit.
    """
    if account.internal:
        return
    counts, instrument = account.open_counts, market.instrument
    group = GROUPS[instrument.kind]
    if group == SPOT:
        _at_most(counts[SPOT] + 1, limits.spot_orders, "max_spot_open_orders")
        dollars = _dollars(market, lots)
        _at_most(dollars, limits.spot_order_usd, "max_spot_order_quantity")
        return
    total = counts[FUTURE] + counts[OPTION] + 1
    _at_most(total, limits.total_orders, "pme_max_total_open_orders")
    size = open_lots = 0
    position = account.positions.get(instrument.name)
    if position is not None:
        size = position.size
        open_lots = position.buy_lots if side > 0 else position.sell_lots
    dollars = _dollars(market, open_lots + lots)
    if group == OPTION:
        _at_most(counts[OPTION] + 1, limits.option_orders, "pme_max_option_open_orders")
        _at_most(dollars, limits.option_orders_usd, "pme_max_option_open_orders_size")
        return
    _at_most(counts[FUTURE] + 1, limits.future_orders, "pme_max_future_open_orders")
    _at_most(dollars, limits.future_orders_usd, "pme_max_future_open_orders_size")
    held_lots = abs(size + side * (open_lots + lots))
    if held_lots > abs(size):
        dollars = _dollars(market, held_lots)
        _at_most(
            dollars, limits.future_position_usd, "non_pme_max_future_position_size"
        )


def check_trigger(limits: OrderLimits, account: Account, source: str) -> None:
    """Check how many orders wait for prices of a source.

    Raises:
        Reject: 11035.
    """
    if not account.internal and account.open_counts[source] >= limits.triggers:
        raise Reject("no_more_triggers")


def check_secondaries(limits: OrderLimits, account: Account, more: int) -> None:
    """Check how many orders wait for another order to be filled.

    Raises:
        Reject: 13901.
    """
    if account.open_counts[SECONDARY] + more > limits.secondaries:
        raise Reject("no_more_oto_orders")


def _dollars(market: Market, lots: int) -> int:
    """Return what lots are worth at the index, in whole quote units of the index."""
    i = market.instrument
    if i.inverse:
        return lots * i.lot_num // i.lot_den
    return lots * i.lot_num * market.index.ref // (i.lot_den * REF)


def _at_most(number: int, limit: int, name: str) -> None:
    if number > limit:
        raise Reject(name, str(limit))
