"""What has been: candles, charts of indices and vols, funding, deliveries, volumes.

Source: production answers of 2026-09-20; docs.deribit.com for parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from engine.sim.venue.accounts.funding import PERIOD_NS, Funding, Sample
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import bad_param
from engine.sim.venue.markets.candles import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    RESOLUTIONS_MS,
    SECOND_MS,
)
from engine.sim.venue.markets.history import VOLATILITY_UNIT
from engine.sim.venue.markets.market import Market
from engine.sim.venue.methods.market import (
    COUNT,
    CURRENCY,
    INSTRUMENT,
    NEEDED_TIME,
    market_of,
)
from engine.sim.venue.products.calendar import civil_from_day
from engine.sim.venue.rows.history import chart_row, index_points
from engine.sim.venue.rows.markets import volumes
from engine.sim.venue.units import ATTO, ref_price

CHART_MAX = 5_000
VOLATILITY_MAX = 1_000
DELIVERIES_DEFAULT = 10
BETWEEN = {"start_timestamp": NEEDED_TIME, "end_timestamp": NEEDED_TIME}
INDEX = Param("text", required=True)
INDEX_RANGES_MS = {
    "1h": (6 * SECOND_MS, 600),
    "1d": (2 * MINUTE_MS, 720),
    "2d": (4 * MINUTE_MS, 720),
    "1m": (HOUR_MS, 720),
    "1y": (DAY_MS, 365),
    "all": (DAY_MS, 3_650),
}
"""Length of a step and their number. Only the first is known from production."""
VOLATILITY_MS = {
    "1": SECOND_MS,
    "60": MINUTE_MS,
    "3600": HOUR_MS,
    "43200": 12 * HOUR_MS,
    "1D": DAY_MS,
}
FUNDING_MS = {"8h": 8 * HOUR_MS, "24h": DAY_MS, "1m": 31 * DAY_MS}
VOLUME_DAYS = {"": 1, "_7d": 7, "_30d": 30}


# Candles and charts.


@method(
    "public/get_tradingview_chart_data",
    {
        "instrument_name": INSTRUMENT,
        **BETWEEN,
        "resolution": Param(
            "text or integer", required=True, choices=tuple(RESOLUTIONS_MS)
        ),
    },
)
def get_tradingview_chart_data(call: Call) -> Any:
    """Return candles by columns, the last ones when there are too many."""
    market, params = market_of(call), call.params
    end_ms = min(params["end_timestamp"], call.venue.exchange.now_ms)
    span_ms = RESOLUTIONS_MS[params["resolution"]]
    start_ms = max(params["start_timestamp"], 0)
    candles = market.candles.span(span_ms, start_ms, end_ms, CHART_MAX)
    return chart_row(market.instrument, candles)


@method(
    "public/get_index_chart_data",
    {
        "index_name": INDEX,
        "range": Param("text", required=True, choices=tuple(INDEX_RANGES_MS)),
    },
)
def get_index_chart_data(call: Call) -> Any:
    """Return ``[time, average]`` of an index, oldest first."""
    exchange = call.venue.exchange
    index = exchange.index(call.params["index_name"])
    span_ms, most = INDEX_RANGES_MS[call.params["range"]]
    now_ms = exchange.now_ms
    return index_points(
        exchange.histories.index_span(index.name, span_ms, now_ms, most)
    )


@method(
    "public/get_volatility_index_data",
    {
        "currency": CURRENCY,
        **BETWEEN,
        "resolution": Param(
            "text or integer", required=True, choices=tuple(VOLATILITY_MS)
        ),
    },
)
def get_volatility_index_data(call: Call) -> Any:
    """Return ``[time, open, high, low, close]``, a page of the last ones.

    The continuation is the end of the page before it, null when there is none.
    """
    exchange, params = call.venue.exchange, call.params
    name = f"{params['currency'].lower()}_usd"
    volatility = exchange.histories.volatility.get(name)
    if volatility is None:
        return {"data": [], "continuation": None}
    span_ms = VOLATILITY_MS[params["resolution"]]
    end_ms = min(params["end_timestamp"], exchange.now_ms)
    start_ms = max(params["start_timestamp"], 0)
    found = volatility.candles.span(span_ms, start_ms, end_ms, VOLATILITY_MAX + 1)
    page = found[-VOLATILITY_MAX:]
    prices = [(c.open, c.high, c.low, c.close) for c in page]
    return {
        "data": [
            [candle.start_ms, *(price / VOLATILITY_UNIT for price in four)]
            for candle, four in zip(page, prices, strict=True)
        ],
        "continuation": found[0].start_ms if len(found) > VOLATILITY_MAX else None,
    }


@method("public/get_historical_volatility", {"currency": CURRENCY})
def get_historical_volatility(call: Call) -> Any:
    """Return ``[hour, volatility in percent]`` of the currency's index in USD."""
    exchange = call.venue.exchange
    name = f"{call.params['currency'].lower()}_usd"
    if name not in exchange.indices:
        return []
    return [list(one) for one in exchange.histories.realized(name, exchange.now_ms)]


@method(
    "public/get_mark_price_history",
    {"instrument_name": INSTRUMENT, **BETWEEN},
)
def get_mark_price_history(call: Call) -> Any:
    """Return ``[time, mark]`` of an option in the volatility index, else nothing."""
    market, params = market_of(call), call.params
    marks = call.venue.exchange.histories.marks(
        market.instrument.name, params["start_timestamp"], params["end_timestamp"]
    )
    return [[time_ms, ref_price(mark_ref)] for time_ms, mark_ref in marks]


# Funding.


def _funding(call: Call) -> Funding:
    """Return the funding of the perpetual named in a request.

    Raises:
        Reject: it is no perpetual.
    """
    funding = market_of(call).funding
    if funding is None:
        raise bad_param("instrument_name", "not a perpetual")
    funding.accrue(call.venue.exchange.now_ns)
    return funding


@method(
    "public/get_funding_rate_value",
    {"instrument_name": INSTRUMENT, **BETWEEN},
)
def get_funding_rate_value(call: Call) -> Any:
    """Return what a time came to."""
    params = call.params
    return _funding(call).between(params["start_timestamp"], params["end_timestamp"])


@method(
    "public/get_funding_rate_history",
    {"instrument_name": INSTRUMENT, **BETWEEN},
)
def get_funding_rate_history(call: Call) -> Any:
    """Return whole hours, oldest first."""
    params = call.params
    return [
        {
            "timestamp": hour.time_ms,
            "index_price": ref_price(hour.index_ref),
            "interest_8h": eight_hours / ATTO,
            "interest_1h": (hour.interest - before.interest) / ATTO,
            "prev_index_price": ref_price(before.index_ref),
        }
        for before, hour, eight_hours in _funding(call).by_hour()
        if params["start_timestamp"] <= hour.time_ms <= params["end_timestamp"]
    ]


@method(
    "public/get_funding_chart_data",
    {
        "instrument_name": INSTRUMENT,
        "length": Param("text", required=True, choices=tuple(FUNDING_MS)),
    },
)
def get_funding_chart_data(call: Call) -> Any:
    """Return the rate of each minute, of each hour for a month."""
    funding, length = _funding(call), call.params["length"]
    samples = list(funding.hours if length == "1m" else funding.minutes)
    oldest_ms = call.venue.exchange.now_ms - FUNDING_MS[length]
    return {
        "data": [
            _funding_point(before, sample)
            for before, sample in pairwise(samples)
            if sample.time_ms > oldest_ms
        ],
        "interest_8h": funding.last_8h,
        "current_interest": funding.current,
    }


def _funding_point(before: Sample, sample: Sample) -> dict[str, Any]:
    """Return the rate that held between two samples, per eight hours."""
    share = PERIOD_NS / 1_000_000 / (sample.time_ms - before.time_ms)
    return {
        "timestamp": sample.time_ms,
        "index_price": ref_price(sample.index_ref),
        "interest_8h": (sample.interest - before.interest) / ATTO * share,
    }


# Deliveries and volumes.


@method(
    "public/get_delivery_prices",
    {
        "index_name": INDEX,
        "offset": Param("integer", at_least=0),
        "count": COUNT,
    },
)
def get_delivery_prices(call: Call) -> Any:
    """Return the delivery prices of an index, newest first."""
    prices = call.venue.exchange.index(call.params["index_name"]).delivery.prices
    offset = call.params.get("offset", 0)
    count = call.params.get("count", DELIVERIES_DEFAULT)
    page = list(reversed(prices))[offset : offset + count]
    return {
        "data": [
            {"date": _date(day), "delivery_price": ref_price(ref)} for day, ref in page
        ],
        "records_total": len(prices),
    }


def _date(day: int) -> str:
    year, month, of_month = civil_from_day(day)
    return f"{year:04d}-{month:02d}-{of_month:02d}"


@method("public/get_trade_volumes", {"extended": Param("flag")})
def get_trade_volumes(call: Call) -> Any:
    """Return what traded in a day, or also a week and a month, by index."""
    exchange = call.venue.exchange
    days = VOLUME_DAYS if call.params.get("extended", False) else {"": 1}
    rows: dict[str, dict[str, Any]] = {}
    for market in exchange.markets.values():
        i = market.instrument
        if i.is_combo:
            continue
        row = rows.setdefault(i.index_name, _no_volume(i.currency, i.index_name, days))
        for suffix, amount in _volumes(market, exchange.now_ms, days):
            key = f"{_volume_of(market)}{suffix}"
            row[key] = round(row[key] + amount, 8)
    return list(rows.values())


def _no_volume(currency: str, pair: str, days: dict[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {"currency": currency, "currency_pair": pair}
    for kind in ("calls", "puts", "futures", "spot"):
        row |= {f"{kind}_volume{suffix}": 0.0 for suffix in days}
    return row


def _volume_of(market: Market) -> str:
    if market.instrument.is_option:
        return f"{market.instrument.contract.option_type}s_volume"
    return "spot_volume" if market.instrument.is_spot else "futures_volume"


def _volumes(
    market: Market, now_ms: int, days: dict[str, int]
) -> Iterator[tuple[str, float]]:
    """Yield (suffix, volume in base currency) of each number of days."""
    for suffix, n in days.items():
        total = market.candles.since(now_ms - n * DAY_MS)
        if total is not None:
            yield suffix, volumes(market, total.lots, total.value)[0]
