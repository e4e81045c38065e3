"""Books, tickers, summaries and trades by request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.sim.venue.api.rpc import Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.feeds.channels import CURRENCIES, KINDS
from engine.sim.venue.markets.market import Market
from engine.sim.venue.markets.trades import Trade
from engine.sim.venue.products.instruments import Instrument
from engine.sim.venue.rows.markets import book_row, summary_row, ticker_row
from engine.sim.venue.rows.trading import public_trade_row
from engine.sim.venue.units import ref_price

DEPTHS = (1, 5, 10, 20, 50, 100, 1_000, 10_000)
DEPTH = Param("integer", at_least=1, at_most=DEPTHS[-1])
COUNT = Param("integer", at_least=1, at_most=1_000)
INSTRUMENT = Param("text", required=True)
CURRENCY = Param("text", required=True, choices=CURRENCIES)
KIND = Param("text", choices=KINDS[:-1])
TRADE_KIND = Param("text", choices=(*KINDS, "combo"))
TIME = Param("integer")
NEEDED_TIME = Param("integer", required=True)
SORTING = Param("text", choices=("asc", "desc", "default"))
TRADE_RANGE = {
    "start_seq": Param("integer"),
    "end_seq": Param("integer"),
    "start_timestamp": TIME,
    "end_timestamp": TIME,
    "count": COUNT,
    "sorting": SORTING,
}
# The docs require both times; clients in the wild send the first alone.
TIMES = {
    "start_timestamp": TIME,
    "end_timestamp": TIME,
    "count": COUNT,
    "sorting": SORTING,
}


def market_of(call: Call, unknown: str = "not_found") -> Market:
    """Return the market named in a request."""
    return call.venue.exchange.market(call.params["instrument_name"], unknown)


def is_of(instrument: Instrument, currency: str, kind: str | None) -> bool:
    """Say whether an instrument is found under a currency and a kind.

    Spot is found under both of its coins, ``combo`` is both kinds of combos.
    Empty: kind None = any.
    """
    if currency != "any" and currency not in instrument.currencies:
        return False
    if kind == "combo":
        return instrument.is_combo
    return kind in (None, "any", instrument.kind)


# Books and figures.


def _book(call: Call, market: Market) -> Any:
    wanted = call.params.get("depth", 5)
    depth = next(one for one in DEPTHS if one >= wanted)
    return book_row(market, depth, call.venue.exchange.now_ms)


@method("public/get_order_book", {"instrument_name": INSTRUMENT, "depth": DEPTH})
def get_order_book(call: Call) -> Any:
    """Return ticker and levels; a depth between two allowed ones is rounded up."""
    return _book(call, market_of(call))


@method(
    "public/get_order_book_by_instrument_id",
    {"instrument_id": Param("integer", required=True), "depth": DEPTH},
)
def get_order_book_by_instrument_id(call: Call) -> Any:
    """Return ticker and levels of the instrument with a number."""
    number = call.params["instrument_id"]
    for market in call.venue.exchange.markets.values():
        if market.instrument.contract.instrument_id == number:
            return _book(call, market)
    raise Reject("not_found")


@method("public/ticker", {"instrument_name": INSTRUMENT})
def ticker(call: Call) -> Any:
    """Return the ticker."""
    return ticker_row(market_of(call), call.venue.exchange.now_ms)


@method("public/get_book_summary_by_instrument", {"instrument_name": INSTRUMENT})
def get_book_summary_by_instrument(call: Call) -> Any:
    """Return a list of one summary."""
    return [summary_row(market_of(call), call.venue.exchange.now_ms)]


@method("public/get_book_summary_by_currency", {"currency": CURRENCY, "kind": KIND})
def get_book_summary_by_currency(call: Call) -> Any:
    """Return the summaries of a currency."""
    currency, kind = call.params["currency"], call.params.get("kind")
    now_ms = call.venue.exchange.now_ms
    return [
        summary_row(market, now_ms)
        for market in call.venue.exchange.markets.values()
        if is_of(market.instrument, currency, kind)
    ]


@method("public/get_index_price", {"index_name": Param("text", required=True)})
def get_index_price(call: Call) -> Any:
    """Return an index and what the next delivery price looks like."""
    exchange = call.venue.exchange
    index = exchange.index(call.params["index_name"])
    estimate = index.delivery.estimate(exchange.now_ms, index.ref)
    return {
        "index_price": ref_price(index.ref),
        "estimated_delivery_price": ref_price(estimate.ref),
    }


# The tape.


def _trades(tape: Iterable[Trade], params: Params) -> dict[str, Any]:
    trades, has_more = select_trades(tape, params)
    return {
        "trades": [public_trade_row(trade) for trade in trades],
        "has_more": has_more,
    }


@method(
    "public/get_last_trades_by_instrument",
    {"instrument_name": INSTRUMENT, **TRADE_RANGE},
)
def get_last_trades_by_instrument(call: Call) -> Any:
    """Return trades of the tape, newest first unless asked otherwise."""
    return _trades(market_of(call).tape, call.params)


@method(
    "public/get_last_trades_by_instrument_and_time",
    {"instrument_name": INSTRUMENT, **TIMES},
)
def get_last_trades_by_instrument_and_time(call: Call) -> Any:
    """Return trades between two times."""
    return _trades(market_of(call).tape, call.params)


def _by_currency(call: Call) -> Any:
    """Return trades of a currency, of one kind or of all."""
    params = call.params
    currency, kind = params["currency"], params.get("kind")
    first = _number(params, "start_id")
    last = _number(params, "end_id")
    tape = [
        trade
        for trade in call.venue.exchange.histories.tape(currency)
        if is_of(trade.instrument, currency, kind)
        and (first is None or trade.number >= first)
        and (last is None or trade.number <= last)
    ]
    return _trades(tape, params)


def _number(params: Params, name: str) -> int | None:
    """Return the number in a trade id (``123``, ``ETH-123``), None when none is given.

    Raises:
        Reject: it is no trade id.
    """
    if name not in params:
        return None
    digits = params[name].rpartition("-")[2]
    if not (digits.isascii() and digits.isdecimal()):
        raise bad_param(name, "not a trade id")
    return int(digits)


method(
    "public/get_last_trades_by_currency",
    {
        "currency": CURRENCY,
        "kind": TRADE_KIND,
        "start_id": Param("text", size_max=64),
        "end_id": Param("text", size_max=64),
        "start_timestamp": TIME,
        "end_timestamp": TIME,
        "count": COUNT,
        "sorting": SORTING,
    },
)(_by_currency)
method(
    "public/get_last_trades_by_currency_and_time",
    {"currency": CURRENCY, "kind": TRADE_KIND, **TIMES},
)(_by_currency)


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
