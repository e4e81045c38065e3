"""ccxt.pro: its own handler of the venue's messages, fed as its own client feeds it."""

from __future__ import annotations

import ccxt.pro
import orjson
from ccxt.async_support.base.ws.functions import is_json_encoded_object

from benchmarks.stream import NAME
from benchmarks.versus.rival import Touch

SYMBOL = "BTC/USD:BTC"
MARKET = {
    "id": NAME,
    "symbol": SYMBOL,
    "base": "BTC",
    "quote": "USD",
    "settle": "BTC",
    "baseId": "BTC",
    "quoteId": "USD",
    "settleId": "BTC",
    "type": "swap",
    "spot": False,
    "margin": False,
    "swap": True,
    "future": False,
    "option": False,
    "contract": True,
    "linear": False,
    "inverse": True,
    "active": True,
    "precision": {"price": 0.5, "amount": 10},
    "limits": {},
    "info": {},
}


class _Line:
    """The part of ccxt's client that a handler calls."""

    def resolve(self, result: object, _key: str) -> object:
        return result


class Client:
    """The handler behind a stand-in for its connection, which hands it text."""

    def __init__(self, snapshot: bytes) -> None:
        self.exchange = ccxt.pro.deribit()
        self.exchange.set_markets([MARKET])
        self.line = _Line()
        self.exchange.handle_message(self.line, orjson.loads(snapshot))

    def play(self, frames: list[bytes]) -> None:
        """Take every frame and read the touch after each."""
        handle, line, loads = self.exchange.handle_message, self.line, orjson.loads
        book = self.exchange.orderbooks[SYMBOL]
        for frame in frames:
            text = frame.decode()
            if is_json_encoded_object(text):
                handle(line, loads(text))
            book["bids"][0][0], book["asks"][0][0]

    def touch(self) -> Touch:
        """Return best bid and ask."""
        book = self.exchange.orderbooks[SYMBOL]
        return book["bids"][0][0], book["asks"][0][0]
