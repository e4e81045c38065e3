"""What an advanced option order costs: so many USD, or a price by implied volatility.

An order in USD stands at its price divided by the index, one by volatility at what the
option is worth at that volatility around its underlying; each at the nearest price of
the grid.
Source: docs.deribit.com, private/buy, 2026-08-22 (not for futures, not post-only, no
USD for linear options); support.deribit.com, IV and USD orders (nearest valid price,
USD at the index).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from engine.sim.venue.errors import Reject
from engine.sim.venue.products.pricing import VOL_MAX, black
from engine.sim.venue.units import ref_price

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.market import Market
    from engine.sim.venue.products.instruments import Instrument

USD, IMPLV = KINDS = ("usd", "implv")
PERCENT = 100.0
LAST_CALL_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Advanced:
    """How an order is priced. Units: value in USD, or a vol in percent."""

    kind: str
    value: float


def check_kind(instrument: Instrument, kind: str, post_only: bool) -> None:
    """Refuse a pricing that an instrument does not have.

    Raises:
        Reject: 11038 no option, 11039 with post-only, 11047 USD for a linear option.
    """
    if not instrument.is_option:
        raise Reject("no_adv_for_futures")
    if post_only:
        raise Reject("no_adv_postonly")
    if kind == USD and not instrument.reversed:
        raise Reject("unsupported_arg_combination")


def check_expiry(exchange: Exchange, instrument: Instrument, kind: str) -> None:
    """Refuse to price an option in its last quarter of an hour.

    Raises:
        Reject: 11037 by volatility, 11046 in USD.
    """
    if exchange.now_ms >= instrument.expiry_ms - LAST_CALL_MS:
        by_vol = kind == IMPLV
        raise Reject(
            "outdated_instrument_for_IV_order" if by_vol else "outdated_instrument"
        )


def ticks_of(exchange: Exchange, market: Market, advanced: Advanced) -> int:
    """Return the price on the grid that is nearest to what an order asks for now."""
    if advanced.kind == USD:
        price = advanced.value / ref_price(market.index.ref)
    else:
        price = _price_at(exchange, market, advanced.value / PERCENT)
    instrument = market.instrument
    exact = price * instrument.tick_den / instrument.tick_num
    low = instrument.floor(int(exact))
    high = instrument.ceil(low + 1)
    return max(low if exact - low <= high - exact else high, 1)


def _price_at(exchange: Exchange, market: Market, vol: float) -> float:
    """Return what an option is worth at a volatility, as it is quoted."""
    instrument = market.instrument
    smile = exchange.smiles.smile(market.index.name, instrument.expiry_ms)
    strike = instrument.contract.strike
    assert strike is not None, "an option has a strike"
    is_call = instrument.contract.option_type == "call"
    deviation = min(vol, VOL_MAX) * sqrt(smile.years)
    price = black(smile.forward, float(strike), deviation, is_call)
    return price / smile.forward if instrument.reversed else price
