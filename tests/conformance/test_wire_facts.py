"""Facts of the wire that clients rely on without knowing it, each by its name."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import re
import time
import urllib.parse
from collections.abc import Awaitable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.conformance.client import Client, Record, connected
from tests.conformance.served import API, MAKER, QUIET, Venue, running

pytestmark = [pytest.mark.conformance, pytest.mark.loopback]

PERPETUAL = "BTC-PERPETUAL"
WAIT_S = 20.0
NUMBER = re.compile(r"(?<=[:\[,])-?\d+(?:\.\d+)?(?:e-?\d+)?(?=[,}\]])")


def ask(
    venue: Venue,
    verb: str,
    target: str,
    body: str | None = None,
    **headers: str,
) -> tuple[int, str, str]:
    """Make one HTTP request; return status, content type and body as they came."""
    connection = http.client.HTTPConnection(
        venue.origin.removeprefix("http://"), timeout=WAIT_S
    )
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    try:
        connection.request(verb, API + target, body, named)
        answer = connection.getresponse()
        kind = answer.getheader("Content-Type", "")
        return answer.status, kind, answer.read().decode()
    finally:
        connection.close()


def basic(account: tuple[str, str] = MAKER) -> str:
    """Return a Basic login."""
    return "Basic " + base64.b64encode(":".join(account).encode()).decode()


def frames_of(venue: Venue, channels: list[str], count: int) -> list[str]:
    """Return the texts of notifications as they came."""
    texts: list[str] = []

    async def scenario() -> None:
        async with connect(venue.ws, compression=None) as socket:
            params = {"channels": channels}
            request = {"id": 1, "method": "public/subscribe", "params": params}
            await socket.send(json.dumps(request))
            async with asyncio.timeout(WAIT_S):
                while len(texts) < count:
                    text = await socket.recv()
                    assert isinstance(text, str)
                    if '"id"' not in text:
                        texts.append(text)

    asyncio.run(scenario())
    return texts


# Numbers.


def spelled(value: str) -> str:
    """Return a float as production spells it, from its decimal digits.

    Shortest digits that give the number back; an exponent where it is strictly shorter.
    """
    number = Decimal(repr(float(value)))
    sign, digits, exponent = number.normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    point = len(text) + exponent
    if exponent >= 0:
        plain = f"{text}{'0' * exponent}.0"
    elif point > 0:
        plain = f"{text[:point]}.{text[point:]}"
    else:
        plain = f"0.{'0' * -point}{text}"
    scientific = f"{text[0]}.{text[1:] or '0'}e{point - 1}"
    shortest = scientific if len(scientific) < len(plain) else plain
    return ("-" if sign else "") + shortest


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("80000.0", "8.0e4"),
        ("80000.5", "80000.5"),
        ("1000200.0", "1.0002e6"),
        ("0.0", "0.0"),
        ("10.0", "10.0"),
        ("0.0001", "0.0001"),
        ("0.00001", "1.0e-5"),
        ("0.015", "0.015"),
    ],
)
def test_the_oracle_spells_as_production_does(value: str, wire: str) -> None:
    assert spelled(value) == wire


def test_floats_are_spelled_as_production_spells_them(busy: Venue) -> None:
    channels = [f"book.{PERPETUAL}.100ms", f"ticker.{PERPETUAL}.100ms"]
    texts = frames_of(busy, channels, 12)
    texts.append(ask(busy, "GET", "/public/get_instruments?currency=BTC")[2])
    floats = [
        number
        for text in texts
        for number in NUMBER.findall(text)
        if "." in number or "e" in number
    ]
    assert len(floats) > 200
    assert [number for number in floats if number != spelled(number)] == []


# Keys.


def test_keys_come_in_one_order_by_default(busy: Venue) -> None:
    target = f"/public/ticker?instrument_name={PERPETUAL}"
    orders = {
        tuple(json.loads(ask(busy, "GET", target)[2])["result"]) for _ in range(5)
    }
    assert len(orders) == 1


def test_keys_are_shuffled_on_demand(tmp_path: Path) -> None:
    config = f'{QUIET}[[fault]]\nkind = "shuffle_keys"\n'
    with running(tmp_path, config) as venue:
        target = f"/public/get_instrument?instrument_name={PERPETUAL}"
        rows = [json.loads(ask(venue, "GET", target)[2])["result"] for _ in range(5)]
    assert all(row == rows[0] for row in rows)
    assert len({tuple(row) for row in rows}) > 1


def test_numbers_are_scientific_on_demand(tmp_path: Path) -> None:
    config = f'{QUIET}[[fault]]\nkind = "scientific"\n'
    with running(tmp_path, config) as venue:
        target = f"/public/get_instrument?instrument_name={PERPETUAL}"
        text = ask(venue, "GET", target)[2]
    assert '"contract_size":1.0e1' in text
    assert json.loads(text)["result"]["contract_size"] == 10


# Channels.


def test_an_unknown_channel_is_answered_with_nothing(busy: Venue) -> None:
    async def scenario() -> None:
        async with connected(busy.ws) as client:
            unknown = [
                "book.NO-SUCH.100ms",
                "no.such.channel",
                "",
                f"quote.{PERPETUAL}.",
            ]
            assert await client.call("public/subscribe", channels=unknown) == []
            known = f"quote.{PERPETUAL}"
            mixed = [unknown[0], known]
            assert await client.call("public/subscribe", channels=mixed) == [known]
            assert await client.call("public/unsubscribe", channels=mixed) == [known]

    asyncio.run(scenario())


# HTTP.


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/public/ticker?instrument_name=NO-SUCH", None),
        ("/public/ticker", -32602),
        ("/public/no_such_method", -32601),
        ("/private/get_positions", None),
        ("/public/get_order_book?instrument_name=BTC-PERPETUAL&depth=many", -32602),
    ],
)
def test_an_error_is_status_400_with_a_json_body(
    busy: Venue, target: str, code: int | None
) -> None:
    status, kind, body = ask(busy, "GET", target)
    assert status == 400
    assert kind.startswith("application/json")
    frame = json.loads(body)
    assert "result" not in frame
    assert frame["jsonrpc"] == "2.0"
    assert type(frame["error"]["code"]) is int
    assert code is None or frame["error"]["code"] == code
    assert frame["error"]["message"]
    assert frame["usOut"] - frame["usIn"] == frame["usDiff"] >= 0
    assert frame["testnet"] is False


def test_a_query_is_text_and_is_understood(quiet: Venue) -> None:
    query = urllib.parse.urlencode(
        {
            "instrument_name": PERPETUAL,
            "amount": "10",
            "price": "79000.0",
            "type": "limit",
            "post_only": "true",
            "reduce_only": "false",
            "label": "10",
        }
    )
    status, _, body = ask(quiet, "GET", f"/private/buy?{query}", authorization=basic())
    assert status == 200
    order = json.loads(body)["result"]["order"]
    assert (order["amount"], order["price"], order["label"]) == (10, 79_000, "10")
    assert (order["post_only"], order["reduce_only"]) == (True, False)
    target = "/private/cancel_all_by_kind_or_type?" + urllib.parse.urlencode(
        {"currency": '["BTC","ETH"]'}
    )
    status, _, body = ask(quiet, "GET", target, authorization=basic())
    assert (status, json.loads(body)["result"]) == (200, 1)


@pytest.mark.parametrize(
    "kind",
    [None, "application/json", "application/x-www-form-urlencoded", "text/plain"],
)
@pytest.mark.parametrize("target", ["/public/ticker", "", "/"])
def test_a_post_is_read_whatever_its_content_type(
    busy: Venue, target: str, kind: str | None
) -> None:
    params = {"instrument_name": PERPETUAL}
    frame = {"jsonrpc": "2.0", "id": "x", "method": "public/ticker", "params": params}
    headers = {"content_type": kind} if kind else {}
    status, _, body = ask(busy, "POST", target, json.dumps(frame), **headers)
    answer = json.loads(body)
    assert (status, answer["id"]) == (200, "x")
    assert answer["result"]["instrument_name"] == PERPETUAL


def test_the_three_ways_to_log_in_over_http(quiet: Venue) -> None:
    target = "/private/get_account_summary?currency=BTC"
    login = urllib.parse.urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": MAKER[0],
            "client_secret": MAKER[1],
        }
    )
    _, _, body = ask(quiet, "GET", f"/public/auth?{login}")
    bearer = f"bearer {json.loads(body)['result']['access_token']}"
    moment, nonce = str(int(time.time() * 1000)), "abcd"
    text = f"{moment}\n{nonce}\nGET\n{API}{target}\n\n"
    signature = hmac.new(MAKER[1].encode(), text.encode(), hashlib.sha256).hexdigest()
    signed = f"deri-hmac-sha256 id={MAKER[0]},ts={moment},sig={signature},nonce={nonce}"
    for header in (basic(), bearer, signed):
        status, _, body = ask(quiet, "GET", target, authorization=header)
        assert status == 200, body
        assert json.loads(body)["result"]["currency"] == "BTC"
    status, _, body = ask(quiet, "GET", f"{target}&x=1", authorization=signed)
    assert (status, json.loads(body)["error"]["code"]) == (400, 13004)


# Instruments.


def test_instruments_without_currency_with_any_and_with_each(busy: Venue) -> None:
    def names(query: str) -> list[str]:
        _, _, body = ask(busy, "GET", f"/public/get_instruments{query}")
        return [row["instrument_name"] for row in json.loads(body)["result"]]

    everything = names("")
    assert len(everything) == len(set(everything)) > 10
    assert sorted(names("?currency=any")) == sorted(everything)
    currencies = [row["currency"] for row in busy.ask("public/get_currencies")]
    assert {"BTC", "ETH", "USDC"} <= set(currencies)
    by_currency = [name for one in currencies for name in names(f"?currency={one}")]
    assert set(by_currency) == set(everything)
    assert names("?currency=SOL") == [
        name for name in everything if name.startswith("SOL_")
    ] or not names("?currency=SOL")


# Order of things.


def test_requests_of_one_connection_are_seen_in_order(quiet: Venue) -> None:
    """Each depends on the one before; none waits for its answer.

    The matching engine works one request at a time and lets a few wait; what asks about
    the market does not queue behind them.
    """
    records: list[Record] = []

    def pipelined(client: Client, number: int) -> list[Awaitable[dict[str, Any]]]:
        first, second = f"first {number}", f"second {number}"
        order = {"instrument_name": PERPETUAL, "amount": 10, "price": 79_000}
        more = {**order, "amount": 30}
        return [
            client.ask("private/buy", **order, label=first),
            client.ask("public/get_time"),
            client.ask("private/edit_by_label", **{**order, "amount": 20}, label=first),
            client.ask("public/test"),
            client.ask("private/buy", **order, label=second),
            client.ask("public/get_time"),
            client.ask("private/edit_by_label", **more, label=second),
        ]

    async def scenario() -> None:
        async with connected(quiet.ws, records) as client:
            await client.log_in(*MAKER)
            for number in range(10):
                told = await asyncio.gather(*pipelined(client, number))
                placed, edited, again, last = (told[n]["result"] for n in (0, 2, 4, 6))
                assert placed["order"]["order_id"] == edited["order"]["order_id"]
                assert again["order"]["order_id"] == last["order"]["order_id"]
                amounts = [edited["order"]["amount"], last["order"]["amount"]]
                assert amounts == [20, 30]
            assert await client.call("private/cancel_all") == 20

    asyncio.run(scenario())
    asked = {frame["id"]: frame["method"] for way, frame in records if way == "out"}
    answered = [frame["id"] for way, frame in records if way == "in"]
    for kind in ("public", "private"):
        numbers = [one for one in answered if asked[one].startswith(kind)]
        assert numbers == sorted(numbers)


# Ids.


@pytest.mark.parametrize("number", [0, 7, -1, 2**53, "seven", "", "auth_1-2-3"])
def test_an_id_comes_back_as_it_was(busy: Venue, number: int | str) -> None:
    frame = {"jsonrpc": "2.0", "id": number, "method": "public/test", "params": {}}
    _, _, body = ask(busy, "POST", "/public/test", json.dumps(frame))
    assert json.loads(body)["id"] == number
