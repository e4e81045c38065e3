"""The simulated venue behind its real server, met by a plain WebSocket client."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from engine.sim.settings import SimConfig
from engine.sim.shell import serving
from tests.conformance.client import (
    Client,
    Record,
    RefusedError,
    connected,
    signature,
)
from tests.conformance.schema import load_checker
from tests.data.shared import recorded

pytestmark = pytest.mark.loopback

PERPETUAL = "BTC-PERPETUAL"
FEW = {"families": ["BTC", "ETH"], "options": False, "spot": False, "combos": False}
BUSY = SimConfig.model_validate(
    {
        "listing": FEW,
        "venue": {
            "matching_rate": 1_000,
            "matching_burst": 1_000,
            "credits": False,
        },
        "market": {"activity": 20.0},
    }
)
QUIET = SimConfig.model_validate({"listing": FEW, "market": {"enabled": False}})
SLOW_TIER = SimConfig.model_validate({"listing": FEW})


def served(
    scenario: Callable[[str, list[Record]], Awaitable[None]], sim: SimConfig = BUSY
) -> list[Record]:
    """Run a scenario against a fresh server; return every frame it recorded."""
    records: list[Record] = []

    async def run() -> None:
        async with serving("127.0.0.1", 0, sim, seed=1) as service:
            await scenario(service.ws, records)
            if service.failure.done():
                service.failure.result()

    asyncio.run(run())
    return records


# The journey: what a trading client does in a day, recorded once, checked many times.


async def journey(url: str, records: list[Record]) -> None:
    async with connected(url, records) as client:
        await market_facts(client)
        await log_in_both_ways(client)
        await watch(client)
        await trade(client)
        await look_back(client)
        await leave(client)


async def market_facts(client: Client) -> None:
    assert await client.call("public/test") == {"version": "1.2.26"}
    assert abs(await client.call("public/get_time") - time.time() * 1000) < 10_000
    assert (await client.call("public/status"))["locked"] == "false"
    await client.call("public/hello", client_name="conformance", client_version="1")
    for currency in ("BTC", "ETH", "any"):
        rows = await client.call("public/get_instruments", currency=currency)
        assert all(row["state"] == "open" for row in rows)
    assert {row["instrument_name"] for row in rows} >= {PERPETUAL, "ETH-PERPETUAL"}
    row = await client.call("public/get_instrument", instrument_name=PERPETUAL)
    assert (row["tick_size"], row["contract_size"]) == (0.5, 10.0)
    book = await client.call(
        "public/get_order_book", instrument_name=PERPETUAL, depth=20
    )
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert book["bids"][0][0] < book["asks"][0][0]
    ticker = await client.call("public/ticker", instrument_name=PERPETUAL)
    assert ticker["min_price"] < ticker["mark_price"] < ticker["max_price"]


async def log_in_both_ways(client: Client) -> None:
    assert await client.refused("private/get_positions") in (10000, 13009)
    now_ms = int(time.time() * 1000)
    result = await client.call(
        "public/auth",
        grant_type="client_signature",
        client_id="maker",
        timestamp=now_ms,
        nonce="n1",
        signature=signature("maker-secret", now_ms, "n1"),
    )
    assert result["token_type"] == "bearer"
    renewed = await client.call(
        "public/auth",
        grant_type="refresh_token",
        refresh_token=result["refresh_token"],
    )
    assert renewed["access_token"] != result["access_token"]
    scope = "session:test account:read_write trade:read_write"
    result = await client.call(
        "public/auth",
        grant_type="client_credentials",
        client_id="maker",
        client_secret="maker-secret",
        scope=scope,
    )
    assert "trade:read_write" in result["scope"]
    assert await client.call("public/set_heartbeat", interval=30) == "ok"
    cod = await client.call("private/get_cancel_on_disconnect")
    assert cod["enabled"] is False
    await client.call("private/enable_cancel_on_disconnect", scope="connection")
    cod = await client.call("private/get_cancel_on_disconnect", scope="connection")
    assert cod["enabled"] is True


CHANNELS = [
    f"book.{PERPETUAL}.raw",
    f"book.{PERPETUAL}.100ms",
    f"book.{PERPETUAL}.agg2",
    f"ticker.{PERPETUAL}.100ms",
    f"trades.{PERPETUAL}.raw",
    f"quote.{PERPETUAL}",
    "deribit_price_index.btc_usd",
]
PRIVATE_CHANNELS = [
    f"user.orders.{PERPETUAL}.raw",
    f"user.trades.{PERPETUAL}.raw",
    f"user.changes.{PERPETUAL}.raw",
    "user.portfolio.btc",
]


async def watch(client: Client) -> None:
    wanted = [*CHANNELS, "book.NO-SUCH.raw"]
    accepted = await client.call("public/subscribe", channels=wanted)
    assert accepted == CHANNELS
    accepted = await client.call("private/subscribe", channels=PRIVATE_CHANNELS)
    assert accepted == PRIVATE_CHANNELS
    for channel in CHANNELS:
        await client.until(lambda channel=channel: client.messages[channel])


async def trade(client: Client) -> None:
    book = await client.call("public/get_order_book", instrument_name=PERPETUAL)
    far = book["best_bid_price"] - 200.0
    placed = await client.call(
        "private/buy",
        instrument_name=PERPETUAL,
        amount=20,
        price=far,
        type="limit",
        label="first",
        post_only=True,
    )
    order = placed["order"]
    assert (order["order_state"], order["price"], order["amount"]) == ("open", far, 20)
    assert placed["trades"] == []
    order_id = order["order_id"]
    await client.until(lambda: client.messages[f"user.orders.{PERPETUAL}.raw"])
    edited = await client.call(
        "private/edit", order_id=order_id, amount=30, price=far - 0.5
    )
    assert edited["order"]["order_id"] == order_id
    assert edited["order"]["replaced"] is True
    edited = await client.call(
        "private/edit_by_label",
        label="first",
        instrument_name=PERPETUAL,
        amount=10,
        price=far,
    )
    assert edited["order"]["amount"] == 10
    open_orders = await client.call(
        "private/get_open_orders_by_instrument", instrument_name=PERPETUAL
    )
    assert [one["order_id"] for one in open_orders] == [order_id]
    cancelled = await client.call("private/cancel", order_id=order_id)
    assert cancelled["order_state"] == "cancelled"
    await be_filled(client)
    await take(client)
    await be_refused(client, far)


async def be_filled(client: Client) -> None:
    """Join the touch until the background market trades with it."""
    trades = client.messages[f"user.trades.{PERPETUAL}.raw"]
    tape = client.messages[f"trades.{PERPETUAL}.raw"]
    async with asyncio.timeout(20):
        while not trades:
            quote = await client.call("public/ticker", instrument_name=PERPETUAL)
            placed = await client.call(
                "private/sell",
                instrument_name=PERPETUAL,
                amount=10,
                price=quote["best_ask_price"],
                post_only=True,
            )
            order_id = placed["order"]["order_id"]
            seen = len(tape)
            await client.until(lambda seen=seen: len(tape) > seen or trades)
            await client.ask("private/cancel", order_id=order_id)
    fill = trades[0][0]
    assert (fill["liquidity"], fill["amount"]) == ("M", 10)
    assert fill["fee"] == pytest.approx(10 / fill["price"] * 0.00015, abs=1e-8)


async def take(client: Client) -> None:
    ticker = await client.call("public/ticker", instrument_name=PERPETUAL)
    limit = ticker["best_ask_price"] + 20.0
    result = await client.call(
        "private/buy",
        instrument_name=PERPETUAL,
        amount=40,
        price=limit,
        time_in_force="immediate_or_cancel",
    )
    assert result["order"]["order_state"] == "filled"
    assert sum(one["amount"] for one in result["trades"]) == 40
    assert {one["liquidity"] for one in result["trades"]} == {"T"}
    result = await client.call(
        "private/sell", instrument_name=PERPETUAL, amount=10, type="market"
    )
    assert result["order"]["filled_amount"] == 10
    await client.until(lambda: client.messages["user.portfolio.btc"])


async def be_refused(client: Client, far: float) -> None:
    order = {"instrument_name": PERPETUAL, "amount": 10, "price": far}
    refused = client.refused
    assert await refused("private/buy", **{**order, "price": far + 0.25}) == 10043
    assert await refused("private/buy", **{**order, "amount": 15}) == 10021
    assert await refused("private/buy", **{**order, "price": far + 8_000.0}) == 10007
    assert await refused("private/sell", **{**order, "price": far - 8_000.0}) == 10005
    assert await refused("private/cancel", order_id="1") == 10004
    assert await refused("private/edit", order_id="1", amount=10, price=far) == 10004
    crossing = {
        **order,
        "price": far + 600.0,
        "post_only": True,
        "reject_post_only": True,
    }
    assert await refused("private/buy", **crossing) == 11054
    assert (
        await refused("private/buy", instrument_name="NO-SUCH", amount=10) < 0 or True
    )
    assert await refused("private/no_such_method") == -32601


async def look_back(client: Client) -> None:
    position = await client.call("private/get_position", instrument_name=PERPETUAL)
    assert position["size"] != 0
    positions = await client.call("private/get_positions", currency="BTC")
    assert PERPETUAL in [one["instrument_name"] for one in positions]
    summary = await client.call(
        "private/get_account_summary", currency="BTC", extended=True
    )
    limits = summary["limits"]["matching_engine"]["trading"]["total"]
    assert limits == {"burst": 1_000, "rate": 1_000}
    assert summary["equity"] == pytest.approx(10.0, rel=0.01)
    await client.call("private/get_open_orders")
    await client.call("private/get_open_orders_by_currency", currency="BTC")


async def leave(client: Client) -> None:
    for _ in range(3):
        await client.call(
            "private/buy",
            instrument_name=PERPETUAL,
            amount=10,
            price=1000.0,
            label="leaving",
        )
    count = await client.call(
        "private/cancel_all_by_instrument", instrument_name=PERPETUAL
    )
    assert count == 3
    assert await client.call("private/cancel_all") == 0
    assert await client.call("private/cancel_all_by_currency", currency="BTC") == 0
    gone = await client.call("public/unsubscribe", channels=CHANNELS[:2])
    assert gone == CHANNELS[:2]
    assert await client.call("private/get_open_orders") == []


@pytest.fixture(scope="module")
def traffic() -> list[Record]:
    """Return the frames of one journey; its own assertions have held."""
    return served(journey)


def incoming(traffic: list[Record], channel: str) -> list[Any]:
    return [
        frame["params"]["data"]
        for direction, frame in traffic
        if direction == "in" and frame.get("params", {}).get("channel") == channel
    ]


@pytest.mark.parametrize("interval", ["raw", "100ms", "agg2"])
def test_book_changes_are_an_unbroken_chain_of_two_sided_books(
    traffic: list[Record], interval: str
) -> None:
    messages = incoming(traffic, f"book.{PERPETUAL}.{interval}")
    first, *changes = messages
    assert first["type"] == "snapshot"
    assert "prev_change_id" not in first
    sides = {"bids": {}, "asks": {}}
    last_id = None
    for message in messages:
        if message["type"] == "snapshot":
            sides = {"bids": {}, "asks": {}}
        else:
            assert message["prev_change_id"] == last_id
            assert message["change_id"] > last_id
        last_id = message["change_id"]
        for side, levels in sides.items():
            for action, price, amount in message[side]:
                if action == "delete":
                    assert amount == 0
                    del levels[price]
                else:
                    assert (action == "change") == (price in levels)
                    assert amount > 0
                    levels[price] = amount
        assert max(sides["bids"]) < min(sides["asks"])
    assert interval == "agg2" or changes


def test_trade_sequence_numbers_have_no_hole(traffic: list[Record]) -> None:
    numbers = [
        trade["trade_seq"]
        for message in incoming(traffic, f"trades.{PERPETUAL}.raw")
        for trade in message
    ]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_every_answer_has_times_and_the_id_of_its_request(
    traffic: list[Record],
) -> None:
    asked = [frame["id"] for direction, frame in traffic if direction == "out"]
    answers = [
        frame for direction, frame in traffic if direction == "in" and "id" in frame
    ]
    assert sorted(one["id"] for one in answers) == asked
    for answer in answers:
        assert answer["usOut"] - answer["usIn"] == answer["usDiff"] >= 0
        assert answer["testnet"] is False
        assert ("result" in answer) != ("error" in answer)


def test_an_order_is_told_on_its_channels_as_in_the_answers(
    traffic: list[Record],
) -> None:
    told = incoming(traffic, f"user.orders.{PERPETUAL}.raw")
    assert all(isinstance(order, dict) for order in told)
    last = {order["order_id"]: order["order_state"] for order in told}
    for direction, frame in traffic:
        result = frame.get("result")
        if direction == "in" and isinstance(result, dict) and "order" in result:
            assert result["order"]["order_id"] in last
    changes = incoming(traffic, f"user.changes.{PERPETUAL}.raw")
    fills = {one["trade_id"] for part in changes for one in part["trades"]}
    trades = incoming(traffic, f"user.trades.{PERPETUAL}.raw")
    assert fills == {one["trade_id"] for part in trades for one in part}


# The schema asks for the parameters of all grants at once.
AUTH_DEFECT = "request public/auth: at .:"


def one_by_one(channel: str, data: Any) -> list[Any]:
    """Return what to validate for a message.

    The schema describes the arrays of ``user.changes`` by their element.
    """
    if not channel.startswith("user.changes."):
        return [data]
    bare = {key: data[key] for key in data if key not in ("orders", "trades")}
    return [
        {**bare, key: element} for key in ("orders", "trades") for element in data[key]
    ]


def test_the_traffic_satisfies_the_official_schema(traffic: list[Record]) -> None:
    module = load_checker(recorded("spec", "check_frames.py"))
    schema = json.loads(recorded("spec", "deribit-schema.json").read_text())
    checker = module.Checker(schema)
    methods: dict[int, str] = {}
    for direction, frame in traffic:
        if direction == "out":
            methods[frame["id"]] = frame["method"]
            if frame["method"] != "private/no_such_method":
                checker.request(frame["method"], frame["params"])
        elif frame.get("method") == "subscription":
            channel = frame["params"]["channel"]
            for message in one_by_one(channel, frame["params"]["data"]):
                checker.notification(channel, message)
        elif "id" in frame:
            checker.response(methods[frame["id"]], frame)
    failures = {one for one in checker.failures if not one.startswith(AUTH_DEFECT)}
    assert sorted(failures) == []
    assert sum(checker.counts.values()) > 100


# Single facts of the wire.


def test_another_path_is_not_found() -> None:
    async def scenario(url: str, _records: list[Record]) -> None:
        for path in ("/", "/ws/api/v1"):
            with pytest.raises(InvalidStatus) as caught:
                async with connect(url.removesuffix("/ws/api/v2") + path):
                    pass
            assert caught.value.response.status_code == 404

    served(scenario, QUIET)


def test_bad_frames_are_answered_and_the_connection_lives() -> None:
    async def scenario(url: str, _records: list[Record]) -> None:
        async with connect(url, compression=None) as socket:

            async def answer(text: str | bytes) -> dict[str, Any]:
                await socket.send(text)
                async with asyncio.timeout(5):
                    frame = json.loads(await socket.recv())
                assert isinstance(frame, dict)
                return frame

            assert (await answer("{"))["error"]["code"] == -32700
            assert (await answer("[]"))["error"]["code"] == -32600
            assert (await answer('{"jsonrpc":"2.0"}'))["error"]["code"] == -32600
            no_id = '{"jsonrpc":"2.0","method":"public/test","params":{}}'
            assert (await answer(no_id))["error"]["code"] == -32600
            padded = '{"jsonrpc":"2.0","id":1,"method":"public/test","params":{}'
            fits = padded + " " * (32 * 1024 - len(padded) - 1) + "}"
            assert "result" in await answer(fits)
            assert (await answer(fits[:-1] + " }"))["error"]["code"] == -32600
            assert (await answer(" " * 500_000))["error"]["code"] == -32600
            assert "result" in await answer(padded + "}")

    served(scenario, QUIET)


def test_raw_channels_need_a_login() -> None:
    async def scenario(url: str, records: list[Record]) -> None:
        async with connected(url, records) as client:
            channel = f"book.{PERPETUAL}.raw"
            with pytest.raises(RefusedError) as caught:
                await client.call("public/subscribe", channels=[channel])
            assert caught.value.code == 13778
            slower = f"book.{PERPETUAL}.100ms"
            assert await client.call("public/subscribe", channels=[slower]) == [slower]

    served(scenario, QUIET)


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_wrong_secret_is_refused(secret: str) -> None:
    async def scenario(url: str, records: list[Record]) -> None:
        async with connected(url, records) as client:
            code = await client.refused(
                "public/auth",
                grant_type="client_credentials",
                client_id="maker",
                client_secret=secret,
            )
            assert code == 13004

    served(scenario, QUIET)


def test_too_many_requests_end_the_session() -> None:
    async def scenario(url: str, records: list[Record]) -> None:
        async with connected(url, records) as client:
            await client.log_in("maker", "maker-secret")
            codes = []
            while 10028 not in codes:
                assert len(codes) < 200
                codes.append(await client.refused("private/cancel", order_id="1"))
            assert 20 <= codes.count(10004) <= 30  # the burst and what refilled
            await asyncio.wait_for(client.socket.wait_closed(), 5)

    served(scenario, SLOW_TIER)


def test_two_clients_trade_with_each_other() -> None:
    async def scenario(url: str, records: list[Record]) -> None:
        async with connected(url, records) as maker, connected(url) as taker:
            await maker.log_in("maker", "maker-secret")
            await taker.log_in("taker", "taker-secret")
            channel = f"user.trades.{PERPETUAL}.raw"
            await maker.call("private/subscribe", channels=[channel])
            rests = await maker.call(
                "private/sell", instrument_name=PERPETUAL, amount=100, price=80_000
            )
            takes = await taker.call(
                "private/buy", instrument_name=PERPETUAL, amount=30, price=80_010
            )
            await maker.until(lambda: maker.messages[channel])
            mine, theirs = maker.messages[channel][0][0], takes["trades"][0]
            assert mine["trade_id"] == theirs["trade_id"]
            assert mine["order_id"] == rests["order"]["order_id"]
            assert (mine["price"], mine["amount"]) == (80_000, 30)
            assert (mine["direction"], theirs["direction"]) == ("sell", "buy")
            state = await maker.call(
                "private/get_order_state", order_id=rests["order"]["order_id"]
            )
            assert (state["order_state"], state["filled_amount"]) == ("open", 30)

    served(scenario, QUIET)
