"""What is listed: instruments, currencies, indices, expiries.

Source: production answers of 2026-09-20 (expirations, index names).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.sim.venue.api.rpc import Call, Param, method
from engine.sim.venue.feeds.channels import CURRENCIES
from engine.sim.venue.markets.market import Market
from engine.sim.venue.methods.market import INSTRUMENT, KIND, is_of, market_of
from engine.sim.venue.products.calendar import expiry_name
from engine.sim.venue.products.currencies import currency_rows

# Coins of the wallet that nothing settles in: clients ask for their instruments.
WALLET_ONLY = ("SOL", "XRP", "STETH", "ETHW", "USYC", "PAXG", "BNB", "USDE")
EXPIRING = ("option", "future")
ANNOUNCEMENT = {
    "id": 1,
    "title": "This venue is simulated",
    "body": "Nothing here can be won or lost.",
    "important": False,
    "confirmation": False,
}


@method("public/get_currencies")
def get_currencies(call: Call) -> Any:
    """Return the currencies accounts are kept in."""
    return currency_rows()


@method(
    "public/get_instruments",
    {
        "currency": Param("text", choices=(*CURRENCIES, *WALLET_ONLY)),
        "kind": KIND,
        "expired": Param("flag"),
    },
    cost="instruments",
)
def get_instruments(call: Call) -> Any:
    """Return the rows of a currency, of all without one; or those that are no more."""
    exchange, params = call.venue.exchange, call.params
    currency, kind = params.get("currency", "any"), params.get("kind")
    expired = params.get("expired", False)
    markets = exchange.settlement.expired if expired else exchange.markets
    return [
        market.instrument.row(market.state)
        for market in markets.values()
        if is_of(market.instrument, currency, kind)
    ]


@method("public/get_instrument", {"instrument_name": INSTRUMENT})
def get_instrument(call: Call) -> Any:
    """Return one row."""
    market = market_of(call)
    return market.instrument.row(market.state)


@method("public/get_contract_size", {"instrument_name": INSTRUMENT})
def get_contract_size(call: Call) -> Any:
    """Return what one contract is."""
    return {"contract_size": float(market_of(call).instrument.contract.contract_size)}


# Indices.


@method("public/get_index_price_names", {"extended": Param("flag")})
def get_index_price_names(call: Call) -> Any:
    """Return the names of all indices, extended with which combos can be made."""
    exchange = call.venue.exchange
    if not call.params.get("extended", False):
        return list(exchange.indices)
    legs = {(m.index.name, m.instrument.kind) for m in exchange.markets.values()}
    return [
        {
            "name": name,
            "future_combo_creation_enabled": (name, "future") in legs,
            "option_combo_creation_enabled": (name, "option") in legs,
        }
        for name in exchange.indices
    ]


@method(
    "public/get_supported_index_names",
    {"type": Param("text", choices=("all", "spot", "derivative"))},
)
def get_supported_index_names(call: Call) -> Any:
    """Return the names of the indices that spot, or anything else, is listed on."""
    exchange, wanted = call.venue.exchange, call.params.get("type", "all")
    used = {
        market.index.name
        for market in exchange.markets.values()
        if wanted == "all" or market.instrument.is_spot == (wanted == "spot")
    }
    return [name for name in exchange.indices if name in used or wanted == "all"]


# Expiries.


@method(
    "public/get_expirations",
    {
        "currency": Param(
            "text", required=True, choices=(*CURRENCIES, "grouped", *WALLET_ONLY)
        ),
        "kind": Param("text", required=True, choices=("future", "option", "any")),
        "currency_pair": Param("text"),
    },
)
def get_expirations(call: Call) -> Any:
    """Return the names of expiries by kind.

    Asked for any currency they are not told apart; asked for one, or for ``grouped``,
    they come by currency, in lower case.
    """
    exchange, params = call.venue.exchange, call.params
    currency, kind = params["currency"], params["kind"]
    if "currency_pair" in params:
        exchange.index(params["currency_pair"])
    pair = params.get("currency_pair")
    kinds = EXPIRING if kind == "any" else (kind,)
    markets = [
        market
        for market in exchange.markets.values()
        if not market.over and pair in (None, market.index.name)
    ]
    if currency == "any":
        return _expiries(markets, kinds)
    currencies = CURRENCIES[:-1] if currency == "grouped" else (currency,)
    return {
        one.lower(): _expiries(
            (m for m in markets if m.instrument.currency == one), kinds
        )
        for one in currencies
    }


def _expiries(
    markets: Iterable[Market], kinds: tuple[str, ...]
) -> dict[str, list[str]]:
    """Return the names of expiries of each kind, soonest first, perpetual last."""
    found: dict[str, dict[int, None]] = {kind: {} for kind in kinds}
    perpetual = False
    for market in markets:
        i = market.instrument
        perpetual = perpetual or i.perpetual
        if i.kind in found and i.expiry_ms:
            found[i.kind][i.expiry_ms] = None
    rows = {
        kind: [expiry_name("", ms).removeprefix("-") for ms in sorted(expiries)]
        for kind, expiries in found.items()
    }
    if perpetual and "future" in rows:
        rows["future"].append("PERPETUAL")
    return rows


# The venue itself.


@method(
    "public/get_announcements",
    {
        "start_timestamp": Param("integer"),
        "count": Param("integer", at_least=1, at_most=50),
    },
)
def get_announcements(call: Call) -> Any:
    """Return the announcements made before a time: the venue has made one."""
    made_ms = call.venue.exchange.opened_ms
    if call.params.get("start_timestamp", made_ms) < made_ms:
        return []
    return [{**ANNOUNCEMENT, "publication_timestamp": made_ms}]
