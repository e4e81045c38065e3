"""What an order or a portfolio would need: margins, fees, what-if."""

from __future__ import annotations

from typing import Any

import orjson

from engine.sim.venue.accounts import combos, simulate
from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.markets.market import Market
from engine.sim.venue.markets.matching import BUY, SELL
from engine.sim.venue.methods.account import CURRENCY, READ_ACCOUNT, READ_TRADE
from engine.sim.venue.methods.market import INSTRUMENT, market_of
from engine.sim.venue.methods.order_params import lots_of, ticks_of
from engine.sim.venue.rows.accounts import portfolio_row
from engine.sim.venue.units import coins

IDS_MAX = 100
SIMULATED_MAX = 1_000


@method(
    "private/get_margins",
    {
        "instrument_name": INSTRUMENT,
        "amount": Param("number", required=True),
        "price": Param("number", required=True),
    },
    scope=READ_TRADE,
)
def get_margins(call: Call) -> Any:
    """Return what an order either way would need on its own, its fees and the band."""
    market = market_of(call)
    instrument = market.instrument
    lots, ticks = lots_of(instrument, call.params), ticks_of(instrument, call.params)
    row: dict[str, Any] = {
        "min_price": instrument.price(market.min_ticks),
        "max_price": instrument.price(market.max_ticks),
    }
    for name, side in (("buy", BUY), ("sell", SELL)):
        needed = simulate.order_margin(call.account, market, side, lots, ticks)
        row[name] = coins(needed)
        for role in ("maker", "taker"):
            fee = _fee(market, side, lots, ticks, role == "maker")
            row[f"{name}_{role}_fee"] = coins(fee)
    return row


def _fee(market: Market, side: int, lots: int, ticks: int, maker: bool) -> int:
    """Return the fee of a fill, of a combo those of its legs."""
    i = market.instrument
    if not market.legs:
        return i.fee(lots, i.value(lots, ticks), market.index.ref, maker)
    prices = combos.leg_prices(market.legs, i.exact_price(ticks))
    return sum(combos.fees(market, side, lots, prices, maker))


@method(
    "private/get_order_margin_by_ids",
    {"ids": Param("texts", required=True, size_max=IDS_MAX)},
    scope=READ_TRADE,
)
def get_order_margin_by_ids(call: Call) -> Any:
    """Return what open orders need, each on its own."""
    rows = []
    for order_id in call.params["ids"]:
        order = call.account.open_orders.get(order_id)
        if order is None:
            raise Reject("order_not_found")
        market = call.venue.exchange.market(order.instrument.name)
        needed = simulate.order_margin(
            call.account, market, order.side, order.open_lots, order.price_ticks
        )
        instrument = order.instrument
        reserves_base = instrument.is_spot and order.side == SELL
        rows.append(
            {
                "order_id": order_id,
                "initial_margin": coins(needed),
                "initial_margin_currency": instrument.base
                if reserves_base
                else instrument.currency,
            }
        )
    return rows


@method(
    "private/simulate_portfolio",
    {
        "currency": CURRENCY,
        "add_positions": Param("flag"),
        "simulated_positions": Param("text or object", size_max=32_768),
    },
    scope=READ_ACCOUNT,
)
def simulate_portfolio(call: Call) -> Any:
    """Return the figures the account would have with other positions, at the mark."""
    currency = call.params["currency"]
    changes = [
        _change(call, currency, name, size)
        for name, size in _simulated(call.params.get("simulated_positions", {}))
    ]
    add = call.params.get("add_positions", True)
    copy = simulate.with_positions(call.account, currency, changes, add)
    row = portfolio_row(copy, currency)
    row["available_subaccount_transfer_funds"] = row["available_withdrawal_funds"]
    return row


def _simulated(given: Any) -> list[tuple[str, Any]]:
    """Return (instrument, size); a text is the JSON of the object.

    Raises:
        Reject: it is no object, or a large one.
    """
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            given = None
    if not isinstance(given, dict) or len(given) > SIMULATED_MAX:
        raise bad_param("simulated_positions", "must be an object of sizes")
    return list(given.items())


def _change(call: Call, currency: str, name: str, size: Any) -> tuple[Market, int]:
    market = call.venue.exchange.market(name)
    instrument = market.instrument
    number = isinstance(size, int | float) and not isinstance(size, bool)
    lots = instrument.lots(size) if number else None
    if lots is None or instrument.is_combo or instrument.is_spot:
        raise bad_param("simulated_positions", f"no such position in {name}")
    if instrument.currency != currency:
        raise bad_param("simulated_positions", f"{name} is not settled in {currency}")
    return market, lots
