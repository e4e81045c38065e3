"""Public market data by request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.sim.venue.api.rpc import Call, Param, Params, method
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.market import Market
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.products.currencies import currency_rows
from engine.sim.venue.rows.markets import book_row, ticker_row
from engine.sim.venue.rows.trading import public_trade_row
from engine.sim.venue.units import ref_price

DEPTHS = (1, 5, 10, 20, 50, 100, 1_000, 10_000)
COUNT = Param("integer", at_least=1, at_most=1_000)
INSTRUMENT = Param("text", required=True)
SORTING = Param("text", choices=("asc", "desc", "default"))
# Coins of the wallet that nothing settles in: clients ask for their instruments.
WALLET_ONLY = ("SOL", "XRP", "STETH", "ETHW", "USYC", "PAXG", "BNB", "USDE")
TRADE_RANGE = {
    "start_seq": Param("integer"),
    "end_seq": Param("integer"),
    "start_timestamp": Param("integer"),
    "end_timestamp": Param("integer"),
    "count": COUNT,
    "sorting": SORTING,
}


def market_of(call: Call, unknown: str = "not_found") -> Market:
    """Return the market named in a request."""
    return call.venue.exchange.market(call.params["instrument_name"], unknown)


@method("public/get_currencies")
def get_currencies(call: Call) -> Any:
    """Return the currencies accounts are kept in."""
    return currency_rows()


@method(
    "public/get_instruments",
    {
        "currency": Param("text", choices=(*CURRENCIES, *WALLET_ONLY)),
        "kind": Param("text", choices=KINDS[:-1]),
        "expired": Param("flag"),
    },
    cost="instruments",
)
def get_instruments(call: Call) -> Any:
    """Return the rows of a settlement currency; none are expired here."""
    currency, kind = call.params.get("currency", "any"), call.params.get("kind")
    if call.params.get("expired", False):
        return []
    return [
        market.instrument.row(market.state)
        for market in call.venue.exchange.markets.values()
        if currency in ("any", market.instrument.currency)
        and kind in (None, market.instrument.kind)
    ]


@method("public/get_instrument", {"instrument_name": INSTRUMENT})
def get_instrument(call: Call) -> Any:
    """Return one row."""
    market = market_of(call)
    return market.instrument.row(market.state)


@method(
    "public/get_order_book",
    {
        "instrument_name": INSTRUMENT,
        "depth": Param("integer", at_least=1, at_most=DEPTHS[-1]),
    },
)
def get_order_book(call: Call) -> Any:
    """Return ticker and levels; a depth between two allowed ones is rounded up."""
    wanted = call.params.get("depth", 5)
    depth = next(one for one in DEPTHS if one >= wanted)
    return book_row(market_of(call), depth, call.venue.exchange.now_ms)


@method("public/ticker", {"instrument_name": INSTRUMENT})
def ticker(call: Call) -> Any:
    """Return the ticker."""
    return ticker_row(market_of(call), call.venue.exchange.now_ms)


@method("public/get_index_price", {"index_name": Param("text", required=True)})
def get_index_price(call: Call) -> Any:
    """Return an index; the delivery estimate is the index itself."""
    index = call.venue.exchange.index(call.params["index_name"])
    return {
        "index_price": ref_price(index.ref),
        "estimated_delivery_price": ref_price(index.ref),
    }


@method(
    "public/get_last_trades_by_instrument",
    {"instrument_name": INSTRUMENT, **TRADE_RANGE},
)
def get_last_trades_by_instrument(call: Call) -> Any:
    """Return trades of the tape, newest first unless asked otherwise."""
    market = market_of(call)
    trades, has_more = select_trades(market.tape, call.params)
    return {
        "trades": [public_trade_row(trade) for trade in trades],
        "has_more": has_more,
    }


def select_trades(tape: Iterable[Trade], params: Params) -> tuple[list[Trade], bool]:
    """Return the trades in the asked range and order, and whether there are more.

    With ``sorting: asc`` the oldest of the range come first, else the newest.
    """
    start_seq, end_seq = params.get("start_seq"), params.get("end_seq")
    start_ms, end_ms = params.get("start_timestamp"), params.get("end_timestamp")
    found = [
        trade
        for trade in tape
        if (start_seq is None or trade.trade_seq >= start_seq)
        and (end_seq is None or trade.trade_seq <= end_seq)
        and (start_ms is None or trade.time_ms >= start_ms)
        and (end_ms is None or trade.time_ms <= end_ms)
    ]
    if params.get("sorting", "default") != "asc":
        found.reverse()
    count = params.get("count", 10)
    return found[:count], len(found) > count
