"""What has been, as the wire shows it: candles, charts of indices, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.sim.venue.units import REF, coins, ref_price

if TYPE_CHECKING:
    from engine.sim.venue.markets.candles import Candle
    from engine.sim.venue.markets.history import Histories
    from engine.sim.venue.markets.market import Index
    from engine.sim.venue.products.instruments import Instrument

Row = dict[str, Any]
COLUMNS = ("volume", "ticks", "open", "low", "high", "cost", "close")
AVERAGE_DIGITS = 6


def candle_row(i: Instrument, candle: Candle) -> Row:
    """Return one candle: volume in base currency, cost in the quote currency."""
    volume, cost = coins(candle.value), i.amount(candle.lots)
    if not i.inverse:
        volume, cost = cost, volume
    return {
        "volume": volume,
        "tick": candle.start_ms,
        "open": i.price(candle.open),
        "low": i.price(candle.low),
        "high": i.price(candle.high),
        "cost": cost,
        "close": i.price(candle.close),
    }


def chart_row(i: Instrument, candles: list[Candle]) -> Row:
    """Return candles by columns, as ``get_tradingview_chart_data`` does."""
    rows = [candle_row(i, candle) for candle in candles]
    chart: Row = {
        name: [row["tick" if name == "ticks" else name] for row in rows]
        for name in COLUMNS
    }
    chart["status"] = "ok" if rows else "no_data"
    return chart


def index_points(candles: list[Candle]) -> list[list[float]]:
    """Return ``[time, average price]`` of each span."""
    return [
        [
            candle.start_ms,
            round(candle.value / candle.lots / REF, AVERAGE_DIGITS)
            if candle.lots
            else ref_price(candle.close),
        ]
        for candle in candles
    ]


def statistics_row(histories: Histories, index: Index, now_ms: int) -> Row:
    """Return ``deribit_price_statistics``: the index over the last day."""
    day = histories.indices[index.name].day(now_ms)
    low, high, first = index.ref, index.ref, index.ref
    if day is not None:
        low, high, first = min(day.low, low), max(day.high, high), day.open
    return {
        "low24h": ref_price(low),
        "index_name": index.name,
        "high24h": ref_price(high),
        "change24h": ref_price(index.ref - first),
        "fast_market": histories.is_fast(index.name, now_ms),
    }
