"""Indices as the wire shows them: prices, constituents, vols, expiries, marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.accounts.delivery import SAMPLES
from engine.sim.venue.units import ref_price, round_ref

if TYPE_CHECKING:
    from engine.sim.venue.exchange import Exchange
    from engine.sim.venue.markets.history import VolatilityIndex
    from engine.sim.venue.markets.market import Index, Market

Row = dict[str, Any]
CONSTITUENTS = ("bitfinex", "binance", "coinbase", "gemini", "itbit", "kraken")
SPREAD = 20_000  # neighbouring constituents are half a basis point apart
WEIGHT = round(100 / len(CONSTITUENTS), 6)
MARK_DIGITS = 4


def index_row(index: Index, now_ms: int) -> Row:
    """Return an index price."""
    return {
        "timestamp": now_ms,
        "price": ref_price(index.ref),
        "index_name": index.name,
    }


def ranking_rows(index: Index, now_ms: int) -> list[Row]:
    """Return the exchanges an index is made of.

    They are made up: evenly spread around the index, whose mean they have.
    """
    rows = []
    for n, identifier in enumerate(CONSTITUENTS):
        offset = (2 * n - len(CONSTITUENTS) + 1) * index.ref // (2 * SPREAD)
        price = ref_price(round_ref(index.ref + offset, index.decimals))
        rows.append(
            {
                "weight": WEIGHT,
                "original_price": price,
                "price": price,
                "identifier": identifier,
                "timestamp": now_ms,
                "enabled": True,
            }
        )
    return rows


def volatility_row(volatility: VolatilityIndex, now_ms: int) -> Row:
    """Return a volatility index, in percent."""
    return {
        "volatility": volatility.percent,
        "timestamp": now_ms,
        "index_name": volatility.name,
    }


def expiration_row(exchange: Exchange, index: Index) -> Row:
    """Return what the next expiry will be delivered at, as far as is known."""
    now_ms = exchange.now_ms
    estimate = index.delivery.estimate(now_ms, index.ref)
    futures = exchange.smiles.futures.get(index.name, {})
    expiry_ms = min((ms for ms in futures if ms > now_ms), default=0)
    seconds = (expiry_ms - now_ms) // 1_000 if expiry_ms else estimate.seconds
    if not estimate.fixed or seconds > estimate.seconds:
        price = ref_price(index.ref)
        return {"seconds": seconds, "price": price, "is_estimated": False}
    return {
        "seconds": seconds,
        "price": ref_price(estimate.ref),
        "is_estimated": True,
        "left_ticks": estimate.left,
        "total_ticks": SAMPLES,
    }


def option_mark_row(market: Market, now_ms: int) -> Row:
    """Return an option's mark; the vol is a fraction here."""
    assert market.theory is not None, "asked only of options"
    return {
        "timestamp": now_ms,
        "mark_price": round(ref_price(market.mark_ref), MARK_DIGITS),
        "iv": round(market.theory.vol, MARK_DIGITS),
        "instrument_name": market.instrument.name,
    }
