"""Books, tickers, quotes and statistics as the wire shows them.

A figure that does not exist is null (no trade yet), an empty side of the book 0.0 in
tickers and quotes and null in summaries.
Source: production rows of 2026-09-20 (order book, summaries, option tickers), combo
tickers of 2022, docs.deribit.com for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.products.calendar import DAY_MS
from engine.sim.venue.units import coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.markets.market import Market

Row = dict[str, Any]
GREEK_DIGITS, IV_DIGITS, FORWARD_DIGITS = 5, 2, 4
FUNDING_DIGITS = 8


def figures(market: Market) -> tuple[object, ...]:
    """Return what makes one ticker differ from the last.

    Cost: a quarter of a microsecond.
    """
    return (
        market.book.touch(),
        market.trade_seq,
        market.mark_ref,
        market.index.ref,
        market.state,
        market.open_interest_lots,
        market.settlement_ref,
        market.theory,
    )


def quote_row(market: Market, now_ms: int) -> Row:
    """Return the touch; an empty side is 0.0, as production shows it."""
    i = market.instrument
    bid, bid_lots, ask, ask_lots = market.book.touch()
    return {
        "timestamp": now_ms,
        "instrument_name": i.name,
        "best_ask_price": i.price(ask) if ask is not None else 0.0,
        "best_bid_price": i.price(bid) if bid is not None else 0.0,
        "best_ask_amount": i.amount(ask_lots),
        "best_bid_amount": i.amount(bid_lots),
    }


def stats_row(market: Market, now_ms: int) -> Row:
    """Return the 24 hour statistics.

    Empty: an option that did not trade shows null; of anything else the price that
    stands in for its last one.
    """
    i = market.instrument
    day = market.candles.day(now_ms)
    still = _last_price(market)
    row: Row = {
        "high": still,
        "low": still,
        "price_change": None if still is None else 0.0,
        "volume": 0.0,
        "volume_usd": 0.0,
    }
    if day is not None:
        first, last = day.open, day.close
        row["high"], row["low"] = i.price(day.high), i.price(day.low)
        row["price_change"] = (
            round((last - first) / abs(first) * 100, 4) if first else None
        )
        row["volume"], row["volume_usd"] = volumes(market, day.lots, day.value)
    if not (i.is_option and i.reversed):
        row["volume_notional"] = row["volume_usd"]
    return row


def _last_price(market: Market) -> float | None:
    """Return the price of the last trade; before the first one, of the mark.

    Empty: None for an option that never traded, as production shows it.
    """
    i, last = market.instrument, market.last_ticks
    if last is None and i.is_option:
        return None
    return i.price(i.ticks_below(market.mark_ref) if last is None else last)


def volumes(market: Market, lots: int, value: int) -> tuple[float, float]:
    """Return what lots of a coin value come to in base currency and in money."""
    i = market.instrument
    if i.inverse:
        return coins(value), i.amount(lots)
    if i.is_option and i.reversed:
        return i.amount(lots), round(coins(value) * ref_price(market.index.ref), 2)
    return i.amount(lots), coins(value)


def ticker_row(market: Market, now_ms: int) -> Row:
    """Return the ticker.

    Cost: about 5 microseconds.
    """
    return {**_head(market, now_ms), **_tail(market, now_ms)}


def book_row(market: Market, depth: int, now_ms: int) -> Row:
    """Return ``public/get_order_book``: the ticker with levels and change id."""
    return {
        **_head(market, now_ms),
        "change_id": market.change_id,
        "bids": levels_row(market, BUY, depth),
        "asks": levels_row(market, SELL, depth),
        **_tail(market, now_ms),
    }


def _head(market: Market, now_ms: int) -> Row:
    row: Row = {
        "timestamp": now_ms,
        "state": market.state,
        "stats": stats_row(market, now_ms),
    }
    theory = market.theory
    if theory is not None:
        row["greeks"] = {
            "delta": round(theory.delta, GREEK_DIGITS),
            "gamma": round(theory.gamma, GREEK_DIGITS),
            "vega": round(theory.vega, GREEK_DIGITS),
            "theta": round(theory.theta, GREEK_DIGITS),
            "rho": round(theory.rho, GREEK_DIGITS),
        }
    row["index_price"] = ref_price(market.index.ref)
    row["instrument_name"] = market.instrument.name
    return row


def _tail(market: Market, now_ms: int) -> Row:
    i = market.instrument
    bid, bid_lots, ask, ask_lots = market.book.touch()
    row: Row = {"last_price": _last_price(market)}
    if not i.is_spot:
        row["settlement_price"] = ref_price(market.settlement_ref)
    row["min_price"] = i.price(market.min_ticks)
    row["max_price"] = i.price(market.max_ticks)
    row["open_interest"] = open_interest(market)
    row["mark_price"] = ref_price(market.mark_ref)
    interest = interest_of(market)
    if interest is not None:
        row["interest_value"], row["current_funding"], _ = interest
    if i.is_option:
        row["interest_rate"] = 0.0
    row["estimated_delivery_price"] = delivery_price(market, now_ms)
    if market.over:
        row["delivery_price"] = row["estimated_delivery_price"]
    if interest is not None:
        row["funding_8h"] = interest[2]
    row["best_ask_price"] = i.price(ask) if ask is not None else 0.0
    row["best_bid_price"] = i.price(bid) if bid is not None else 0.0
    if market.theory is not None:
        row |= _vols(market)
    if i.is_combo:
        row |= _implied(market)
    row["best_ask_amount"] = i.amount(ask_lots)
    row["best_bid_amount"] = i.amount(bid_lots)
    return row


def interest_of(market: Market) -> tuple[float, float, float] | None:
    """Return a perpetual's interest value, funding rate and rate of eight hours.

    Empty: None for everything else.
    """
    funding = market.funding
    if funding is None:
        return None
    return (
        funding.interest_value,
        round(funding.current, FUNDING_DIGITS),
        round(funding.last_8h, FUNDING_DIGITS),
    )


def delivery_price(market: Market, now_ms: int) -> float:
    """Return what was delivered at, or what would be by what is known now."""
    delivery = market.index.delivery
    if market.over:
        day = market.instrument.expiry_ms // DAY_MS
        return ref_price(dict(delivery.prices).get(day, market.index.ref))
    return ref_price(delivery.estimate(now_ms, market.index.ref).ref)


def open_interest(market: Market) -> float:
    """Return the open interest; an integer where amounts are in USD."""
    amount = market.instrument.amount(market.open_interest_lots)
    return int(amount) if market.instrument.inverse else amount


def _vols(market: Market) -> Row:
    """Return what only options have."""
    theory, underlying = market.theory, market.underlying
    assert theory is not None, "asked only of options"
    assert underlying is not None, "an option is written on a future"
    bid, _, ask, _ = market.book.touch()
    bid_vol = market.implied_vol(bid) if bid is not None else 0.0
    ask_vol = market.implied_vol(ask) if ask is not None else 0.0
    return {
        "mark_iv": round(100 * theory.vol, IV_DIGITS),
        "bid_iv": round(100 * bid_vol, IV_DIGITS),
        "ask_iv": round(100 * ask_vol, IV_DIGITS),
        "underlying_price": round(ref_price(underlying.mark_ref), FORWARD_DIGITS),
        "underlying_index": underlying.instrument.name,
    }


def _implied(market: Market) -> Row:
    """Return what only combos have: the prices that their legs' books imply."""
    row: Row = {}
    for name, side in (("implied_bid", BUY), ("implied_ask", SELL)):
        prices = []
        for leg, ratio in market.legs:
            best = leg.book.best(side if ratio > 0 else -side)
            if best is not None:
                prices.append(leg.instrument.price(best) * ratio)
        if len(prices) == len(market.legs):
            row[name] = round(sum(prices), 8)
    row["combo_state"] = "active" if market.state == "open" else "inactive"
    return row


def summary_row(market: Market, now_ms: int) -> Row:
    """Return the row of the book summaries."""
    i = market.instrument
    bid, _, ask, _ = market.book.touch()
    bid_price = i.price(bid) if bid is not None else None
    ask_price = i.price(ask) if ask is not None else None
    mid = None
    if bid_price is not None and ask_price is not None:
        mid = round((bid_price + ask_price) / 2, 8)
    stats = stats_row(market, now_ms)
    row: Row = {
        "high": stats["high"],
        "low": stats["low"],
        "last": _last_price(market),
        "instrument_name": i.name,
        "bid_price": bid_price,
        "ask_price": ask_price,
        "open_interest": open_interest(market),
        "mark_price": ref_price(market.mark_ref),
        "creation_timestamp": now_ms,
    }
    interest = interest_of(market)
    if interest is not None:
        row["current_funding"] = interest[1]
    row["estimated_delivery_price"] = delivery_price(market, now_ms)
    if interest is not None:
        row["funding_8h"] = interest[2]
    if market.theory is not None and market.underlying is not None:
        forward = ref_price(market.underlying.mark_ref)
        row["mark_iv"] = round(100 * market.theory.vol, IV_DIGITS)
        row["interest_rate"] = 0.0
        row["underlying_price"] = round(forward, FORWARD_DIGITS)
        row["underlying_index"] = market.underlying.instrument.name
    row["price_change"] = stats["price_change"]
    row["volume"] = stats["volume"]
    row["base_currency"] = i.base
    row["quote_currency"] = i.contract.quote_currency
    row["volume_usd"] = stats["volume_usd"]
    if "volume_notional" in stats:
        row["volume_notional"] = stats["volume_notional"]
    row["mid_price"] = mid
    return row


def levels_row(market: Market, side: int, depth: int | None) -> list[list[float]]:
    """Return ``[price, amount]`` pairs, best first."""
    i = market.instrument
    levels = market.book.levels(side, depth)
    return [[i.price(ticks), i.amount(lots)] for ticks, lots in levels]
