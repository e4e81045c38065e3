"""Books, tickers, quotes and statistics as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.units import coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market

Row = dict[str, Any]
FUNDING_DIGITS = 8


def quote_row(market: Market, now_ms: int) -> Row:
    """Return the touch; an empty side is 0.0, as production shows it."""
    i, book = market.instrument, market.book
    bid, ask = book.best(BUY), book.best(SELL)
    return {
        "timestamp": now_ms,
        "instrument_name": i.name,
        "best_ask_price": i.price(ask) if ask is not None else 0.0,
        "best_bid_price": i.price(bid) if bid is not None else 0.0,
        "best_ask_amount": i.amount(book.lots_at(SELL, ask))
        if ask is not None
        else 0.0,
        "best_bid_amount": i.amount(book.lots_at(BUY, bid)) if bid is not None else 0.0,
    }


def stats_row(market: Market, now_ms: int) -> Row:
    """Return the 24 hour statistics; without a trade, high and low are the mark."""
    i = market.instrument
    stats = market.stats(now_ms)
    if stats is None:
        mark = ref_price(market.mark_ref)
        zero = {"volume": 0.0, "volume_usd": 0.0, "volume_notional": 0.0}
        return {"high": mark, "low": mark, "price_change": 0.0, **zero}
    first, high, low, lots, value = stats
    last = market.last_ticks if market.last_ticks is not None else first
    coin, quote = coins(value), i.amount(lots)
    if not i.inverse:
        coin, quote = quote, coin
    return {
        "high": i.price(high),
        "low": i.price(low),
        "price_change": round((last - first) / first * 100, 4),
        "volume": coin,
        "volume_usd": quote,
        "volume_notional": quote,
    }


def ticker_row(market: Market, now_ms: int) -> Row:
    """Return the ticker; before the first trade the mark's tick stands in for it."""
    i = market.instrument
    quote = quote_row(market, now_ms)
    index, last = ref_price(market.index.ref), market.last_ticks
    delivery = market.index.delivery.estimate(now_ms, market.index.ref)
    if last is None:
        last = i.ticks_below(market.mark_ref)
    row: Row = {
        "timestamp": now_ms,
        "state": market.state,
        "stats": stats_row(market, now_ms),
        "index_price": index,
        "instrument_name": i.name,
        "last_price": i.price(last),
        "settlement_price": ref_price(market.settlement_ref),
        "min_price": i.price(market.min_ticks),
        "max_price": i.price(market.max_ticks),
        "open_interest": i.amount(market.open_interest_lots),
        "mark_price": ref_price(market.mark_ref),
        "best_ask_price": quote["best_ask_price"],
        "best_bid_price": quote["best_bid_price"],
        "estimated_delivery_price": ref_price(delivery.ref),
        "best_ask_amount": quote["best_ask_amount"],
        "best_bid_amount": quote["best_bid_amount"],
    }
    if market.funding is not None:
        row["interest_value"] = market.funding.interest_value
        row["current_funding"] = round(market.funding.current, FUNDING_DIGITS)
        row["funding_8h"] = round(market.funding.last_8h, FUNDING_DIGITS)
    return row


def book_row(market: Market, depth: int, now_ms: int) -> Row:
    """Return ``public/get_order_book``: the ticker with levels and change id."""
    row = ticker_row(market, now_ms)
    row["change_id"] = market.change_id
    row["bids"] = levels_row(market, BUY, depth)
    row["asks"] = levels_row(market, SELL, depth)
    return row


def levels_row(market: Market, side: int, depth: int | None) -> list[list[float]]:
    """Return ``[price, amount]`` pairs, best first."""
    i = market.instrument
    levels = market.book.levels(side, depth)
    return [[i.price(ticks), i.amount(lots)] for ticks, lots in levels]
