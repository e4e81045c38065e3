"""Requests to the simulated venue: good, borderline and wrong, for any method it has.

A request is made from what the registry says of its method, so that a method nobody
thought of here is asked for too. Names, prices and amounts are mostly such that the
venue can do something with them: a fuzzer that is always refused tests one line.
"""

from __future__ import annotations

import math
from random import Random
from typing import Any
from urllib.parse import quote

import orjson

from engine.sim.venue import Venue
from engine.sim.venue.api.rpc import Param
from engine.sim.venue.methods.registry import METHODS

WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, -1e308, 5e-324, 2**53 + 1, 2**63 - 1,
    -(2**63), 2**64 - 1, "", " ", "null", "1", "-1", "1e999", "NaN", "any", "\x00",
    "ü\u2028😀", "x" * 1_001, "..", "a.b.c.d", "%s%n", "BTC", [], {}, [[]], [None],
    [1, "a"], {"a": {"b": []}}, ["x"] * 501,
)  # fmt: skip
TEXTS = {
    "currency": ("BTC", "ETH", "USDC", "USDT", "EURR", "any", "btc", "DOGE"),
    "kind": ("future", "option", "spot", "any", "future_combo", "combo", "x"),
    "index_name": ("btc_usd", "btc_usdc", "eth_usd", "btc_usdt", "all", "x"),
    "currency_pair": ("btc_usd", "btc_usdc", "eth_usd", "x"),
    "label": ("", "one", "two", "x" * 64, "x" * 65),
    "mmp_group": ("", "default", "one", "x" * 64, "x" * 65),
    "quote_set_id": ("", "one", "two"),
    "quote_id": ("1", "2", ""),
    "client_id": ("maker", "taker", "nobody"),
    "client_secret": ("maker-secret", "taker-secret", "wrong"),
    "scope": ("connection", "account", "session:one", "trade:none expires:1"),
    "continuation": ("none", "1", "x"),
    "resolution": ("1", "60", "1D", "3600", "x"),
    "length": ("8h", "24h", "1m"),
}  # fmt: skip
CHANNELS = (
    "book.{i}.raw", "book.{i}.100ms", "book.{i}.none.10.100ms", "ticker.{i}.raw",
    "ticker.{i}.agg2", "incremental_ticker.{i}", "quote.{i}", "trades.{i}.raw",
    "trades.any.any.100ms", "user.orders.{i}.raw", "user.orders.any.any.agg2",
    "user.trades.any.any.raw", "user.changes.any.any.raw", "user.portfolio.any",
    "user.mmp_trigger.any", "perpetual.{i}.raw", "chart.trades.{i}.1",
    "deribit_price_index.btc_usd", "deribit_volatility_index.btc_usd",
    "markprice.options.btc_usd", "estimated_expiration_price.btc_usd",
    "instrument.state.any.any", "platform_state", "book.{i}", "x", "", "user.orders",
)  # fmt: skip
TRADING = (
    "private/buy", "private/sell", "private/buy", "private/sell", "private/edit",
    "private/edit_by_label", "private/mass_quote", "private/close_position",
)  # fmt: skip
OFTEN = {"amount": 0.95, "price": 0.95, "bid": 0.9, "ask": 0.9, "instrument_name": 0.9}
RARELY = {"contracts": 0.05, "valid_until": 0.05, "access_token": 0.02}
SOMETIMES = 0.25


class Asker:
    """Makes one request after another, from a seed, for what the venue has now."""

    def __init__(self, venue: Venue, random: Random) -> None:
        self.venue, self.random = venue, random
        self.tokens: list[str] = []
        self.market = self._pick()

    def method(self) -> str:
        """Return the name of a method; those that trade come up more often."""
        draw = self.random.random()
        if draw < 0.6:
            return self.random.choice(TRADING)
        if draw < 0.99:
            return self.random.choice(list(METHODS))
        return self.random.choice(("", "public", "private/", "public/get_tim", "//"))

    def params(self, name: str) -> dict[str, Any]:
        """Return parameters for a method: mostly good ones."""
        known = METHODS[name].params if name in METHODS else {}
        self.market = self._pick()
        params = self.fields(known)
        if self.random.random() < 0.02:
            params["access_token"] = self.random.choice((*self.tokens, "x", 1, None))
        if self.random.random() < 0.02:
            params["unheard_of"] = self.wrong()
        return params

    def fields(self, known: Any) -> dict[str, Any]:
        """Return values for some parameters; the needed ones are rarely forgotten."""
        random = self.random
        return {
            name: self.wrong() if random.random() < 0.03 else self.value(name, param)
            for name, param in known.items()
            if random.random()
            < (0.99 if param.required else OFTEN.get(name, RARELY.get(name, SOMETIMES)))
        }

    def _pick(self) -> Any:
        """Return the market a request is about; the same few more often."""
        markets = list(self.venue.exchange.markets.values())
        few = markets[::5] if self.random.random() < 0.7 else markets
        return self.random.choice(few)

    def wrong(self) -> Any:
        """Return something that hardly any parameter may be."""
        return self.random.choice(WRONG)

    def value(self, name: str, param: Param) -> Any:
        """Return a value that the parameter may be, or nearly so."""
        random = self.random
        match param.kind:
            case "flag":
                return random.choice((True, False, False, "true"))
            case "texts":
                return [self.text(name, param) for _ in range(random.randrange(4))]
            case "text or texts":
                texts = [self.text(name, param) for _ in range(random.randrange(3))]
                return random.choice((texts, self.text(name, param)))
            case "object":
                return self.fields(param.fields)
            case "objects":
                return [self._object(param) for _ in range(random.randrange(4))]
            case "text":
                return self.text(name, param)
            case "integer":
                return int(self.number(name, param))
        return self.number(name, param)

    def _object(self, param: Param) -> dict[str, Any]:
        self.market = self._pick()
        return self.fields(param.fields)

    def text(self, name: str, param: Param) -> str:
        """Return a text for a parameter of a name."""
        random, venue = self.random, self.venue
        if param.choices:
            if random.random() < 0.3:
                return param.choices[0]
            return random.choice((*param.choices, param.choices[0].upper()))
        if "instrument" in name:
            odd = random.random() < 0.03
            return random.choice(("BTC-1JAN20", "x")) if odd else self._name()
        if name == "channels":
            pattern = random.choice(CHANNELS)
            return pattern.format(i=self._name())
        if "order_id" in name or name == "ids":
            last = list(venue.exchange.orders)[-20:]
            return random.choice((*last, "1", "ETH-1", "SLIS-1"))
        return random.choice(TEXTS.get(name, ("x", "", "none", "1", "2026")))

    def _name(self) -> str:
        return str(self.market.instrument.name)

    def number(self, name: str, param: Param) -> float:
        """Return a number for a parameter of a name."""
        random, venue = self.random, self.venue
        low = param.at_least if param.at_least is not None else -1
        high = param.at_most if param.at_most is not None else low + 1_000
        draw = random.random()
        if draw < 0.1:
            return random.choice((low - 1, low, low + 1, high - 1, high, high + 1))
        market, i = self.market, self.market.instrument
        if "price" in name:
            bid, ask = market.book.best(1), market.book.best(-1)
            near = random.choice((bid, ask, i.ticks_below(market.mark_ref))) or 1
            ticks = near + random.randrange(-4, 5) * i.step_at(near)
            return float(i.price(ticks)) + (1e-7 if draw > 0.95 else 0.0)
        if "amount" in name or name == "contracts":
            lots = random.choice((0, 1, 1, 2, 3, 5, 5, 10, 50, 200, 10**9))
            return float(i.amount(lots))
        if "timestamp" in name or name == "valid_until":
            now_ms = venue.exchange.now_ms
            return now_ms + random.choice((-1, 1)) * 10 ** random.randrange(10)
        return random.choice((low, high, 0, 1, 2, 10, 1_000, 0.5, random.random()))


def frame(request_id: Any, method: str, params: Any) -> bytes:
    """Return the frame of a request."""
    return orjson.dumps(
        {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    )


def query(params: dict[str, Any]) -> str:
    """Return parameters as a query string, the way a client would write them."""
    return "&".join(
        f"{quote(name)}={quote(value if isinstance(value, str) else _json(value))}"
        for name, value in params.items()
    )


def _json(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return orjson.dumps(value).decode(errors="replace")
