"""cryptofeed watches the market and its own fills; its REST side reads the market.

It opens nothing but ``wss://``, so a TLS door stands before the venue. Its order
channel is left out: the client itself cannot read it (it asks the message for fields of
another venue).
"""

from __future__ import annotations

import asyncio
import gc
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.client import connected
from tests.conformance.facts import inverse_fee
from tests.conformance.served import API, MAKER, TAKER, Venue
from tests.conformance.tls import door, make_certificate, trusting

cryptofeed = pytest.importorskip(
    "cryptofeed", reason="needs the extra: make conformance"
)
connection = pytest.importorskip("cryptofeed.connection")
defines = pytest.importorskip("cryptofeed.defines")
exchanges = pytest.importorskip("cryptofeed.exchanges")
symbols = pytest.importorskip("cryptofeed.symbols")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.filterwarnings("default"),  # of the client's own dependencies
]

PERPETUAL = "BTC-USD-PERP"
WAIT_S = 20.0
FEW = 5


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the certificate of the TLS door."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    """Let what the client leaves to the collector be collected with its test."""
    yield
    gc.collect()


def feed_class(venue: Venue, url: str = "wss://not-opened", **options: Any) -> Any:
    """Return cryptofeed's Deribit with its three URLs pointed at the venue."""
    plain = exchanges.Deribit
    socket = connection.WebsocketEndpoint(url, options=options)
    rest = connection.RestEndpoint(venue.origin, routes=plain.rest_endpoints[0].routes)
    symbols.Symbols.data.pop(plain.id, None)  # what another venue has listed
    urls = {
        "websocket_endpoints": [socket],
        "rest_endpoints": [rest],
        "api": f"{venue.origin}{API}/public/",
    }
    return type("Deribit", (plain,), urls)


def config_of(account: tuple[str, str]) -> dict[str, Any]:
    name, secret = account
    return {
        "log": {"disabled": True},
        "deribit": {"key_id": name, "key_secret": secret},
    }


@asynccontextmanager
async def watching(
    venue: Venue, certificate: Path, channels: list[str], names: list[str]
) -> AsyncIterator[dict[str, list[Any]]]:
    """Run a feed; what each of its callbacks is told is in the lists."""
    told: dict[str, list[Any]] = defaultdict(list)

    def remember(channel: str) -> Callable[..., Any]:
        async def callback(item: Any, _received: float) -> None:
            told[channel].append(item)

        return callback

    async with door(venue.ws, certificate) as url:
        feed = feed_class(venue, url, ssl=trusting(certificate))(
            config=config_of(TAKER),
            symbols=names,
            channels=channels,
            callbacks={channel: remember(channel) for channel in channels},
        )
        handler = cryptofeed.FeedHandler(config=config_of(TAKER))
        handler.add_feed(feed)
        handler.run(start_loop=False, install_signal_handlers=False)
        try:
            yield told
        finally:
            await handler.stop_async()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.02)


def test_every_instrument_is_a_symbol(busy: Venue) -> None:
    """But combos, and options on small coins: the client drops a strike's decimals."""
    rows = busy.ask("public/get_instruments", currency="any")
    mapping = feed_class(busy).symbol_mapping(refresh=True)
    plain = {
        one["instrument_name"]
        for one in rows
        if "combo" not in one["kind"] and one["base_currency"] in ("BTC", "ETH")
    }
    assert plain <= set(mapping.values())
    assert mapping[PERPETUAL] == "BTC-PERPETUAL"


def test_the_market_is_watched(busy: Venue, certificate: Path) -> None:
    channels = [
        defines.L1_BOOK,
        defines.L2_BOOK,
        defines.TRADES,
        defines.TICKER,
        defines.FUNDING,
        defines.OPEN_INTEREST,
    ]

    async def scenario() -> None:
        async with watching(busy, certificate, channels, [PERPETUAL]) as told:
            await until(lambda: all(len(told[c]) >= FEW for c in channels[:4]))
            await until(lambda: told[defines.FUNDING] and told[defines.OPEN_INTEREST])
        for book in told[defines.L2_BOOK]:
            best_bid, best_ask = book.book.bids.index(0)[0], book.book.asks.index(0)[0]
            assert best_bid < best_ask
            assert best_bid % Decimal("0.5") == best_ask % Decimal("0.5") == 0
        for trade in told[defines.TRADES]:
            assert trade.symbol == PERPETUAL
            assert trade.price % Decimal("0.5") == 0
            assert trade.amount % 10 == 0
        for quote in told[defines.L1_BOOK]:
            assert quote.bid_price < quote.ask_price
            assert quote.bid_size > 0
        for ticker in told[defines.TICKER]:
            assert ticker.bid < ticker.ask
        assert all(abs(one.rate) <= Decimal("0.005") for one in told[defines.FUNDING])
        assert all(one.open_interest >= 0 for one in told[defines.OPEN_INTEREST])

    asyncio.run(scenario())


def test_fills_are_watched(quiet: Venue, certificate: Path) -> None:
    async def scenario() -> None:
        async with (
            watching(
                quiet, certificate, [defines.FILLS, defines.L2_BOOK], [PERPETUAL]
            ) as told,
            connected(quiet.ws) as maker,
            connected(quiet.ws) as taker,
        ):
            await until(lambda: told[defines.L2_BOOK])  # it has subscribed by then
            await maker.log_in(*MAKER)
            await taker.log_in(*TAKER)
            name = {"instrument_name": "BTC-PERPETUAL"}
            await maker.call("private/sell", **name, amount=100, price=80_010)
            await taker.call("private/buy", **name, amount=60, price=80_010)
            await until(lambda: told[defines.FILLS])
            (fill,) = told[defines.FILLS]
            assert (fill.amount, fill.price) == (60, 80_010)
            assert (fill.side, fill.liquidity) == (defines.BUY, defines.TAKER)
            assert fill.fee == inverse_fee(60, 80_010, "0.00035")
            await maker.call("private/cancel_all")

    asyncio.run(scenario())


def test_the_balance_is_watched(quiet: Venue, certificate: Path) -> None:
    async def scenario() -> None:
        async with (
            watching(quiet, certificate, [defines.BALANCES], ["BTC"]) as told,
            connected(quiet.ws) as taker,
        ):
            await taker.log_in(*TAKER)
            name = {"instrument_name": "BTC-PERPETUAL"}

            async def move() -> None:
                while not told[defines.BALANCES]:
                    await taker.call("private/buy", **name, amount=10, price=70_000)
                    await asyncio.sleep(0.2)

            await asyncio.wait_for(move(), WAIT_S)
            balance = told[defines.BALANCES][0]
            assert balance.currency == "BTC"
            assert balance.balance > balance.reserved >= 0
            await taker.call("private/cancel_all")

    asyncio.run(scenario())


def test_books_and_trades_by_rest(busy: Venue) -> None:
    busy.wait_for_trade("BTC-PERPETUAL")

    async def scenario() -> None:
        feed = feed_class(busy)(config=config_of(TAKER))
        book = await feed.l2_book(PERPETUAL)
        assert book.book.bids.index(0)[0] < book.book.asks.index(0)[0]
        pages = [page async for page in feed.trades(PERPETUAL)]
        trades = [one for page in pages for one in page]
        assert trades
        assert all(one["symbol"] == PERPETUAL for one in trades)
        assert all(one["price"] % Decimal("0.5") == 0 for one in trades)
        assert len({one["id"] for one in trades}) == len(trades)
        await feed.shutdown()

    asyncio.run(scenario())
