"""A trading day of ccxt pro: ccxt's asynchronous client with WebSocket channels."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conformance.facts import exact, inverse_fee
from tests.conformance.served import MAKER, TAKER, Venue

pro = pytest.importorskip("ccxt.pro", reason="needs the extra: make conformance")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.filterwarnings("ignore"),  # the client's own, and of what it uses
]

BTC, ETH = "BTC/USD:BTC", "ETH/USD:ETH"
WAIT_S = 20.0
LEVELS = 20

Scenario = Callable[[Any, Any], Awaitable[None]]


def run(venue: Venue, scenario: Scenario) -> None:
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
    urls = {"api": {"rest": venue.origin, "ws": venue.ws}}
    return pro.deribit({"apiKey": name, "secret": secret, "urls": urls})


async def until(watch: Callable[[], Awaitable[Any]], good: Callable[[Any], Any]) -> Any:
    """Watch until what is seen is good."""
    async with asyncio.timeout(WAIT_S):
        while not good(seen := await watch()):
            pass
    return seen


# Watching the market.


@pytest.mark.parametrize("interval", ["100ms", "raw", "agg2"])
def test_the_watched_book_is_the_book(busy: Venue, interval: str) -> None:
    async def scenario(client: Any, _other: Any) -> None:
        params = {"interval": interval}
        for _ in range(5):
            book = await asyncio.wait_for(
                client.watch_order_book(BTC, None, params), WAIT_S
            )
            bids = [level[0] for level in book["bids"]]
            asks = [level[0] for level in book["asks"]]
            assert len(bids) > LEVELS
            assert len(asks) > LEVELS
            assert bids == sorted(set(bids), reverse=True)
            assert asks == sorted(set(asks))
            assert bids[0] < asks[0]
            assert all(price % 0.5 == 0 for price in bids + asks)
            assert all(level[1] >= 10 for level in book["bids"] + book["asks"])

    run(busy, scenario)


def test_the_watched_book_holds_the_clients_own_orders(quiet: Venue) -> None:
    """Every level the client keeps is one somebody has put there, and no other."""

    async def scenario(maker: Any, taker: Any) -> None:
        placed = [
            await maker.create_order(BTC, "limit", "buy", 10 * n, 79_000 + n)
            for n in (1, 2, 3)
        ]

        def levels(book: Any) -> list[list[float]]:
            return [list(level)[:2] for level in book["bids"]]

        def watch() -> Awaitable[Any]:
            return taker.watch_order_book(BTC)

        await until(
            watch,
            lambda b: levels(b) == [[79_003, 30], [79_002, 20], [79_001, 10]],
        )
        await maker.cancel_order(placed[1]["id"])
        await until(watch, lambda b: levels(b) == [[79_003, 30], [79_001, 10]])
        await maker.edit_order(placed[2]["id"], BTC, "limit", "buy", 20, 79_003)
        await until(watch, lambda b: levels(b) == [[79_003, 20], [79_001, 10]])
        await maker.cancel_all_orders()
        await until(watch, lambda b: levels(b) == [])

    run(quiet, scenario)


def test_tickers_quotes_and_trades_are_watched(busy: Venue) -> None:
    async def scenario(client: Any, _other: Any) -> None:
        ticker = await asyncio.wait_for(client.watch_ticker(BTC), WAIT_S)
        assert ticker["symbol"] == BTC
        assert 0 < ticker["bid"] < ticker["ask"]
        assert ticker["info"]["mark_price"] > 0
        symbols = [BTC, ETH]
        seen: set[str] = set()
        await until(
            lambda: client.watch_tickers(symbols),
            lambda got: seen.update(got) or seen == set(symbols),
        )
        quotes = await asyncio.wait_for(client.watch_bids_asks(symbols), WAIT_S)
        for symbol, quote in quotes.items():
            assert symbol in symbols
            assert 0 < quote["bid"] < quote["ask"]
            assert quote["bidVolume"] > 0
        for interval in ("100ms", "raw"):
            params = {"interval": interval}
            trades = await asyncio.wait_for(
                client.watch_trades(BTC, None, None, params), WAIT_S
            )
            assert {trade["symbol"] for trade in trades} == {BTC}
            assert all(trade["price"] % 0.5 == 0 for trade in trades)
        raw = await asyncio.wait_for(
            client.watch_ticker(BTC, {"interval": "raw"}), WAIT_S
        )
        assert raw["bid"] < raw["ask"]

    run(busy, scenario)


def test_candles_are_watched(busy: Venue) -> None:
    async def scenario(client: Any, _other: Any) -> None:
        candles = await asyncio.wait_for(client.watch_ohlcv(BTC, "1m"), WAIT_S)
        tick, first, high, low, last, volume = candles[-1]
        assert tick % 60_000 == 0
        assert low <= min(first, last) <= max(first, last) <= high
        assert volume >= 0
        both = await asyncio.wait_for(
            client.watch_ohlcv_for_symbols([[BTC, "1m"], [ETH, "5m"]]), WAIT_S
        )
        assert set(both) <= {BTC, ETH}

    run(busy, scenario)


# Watching the account.


def test_orders_trades_and_balance_are_watched(quiet: Venue) -> None:
    async def scenario(maker: Any, taker: Any) -> None:
        tasks = {
            "orders": asyncio.create_task(taker.watch_orders()),
            "trades": asyncio.create_task(taker.watch_my_trades(BTC)),
            "balance": asyncio.create_task(taker.watch_balance()),
        }
        await subscribed(taker, "user.orders", "user.trades", "balance")
        await maker.create_order(BTC, "limit", "sell", 100, 80_010)
        order = await taker.create_order(BTC, "limit", "buy", 60, 80_010)
        seen = await asyncio.wait_for(tasks["orders"], WAIT_S)
        assert seen[-1]["id"] == order["id"]
        assert (seen[-1]["symbol"], seen[-1]["side"]) == (BTC, "buy")
        trades = await asyncio.wait_for(tasks["trades"], WAIT_S)
        assert trades[-1]["order"] == order["id"]
        assert (trades[-1]["amount"], trades[-1]["price"]) == (60, 80_010)
        assert exact(trades[-1]["info"]["fee"]) == inverse_fee(60, 80_010, "0.00035")
        balance = await asyncio.wait_for(tasks["balance"], WAIT_S)
        assert balance["info"]["currency"] in ("BTC", "ETH", "USDC")

        async def watch_btc() -> Any:
            return await taker.watch_balance()

        def is_btc(one: Any) -> bool:
            return bool(one["info"]["currency"] == "BTC")

        if not is_btc(balance):
            balance = await until(watch_btc, is_btc)
        fetched = await taker.fetch_balance({"code": "BTC"})
        assert balance["BTC"]["BTC"]["total"] == pytest.approx(
            fetched["BTC"]["total"], rel=1e-6
        )
        await maker.cancel_all_orders()

    run(quiet, scenario)


async def subscribed(client: Any, *topics: str) -> None:
    """Wait until a client has subscribed and been answered.

    Requests of one connection are answered in order: when a ticker asked for later has
    come, the subscriptions asked for before it hold.
    """

    def sent() -> bool:
        names = [name for one in client.clients.values() for name in one.subscriptions]
        return all(any(topic in name for name in names) for topic in topics)

    async with asyncio.timeout(WAIT_S):
        while not sent():
            await asyncio.sleep(0.01)
        await client.watch_ticker(ETH)


def test_an_order_is_watched_through_its_states(quiet: Venue) -> None:
    async def scenario(maker: Any, taker: Any) -> None:
        told: list[tuple[Any, ...]] = []
        keys = ("id", "status", "amount", "filled")

        async def listen() -> None:
            while True:
                seen = await maker.watch_orders(BTC)
                told.extend(tuple(one[key] for key in keys) for one in seen)

        listening = asyncio.create_task(listen())
        await subscribed(maker, "user.orders")
        order = await maker.create_order(BTC, "limit", "sell", 30, 80_020)
        await maker.edit_order(order["id"], BTC, "limit", "sell", 40, 80_020)
        await taker.create_order(BTC, "limit", "buy", 10, 80_020)
        await maker.cancel_order(order["id"])
        wanted = [
            (order["id"], "open", 30, 0),
            (order["id"], "open", 40, 0),
            (order["id"], "open", 40, 10),
            (order["id"], "canceled", 40, 10),
        ]
        async with asyncio.timeout(WAIT_S):
            while wanted[-1] not in told:
                await asyncio.sleep(0.01)
        listening.cancel()
        assert list(dict.fromkeys(told)) == wanted

    run(quiet, scenario)
