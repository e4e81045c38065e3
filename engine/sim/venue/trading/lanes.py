"""Lanes: which locks and which rate limits a matching request goes by.

A request about one instrument or one settlement currency has that currency's lane. One
about everything (``cancel_all``, ``cancel_by_label`` without a currency) has those of
every currency in which the account has something open or under way. Spot settles in
its quote currency, and has a rate limit of its own; so may perpetuals.
Source: docs.deribit.com, order management, rate limits, 2026-08-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.sim.venue.trading.mmp import settlement_currency

if TYPE_CHECKING:
    from engine.sim.venue.accounts.account import Account
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.products.instruments import Instrument


class Lane(NamedTuple):
    """Empty: currencies () = none that is known."""

    currencies: tuple[str, ...] = ()
    spot: bool = False
    perpetual: bool = False

    @property
    def currency(self) -> str:
        """Return the one currency it is about, "" = none or several."""
        return self.currencies[0] if len(self.currencies) == 1 else ""


ANYWHERE = Lane()


def lane_of(
    exchange: Exchange, account: Account | None, params: Mapping[str, Any]
) -> Lane:
    """Return the lane of a request, whose parameters nobody has checked yet."""
    instrument = _instrument(exchange, params)
    if instrument is not None:
        return Lane((instrument.currency,), instrument.is_spot, instrument.perpetual)
    currencies = _currencies(account, params)
    if not currencies and account is not None:
        orders = account.open_orders.values()
        found = dict.fromkeys(order.instrument.currency for order in orders)
        found |= dict.fromkeys(exchange.locks.in_use(account.name))
        currencies = tuple(found)
    return Lane(currencies, params.get("kind") == "spot")


def _instrument(exchange: Exchange, params: Mapping[str, Any]) -> Instrument | None:
    """Return the one instrument a request is about."""
    name, order_id = params.get("instrument_name"), params.get("order_id")
    if isinstance(name, str):
        market = exchange.markets.get(name)
        return market.instrument if market is not None else None
    if isinstance(order_id, str):
        order = exchange.orders.get(order_id)
        return order.instrument if order is not None else None
    return None


def _currencies(account: Account | None, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the currencies a request names; () when it is about all of them."""
    pair, group = params.get("currency_pair"), params.get("mmp_group")
    if isinstance(group, str) and account is not None:
        found = (g.currency for g in account.mmp_groups.values() if g.name == group)
        return tuple(dict.fromkeys(found))
    given = params.get("currency")
    named = given if isinstance(given, list) else [given]
    currencies = tuple(one for one in named if isinstance(one, str))
    if "any" in currencies:
        return ()
    if not currencies and isinstance(pair, str):
        return (settlement_currency(pair),)
    return currencies
