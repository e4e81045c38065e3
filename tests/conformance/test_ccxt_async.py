"""ccxt's asynchronous client: the requests of a day, several on their way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conformance.served import MAKER, TAKER, Venue

ccxt = pytest.importorskip(
    "ccxt.async_support", reason="needs the extra: make conformance"
)

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.filterwarnings("ignore"),  # the client's own, and of what it uses
]

BTC, ETH = "BTC/USD:BTC", "ETH/USD:ETH"


def run(venue: Venue, scenario: Callable[[Any, Any], Awaitable[None]]) -> None:
    """Run a scenario with the maker's and the taker's client."""

    async def day() -> None:
        clients = [connect(venue, MAKER), connect(venue, TAKER)]
        try:
            async with asyncio.timeout(60):
                await scenario(*clients)
        finally:
            for client in clients:
                await client.close()

    asyncio.run(day())


def connect(venue: Venue, account: tuple[str, str]) -> Any:
    name, secret = account
    urls = {"api": {"rest": venue.origin}}
    return ccxt.deribit({"apiKey": name, "secret": secret, "urls": urls})


def test_many_requests_at_once(busy: Venue) -> None:
    async def scenario(client: Any, _other: Any) -> None:
        await client.load_markets()
        tickers, book, trades, candles, rate = await asyncio.gather(
            client.fetch_tickers(None, {"code": "ETH"}),
            client.fetch_order_book(ETH, 10),
            client.fetch_trades(BTC),
            client.fetch_ohlcv(BTC, "1m"),
            client.fetch_funding_rate(ETH),
        )
        assert ETH in tickers
        assert book["bids"][0][0] < book["asks"][0][0]
        assert all(trade["symbol"] == BTC for trade in trades)
        assert all(len(candle) == 6 for candle in candles)
        assert rate["symbol"] == ETH

    run(busy, scenario)


def test_two_desks_trade_at_once(quiet: Venue) -> None:
    async def scenario(maker: Any, taker: Any) -> None:
        placed = await asyncio.gather(
            *(
                maker.create_order(ETH, "limit", "sell", 10, 3_001 + n, {"label": "x"})
                for n in range(5)
            )
        )
        assert len({order["id"] for order in placed}) == 5
        open_orders = await maker.fetch_open_orders(ETH)
        assert {one["id"] for one in open_orders} == {one["id"] for one in placed}
        taken = await taker.create_order(ETH, "limit", "buy", 25, 3_003)
        assert (taken["status"], taken["filled"]) == ("closed", 25)
        assert [trade["price"] for trade in taken["trades"]] == [3_001, 3_002, 3_003]
        assert taken["average"] == pytest.approx(
            25 / (10 / 3_001 + 10 / 3_002 + 5 / 3_003), rel=1e-5
        )
        sides = await asyncio.gather(
            maker.fetch_position(ETH), taker.fetch_position(ETH)
        )
        assert [one["side"] for one in sides] == ["short", "long"]
        assert {abs(one["contracts"]) for one in sides} == {25}
        await maker.cancel_all_orders()

    run(quiet, scenario)
