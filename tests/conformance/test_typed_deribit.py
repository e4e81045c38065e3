"""typed-deribit: a client that validates every answer and every notification.

Its types are generated from the venue's documentation and corrected where its authors
saw the live venue differ, so that whatever passes here looks like the venue to them.
Every valid call of the table that the client can express goes through it, over HTTP
with a token, over HTTP signed, and over a WebSocket.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.sim.venue.methods.registry import METHODS
from tests.conformance.calls import ALONE, CALLS
from tests.conformance.client import RefusedError, connected
from tests.conformance.day import ETH_PERPETUAL, LINEAR, PERPETUAL, Day, Login
from tests.conformance.facts import exact, inverse_fee, on_tick
from tests.conformance.served import API, MAKER, TAKER, Venue
from tests.conformance.ways import Way

typed_deribit = pytest.importorskip(
    "typed_deribit", reason="needs the extra: make conformance"
)
exceptions = pytest.importorskip("typed_core.exceptions")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.filterwarnings("ignore"),  # the client's own, and of what it uses
]

WAIT_S = 20.0
SECTIONS = (
    "market_data",
    "account",
    "auth",
    "combo_books",
    "session",
    "subscription_management",
    "supporting",
    "trading",
    "wallet.address_book",
    "wallet.deposits",
    "wallet.transfers",
    "wallet.withdrawals",
)
MISREAD = ("underlying_index", "contract_size")
"""A name in every capture, which the client reads as a number in tickers of options;
and a size it takes for an integer, which that of a linear contract is not."""
EVERYTHING = {"currency": "any"}
"""Asks for more than the client reads in one frame, here as in production."""
WHOLE_ORDER = ("private/buy", "private/sell", "private/close_position")
"""Methods whose parameters the client takes as one value."""


def client_of(venue: Venue, account: tuple[str, str], http_auth: str = "token") -> Any:
    """Return a client with both of its URLs pointed at the venue."""
    name, secret = account
    client = typed_deribit.Deribit.new(
        client_id=name, client_secret=secret, http_auth=http_auth
    )
    client.rpc_client.base_url = venue.origin + API
    client.ws_client.conn.url = venue.ws
    return client


@asynccontextmanager
async def desks(venue: Venue) -> AsyncIterator[tuple[Any, Any]]:
    """Open the maker's client and the taker's."""
    async with client_of(venue, MAKER) as maker, client_of(venue, TAKER) as taker:
        yield maker, taker


def run(scenario: Callable[[], Awaitable[None]], seconds: float = 120.0) -> None:
    async def limited() -> None:
        async with asyncio.timeout(seconds):
            await scenario()

    asyncio.run(limited())


# Every valid call.


def function_of(client: Any, method: str) -> Any:
    """Return the client's function for a method, None when it has none."""
    name = method.partition("/")[2]
    for path in SECTIONS:
        section = client
        for part in path.split("."):
            section = getattr(section, part)
        if hasattr(section, name):
            return getattr(section, name)
    return None


def arguments(function: Any, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as the client's function takes them."""
    accepted = inspect.signature(function).parameters
    if method in WHOLE_ORDER:
        return {next(iter(accepted)): params}
    assert set(params) <= set(accepted), (method, set(params) - set(accepted))
    return {name: argument(name, value) for name, value in params.items()}


def argument(name: str, value: Any) -> Any:
    if name in ("start_timestamp", "end_timestamp"):
        return datetime.fromtimestamp(value / 1000, UTC)
    return str(value) if name == "resolution" else value


async def problem(function: Any, given: dict[str, Any], **how: Any) -> str:
    """Make one call; return what the client found wrong with the answer, or ""."""
    try:
        await function(**given, **how)
    except exceptions.Error as error:
        return str(error)[:2_000]
    return ""


@pytest.mark.parametrize("http_auth", ["token", "hmac"])
def test_every_answer_is_what_the_client_expects(busy: Venue, http_auth: str) -> None:
    problems: list[str] = []
    seen: set[str] = set()

    async def call(client: Any, day: Day, method: str, way: Way) -> None:
        function = function_of(client, method)
        if function is None or method in ALONE:
            return
        ways = [{"transport": "http"}, {"transport": "ws"}]
        if METHODS[method].socket_only:
            ways = ways[1:]
        if "transport" not in inspect.signature(function).parameters:
            ways = [{}]
        for how in ways:
            try:
                made = way(day)
                params = await made if inspect.isawaitable(made) else made
            except RefusedError as refusal:
                problems.append(f"preparing {method}: {refusal}")
                return
            if how == {"transport": "ws"} and params == EVERYTHING:
                continue
            given = arguments(function, method, params)
            found = await problem(function, given, **how)
            if found and not any(name in found for name in MISREAD):
                problems.append(f"{method} {params} {how}: {found}")
        seen.add(method)

    async def scenario() -> None:
        async with (
            connected(busy.ws) as preparing,
            client_of(busy, MAKER, http_auth) as client,
        ):
            day = await Day.begin(preparing, Login(*MAKER, 1001))
            for method in sorted(METHODS):
                for way in CALLS[method]:
                    await call(client, day, method, way)

    run(scenario, 300)
    assert not problems, "\n\n".join(problems)
    assert len(seen) > 0.8 * len(METHODS)


# Every notification.


def market_streams(market: Any) -> dict[str, Any]:
    """Return a stream of every market channel that speaks in a lively market.

    But the ticker of an option, which the client misreads.
    """
    return {
        "book": market.book(PERPETUAL, interval="100ms"),
        "raw book": market.book(PERPETUAL, interval="raw"),
        "grouped": market.book_grouped(
            PERPETUAL, group="none", depth="10", interval="100ms"
        ),
        "ticker": market.ticker(PERPETUAL, interval="100ms"),
        "incremental": market.incremental_ticker(ETH_PERPETUAL),
        "quote": market.quote(LINEAR),
        "trades": market.trades_by_instrument(PERPETUAL, interval="100ms"),
        "all trades": market.trades_by_kind_currency(
            "future", currency="any", interval="100ms"
        ),
        "candles": market.chart_trades(PERPETUAL, resolution="1"),
        "interest": market.perpetual(PERPETUAL, interval="100ms"),
        "index": market.price_index("btc_usd"),
        "ranking": market.price_ranking("btc_usd"),
        "statistics": market.price_statistics("btc_usd"),
        "volatility": market.volatility_index("btc_usd"),
        "marks": market.mark_price_options("btc_usd"),
        "expiration": market.estimated_expiration_price("btc_usd"),
    }


async def first(stream: Any, count: int = 1) -> list[Any]:
    """Return the first messages of a stream, each validated by the client."""
    messages = []
    async with stream as opened:
        async with asyncio.timeout(WAIT_S):
            async for message in opened:
                messages.append(message)
                if len(messages) == count:
                    break
    return messages


def test_market_channels(busy: Venue) -> None:
    async def scenario() -> None:
        async with desks(busy) as (maker, _):
            await maker.supporting.get_time(transport="ws")
            streams = market_streams(maker.streams.market_data)
            await maker.account.get_positions(transport="ws")  # raw needs a login
            told = await asyncio.gather(*map(first, streams.values()))
        by_name = dict(zip(streams, told, strict=True))
        (book,) = by_name["book"]
        assert book["type"] == "snapshot"
        assert all(action == "new" for action, _, _ in book["bids"] + book["asks"])
        (grouped,) = by_name["grouped"]
        assert len(grouped["bids"]) <= 10
        (marks,) = by_name["marks"]
        assert all(one["mark_price"] >= 0 for one in marks)
        (candle,) = by_name["candles"]
        assert candle["low"] <= candle["close"] <= candle["high"]

    run(scenario)


def test_book_changes_follow_each_other(busy: Venue) -> None:
    async def scenario() -> None:
        async with desks(busy) as (maker, _):
            stream = maker.streams.market_data.book(PERPETUAL, interval="100ms")
            snapshot, *changes = await first(stream, 6)
        last = snapshot["change_id"]
        assert "prev_change_id" not in snapshot
        for change in changes:
            assert change["type"] == "change"
            assert change["prev_change_id"] == last
            last = change["change_id"]

    run(scenario)


def test_account_channels(quiet: Venue) -> None:
    async def scenario() -> None:
        async with desks(quiet) as (maker, taker):
            user = taker.streams.user
            streams = {
                "orders": user.orders_by_instrument(PERPETUAL, interval="100ms"),
                "raw orders": user.orders_by_instrument_raw(PERPETUAL),
                "all orders": user.orders_by_kind_currency_raw(
                    "future", currency="BTC"
                ),
                "trades": user.trades_by_instrument(PERPETUAL, interval="raw"),
                "all trades": user.trades_by_kind_currency(
                    "future", currency="any", interval="100ms"
                ),
                "changes": user.changes_by_instrument(PERPETUAL, interval="raw"),
                "all changes": user.changes_by_kind_currency(
                    "future", currency="BTC", interval="100ms"
                ),
                "portfolio": user.portfolio("BTC"),
            }
            opened = {name: await stream for name, stream in streams.items()}
            await maker.trading.sell(limit(100, 80_010))
            done = await taker.trading.buy(limit(60, 80_010))
            told = {}
            async with asyncio.timeout(WAIT_S):
                for name, stream in opened.items():
                    told[name] = await anext(aiter(stream))
            order_id = done["order"]["order_id"]
            assert told["raw orders"]["order_id"] == order_id
            assert [one["order_id"] for one in told["orders"]] == [order_id]
            for name in ("trades", "all trades"):
                assert [one["amount"] for one in told[name]] == [60]
            assert told["changes"]["instrument_name"] == PERPETUAL
            assert told["portfolio"]["currency"] == "BTC"
            await maker.trading.cancel_all()

    run(scenario)


# A day.


def limit(amount: float, price: float, **more: Any) -> dict[str, Any]:
    """Return a limit order of the perpetual."""
    return {
        "instrument_name": PERPETUAL,
        "amount": amount,
        "type": "limit",
        "price": price,
        **more,
    }


@pytest.mark.parametrize("transport", ["http", "ws"])
def test_a_day(quiet: Venue, transport: str) -> None:
    async def scenario() -> None:
        async with desks(quiet) as (maker, taker):
            rows = await maker.market_data.get_instruments("BTC", transport=transport)
            (row,) = [one for one in rows if one["instrument_name"] == PERPETUAL]
            placed = await maker.trading.sell(
                limit(100, 80_015, post_only=True, label="offer"), transport=transport
            )
            offer = placed["order"]
            assert (offer["order_state"], offer["label"]) == ("open", "offer")
            assert on_tick(row, offer["price"])
            edited = await maker.trading.edit(
                offer["order_id"], amount=80, price=80_016, transport=transport
            )
            assert (edited["order"]["amount"], edited["order"]["price"]) == (80, 80_016)
            done = await taker.trading.buy(limit(50, 80_016), transport=transport)
            assert done["order"]["order_state"] == "filled"
            (trade,) = done["trades"]
            assert exact(trade["fee"]) == inverse_fee(50, 80_016, "0.00035")
            held = await taker.account.get_position(PERPETUAL, transport=transport)
            assert held["direction"] in ("buy", "sell", "zero")
            state = await maker.trading.get_order_state(
                offer["order_id"], transport=transport
            )
            assert (state["filled_amount"], state["order_state"]) == (50, "open")
            gone = await maker.trading.cancel(offer["order_id"], transport=transport)
            assert gone["order_state"] == "cancelled"
            log = await taker.account.get_transaction_log(
                currency="BTC",
                start_timestamp=datetime.fromtimestamp(0, UTC),
                end_timestamp=datetime.now(UTC),
                transport=transport,
            )
            logged = {one.get("trade_id") for one in log["logs"]}
            assert trade["trade_id"] in logged

    run(scenario)


def test_errors_are_the_clients_own(quiet: Venue) -> None:
    async def scenario() -> None:
        async with desks(quiet) as (maker, _):
            for transport in ("http", "ws"):
                with pytest.raises(exceptions.ApiError) as caught:
                    await maker.trading.cancel("424242", transport=transport)
                assert caught.value.args[0] == 10004
                with pytest.raises(exceptions.ApiError) as caught:
                    await maker.trading.buy(limit(10, 79_000.3), transport=transport)
                assert caught.value.args[0] == 10043
        async with client_of(quiet, ("maker", "wrong")) as stranger:
            with pytest.raises(exceptions.ApiError) as caught:
                await stranger.account.get_positions()
            assert caught.value.args[0] == 13004

    run(scenario)
