"""Every public method about the market, with parameters it must accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.unit.sim.venue.client import MS, PERP, START_NS

SPAN = {
    "start_timestamp": START_NS // MS - 86_400_000,
    "end_timestamp": START_NS // MS + 86_400_000,
}


Calls = Iterator[tuple[str, dict[str, Any]]]


def market_calls(instrument: str = PERP) -> Calls:
    """Yield (method, parameters)."""
    yield from about_instrument(instrument)
    yield from about_currencies()
    yield from about_indices()
    for method in ("get_announcements", "get_currencies"):
        yield f"public/{method}", {}


def about_instrument(instrument: str) -> Calls:
    """Yield what is asked of an instrument; of funding, of the perpetual."""
    named = {"instrument_name": instrument}
    for method in (
        "get_book_summary_by_instrument",
        "get_contract_size",
        "get_instrument",
        "get_last_trades_by_instrument",
        "get_order_book",
        "ticker",
    ):
        yield f"public/{method}", named
    for method in ("get_last_trades_by_instrument_and_time", "get_mark_price_history"):
        yield f"public/{method}", {**named, **SPAN}
    for resolution in (1, 60, "1D"):
        chart = {**named, **SPAN, "resolution": resolution}
        yield "public/get_tradingview_chart_data", chart
    for method in ("get_funding_rate_value", "get_funding_rate_history"):
        yield f"public/{method}", {"instrument_name": PERP, **SPAN}
    for length in ("8h", "1m"):
        chart = {"instrument_name": PERP, "length": length}
        yield "public/get_funding_chart_data", chart


def about_currencies() -> Calls:
    """Yield what is asked of a currency."""
    for resolution in (1, 60, "1D"):
        vol = {"currency": "BTC", **SPAN, "resolution": resolution}
        yield "public/get_volatility_index_data", vol
    for currency in ("BTC", "USDC"):
        for method in (
            "get_book_summary_by_currency",
            "get_combo_ids",
            "get_combos",
            "get_historical_volatility",
            "get_instruments",
            "get_last_trades_by_currency",
        ):
            yield f"public/{method}", {"currency": currency}
    by_time = {"currency": "BTC", "kind": "combo", **SPAN}
    yield "public/get_last_trades_by_currency_and_time", by_time
    for currency in ("BTC", "any", "grouped"):
        yield "public/get_expirations", {"currency": currency, "kind": "any"}


def about_indices() -> Calls:
    """Yield what is asked of an index, or of all."""
    for length in ("1h", "1d", "all"):
        chart = {"index_name": "btc_usd", "range": length}
        yield "public/get_index_chart_data", chart
    for method in ("get_index_price", "get_delivery_prices"):
        yield f"public/{method}", {"index_name": "btc_usd"}
    for extended in (False, True):
        yield "public/get_index_price_names", {"extended": extended}
        yield "public/get_trade_volumes", {"extended": extended}
    yield "public/get_supported_index_names", {"type": "derivative"}
