"""Every kind of channel the protocol has: those the venue offers, and the others.

The first table says by which names a kind is subscribed and whether a lively market
makes it speak within seconds; the second holds a name of each kind that is not offered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.day import ETH_PERPETUAL, LINEAR, PERPETUAL, Day

BTC_INDEX = "btc_usd"


@dataclass(frozen=True)
class Offer:
    """One kind of channel; ``speaks`` when a message is sure to come."""

    kind: str
    names: Callable[[Day], list[str]]
    speaks: bool = True

    @property
    def private(self) -> bool:
        """Say whether it needs a login."""
        return self.kind.startswith("user.")


def _names(*names: str) -> Callable[[Day], list[str]]:
    return lambda _day: list(names)


def _each(stem: str, *ends: str) -> Callable[[Day], list[str]]:
    return lambda _day: [f"{stem}.{end}" for end in ends]


INTERVALS = ("raw", "100ms", "agg2")

OFFERED = (
    Offer(
        "book.(instrument_name).(interval)",
        lambda day: [
            *(f"book.{PERPETUAL}.{interval}" for interval in INTERVALS),
            f"book.{day.option}.100ms",
            f"book.{LINEAR}.100ms",
        ],
    ),
    Offer(
        "book.(instrument_name).(group).(depth).(interval)",
        _each(f"book.{PERPETUAL}", "none.1.100ms", "10.20.100ms", "none.10.agg2"),
    ),
    Offer(
        "ticker.(instrument_name).(interval)",
        lambda day: [
            *(f"ticker.{PERPETUAL}.{interval}" for interval in INTERVALS),
            f"ticker.{day.option}.100ms",
            f"ticker.{day.future}.100ms",
        ],
    ),
    Offer(
        "incremental_ticker.(instrument_name)",
        lambda day: [f"incremental_ticker.{n}" for n in (PERPETUAL, day.option)],
    ),
    Offer(
        "quote.(instrument_name)",
        lambda day: [f"quote.{n}" for n in (PERPETUAL, day.option)],
    ),
    Offer(
        "trades.(instrument_name).(interval)", _each(f"trades.{PERPETUAL}", *INTERVALS)
    ),
    Offer(
        "trades.(kind).(currency).(interval)",
        _names(
            "trades.future.BTC.100ms", "trades.any.any.raw", "trades.option.any.raw"
        ),
    ),
    Offer(
        "chart.trades.(instrument_name).(resolution)",
        _each(f"chart.trades.{PERPETUAL}", "1", "60", "1D"),
    ),
    Offer(
        "perpetual.(instrument_name).(interval)",
        _names(f"perpetual.{PERPETUAL}.100ms", f"perpetual.{ETH_PERPETUAL}.agg2"),
    ),
    Offer("deribit_price_index.(index_name)", _each("deribit_price_index", BTC_INDEX)),
    Offer(
        "deribit_price_ranking.(index_name)",
        _each("deribit_price_ranking", BTC_INDEX),
    ),
    Offer(
        "deribit_price_statistics.(index_name)",
        _each("deribit_price_statistics", BTC_INDEX),
    ),
    Offer(
        "deribit_volatility_index.(index_name)",
        _each("deribit_volatility_index", BTC_INDEX),
    ),
    Offer("markprice.options.(index_name)", _each("markprice.options", BTC_INDEX)),
    Offer(
        "estimated_expiration_price.(index_name)",
        _each("estimated_expiration_price", BTC_INDEX),
    ),
    Offer(
        "instrument.state.(kind).(currency)",
        _names("instrument.state.any.any", "instrument.state.option.BTC"),
        speaks=False,
    ),
    Offer(
        "instrument.creation.(kind).(currency)",
        _names("instrument.creation.any.any"),
        speaks=False,
    ),
    Offer("platform_state", _names("platform_state"), speaks=False),
    Offer(
        "platform_state.public_methods_state",
        _names("platform_state.public_methods_state"),
        speaks=False,
    ),
    Offer("announcements", _names("announcements"), speaks=False),
    Offer(
        "user.orders.(instrument_name).raw",
        _names(f"user.orders.{PERPETUAL}.raw"),
    ),
    Offer(
        "user.orders.(instrument_name).(interval)",
        _names(f"user.orders.{PERPETUAL}.100ms"),
    ),
    Offer("user.orders.(kind).(currency).raw", _names("user.orders.any.any.raw")),
    Offer(
        "user.orders.(kind).(currency).(interval)",
        _names("user.orders.future.BTC.100ms"),
    ),
    Offer(
        "user.trades.(instrument_name).(interval)",
        _each(f"user.trades.{PERPETUAL}", *INTERVALS),
    ),
    Offer(
        "user.trades.(kind).(currency).(interval)",
        _names("user.trades.any.any.raw", "user.trades.future.BTC.100ms"),
    ),
    Offer(
        "user.combo_trades.(instrument_name).(interval)",
        lambda day: [f"user.combo_trades.{day.combo}.raw"],
        speaks=False,
    ),
    Offer(
        "user.combo_trades.(kind).(currency).(interval)",
        _names("user.combo_trades.any.any.raw"),
        speaks=False,
    ),
    Offer(
        "user.changes.(instrument_name).(interval)",
        _each(f"user.changes.{PERPETUAL}", *INTERVALS),
    ),
    Offer(
        "user.changes.(kind).(currency).(interval)",
        _names("user.changes.any.any.raw", "user.changes.future.BTC.100ms"),
    ),
    Offer(
        "user.portfolio.(currency)", _names("user.portfolio.btc", "user.portfolio.any")
    ),
    Offer(
        "user.mmp_trigger.(index_name)",
        _names("user.mmp_trigger.btc_usd", "user.mmp_trigger.any"),
        speaks=False,
    ),
    Offer("user.lock", _names("user.lock"), speaks=False),
    Offer("user.access_log", _names("user.access_log"), speaks=False),
)

NOT_OFFERED = {
    "block_rfq.maker.(currency)": "block_rfq.maker.any",
    "block_rfq.maker.quotes.(currency)": "block_rfq.maker.quotes.any",
    "block_rfq.taker.(currency)": "block_rfq.taker.any",
    "block_rfq.trades.(currency)": "block_rfq.trades.any",
    "block_trade_confirmations": "block_trade_confirmations",
    "block_trade_confirmations.(currency)": "block_trade_confirmations.BTC",
    "user.isolated.liquidation": "user.isolated.liquidation",
    "user.liquidation": "user.liquidation",
    "user.lsp": "user.lsp",
}
