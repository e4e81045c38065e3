"""Combos: which there are, opening one, and what its legs would trade at."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from engine.sim.venue.accounts.combos import leg_prices
from engine.sim.venue.api.rpc import LOGIN, Call, Param, Params, method
from engine.sim.venue.errors import Reject, bad_param
from engine.sim.venue.feeds.channels import CURRENCIES
from engine.sim.venue.markets.market import Market
from engine.sim.venue.markets.matching import DIRECTIONS, SIDES
from engine.sim.venue.methods.account import CURRENCY
from engine.sim.venue.methods.trading import TRADE
from engine.sim.venue.products.combos import LEGS_MAX, ratios
from engine.sim.venue.products.instruments import TICKS_MAX
from engine.sim.venue.rows.combos import combo_row
from engine.sim.venue.trading import combo_books
from engine.sim.venue.trading.orders import check_open

LEG = {
    "instrument_name": Param("text", required=True),
    "amount": Param("number", required=True),
    "direction": Param("text", required=True, choices=tuple(SIDES)),
}
LEGS = Param("objects", required=True, size_max=LEGS_MAX, fields=LEG)
PRICE = Param("number", required=True, at_least=-TICKS_MAX, at_most=TICKS_MAX)


def _combos(call: Call) -> list[Market]:
    """Return the combos of a currency that have not expired."""
    currency = call.params["currency"]
    return [
        market
        for market in call.venue.exchange.markets.values()
        if market.instrument.is_combo
        and not market.over
        and currency in ("any", market.instrument.currency)
    ]


@method(
    "public/get_combos",
    {"currency": Param("text", required=True, choices=CURRENCIES)},
)
def get_combos(call: Call) -> Any:
    """Return the active combos of a currency."""
    return [combo_row(one) for one in _combos(call) if combo_books.is_active(one)]


@method(
    "public/get_combo_ids",
    {"currency": CURRENCY, "state": Param("text", choices=("active", "inactive"))},
)
def get_combo_ids(call: Call) -> Any:
    """Return the names of the combos of a currency, active or not."""
    wanted = call.params.get("state")
    return [
        market.instrument.name
        for market in _combos(call)
        if wanted in (None, combo_row(market)["state"])
    ]


@method("public/get_combo_details", {"combo_id": Param("text", required=True)})
def get_combo_details(call: Call) -> Any:
    """Return one combo, an expired one while it is remembered."""
    market = call.venue.exchange.market(call.params["combo_id"])
    if not market.instrument.is_combo:
        raise Reject("not_found")
    return combo_row(market)


# Legs.


def _legs(call: Call, name: str) -> tuple[list[tuple[Market, int]], float]:
    """Return the legs with signed ratios, and the amount of which those are one each.

    Raises:
        Reject: a leg is unknown, closed or no leg, or its amount off the step.
    """
    legs: list[tuple[Market, int]] = []
    lots = []
    for one in call.params[name]:
        leg = _leg(call, one)
        number = leg.instrument.lots(one["amount"])
        if number is None or number <= 0:
            raise Reject("invalid_amount")
        lots.append(number * SIDES[one["direction"]])
        legs.append((leg, 0))
    if len(legs) < 2 or len({leg.instrument.name for leg, _ in legs}) < len(legs):
        raise bad_param(name, "two or more different instruments are needed")
    if len({leg.instrument.amount(1) for leg, _ in legs}) > 1:
        raise bad_param(name, "the legs have amounts of different units")
    parts, common = ratios(lots)
    amount = legs[0][0].instrument.amount(common)
    pairs = zip(legs, parts, strict=True)
    return [(leg, ratio) for (leg, _), ratio in pairs], amount


def _leg(call: Call, one: Params) -> Market:
    market = call.venue.exchange.market(one["instrument_name"])
    if market.instrument.is_combo or market.instrument.is_spot:
        raise Reject("invalid_or_unsupported_instrument")
    if market.over:
        raise Reject("book_closed")
    return market


@method("private/create_combo", {"trades": LEGS}, scope=TRADE)
def create_combo(call: Call) -> Any:
    """Return the combo that some trades make, a new one when there is none yet."""
    legs, _ = _legs(call, "trades")
    combo = combo_books.find(legs)
    if combo is None:
        raise bad_param("trades", "no combo has this structure")
    for leg, _ in legs:
        check_open(leg)
    return combo_row(combo_books.open_book(call.venue.exchange, combo))


@method(
    "private/get_leg_prices",
    {"legs": LEGS, "price": PRICE},
    scope=LOGIN,
)
def get_leg_prices(call: Call) -> Any:
    """Return what each leg would trade at, were all of them traded at a price."""
    legs, amount = _legs(call, "legs")
    prices = leg_prices(legs, Fraction(str(call.params["price"])))
    return {
        "legs": [
            {
                "instrument_name": leg.instrument.name,
                "direction": DIRECTIONS[1 if ratio > 0 else -1],
                "price": float(price),
                "ratio": abs(ratio),
            }
            for (leg, ratio), price in zip(legs, prices, strict=True)
        ],
        "amount": amount,
    }
