"""``halfspread sim`` as a process of its own: signals, real sockets, lost clients."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.conformance.client import Client, connected

pytestmark = pytest.mark.loopback

ROOT = Path(__file__).resolve().parents[2]
PERPETUAL = "BTC-PERPETUAL"
WAIT_S = 15


def start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "sim", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Start the command on a free port; yield it and its ready line."""
    process = start("--listen", "127.0.0.1:0", "--seed", "3", *words)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_zero(number: signal.Signals) -> None:
    with running() as (process, ready):
        address = ready["ws"].removeprefix("ws://").partition("/")[0]
        assert ready["ws"] == f"ws://{address}/ws/api/v2"
        assert ready["http"] == f"http://{address}/api/v2"
        assert ready["accounts"][0] == {
            "client_id": "maker",
            "client_secret": "maker-secret",
        }

        async def scenario() -> None:
            async with connected(ready["ws"]) as client:
                assert "version" in await client.call("public/test")
                process.send_signal(number)
                await asyncio.wait_for(client.socket.wait_closed(), WAIT_S)
                assert client.socket.close_code == 1001

        asyncio.run(scenario())
        assert process.wait(WAIT_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_it_ends_by_itself_after_the_given_seconds() -> None:
    process = start("--listen", "127.0.0.1:0", "--seconds", "0.2")
    output, errors = process.communicate(timeout=WAIT_S)
    assert (process.returncode, errors) == (0, b"")
    assert output.count(b"\n") == 1


def test_a_wrong_config_is_one_line_and_exit_two(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_text("[venue]\nmatching_rate = 0\n")
    process = start("--config", str(path))
    output, errors = process.communicate(timeout=WAIT_S)
    assert (process.returncode, output) == (2, b"")
    assert errors.count(b"\n") == 1
    for part in (b"sim.toml", b"venue.matching_rate", b"0"):
        assert part in errors


def basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


def ask(url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """Return status and frame of one request with the standard library's client."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, headers), timeout=WAIT_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def test_the_same_order_over_both_doors() -> None:
    with running() as (_, ready):
        api = ready["http"]
        login = {"grant_type": "client_credentials", **ready["accounts"][0]}
        status, frame = ask(f"{api}/public/auth", {"id": 1, "params": login})
        assert (status, frame["id"]) == (200, 1)
        bearer = f"Bearer {frame['result']['access_token']}"
        order = {"instrument_name": PERPETUAL, "amount": 10, "price": 1e7}
        call = {"jsonrpc": "2.0", "id": 2, "method": "private/buy", "params": order}
        status, frame = ask(api, call, Authorization=bearer)
        assert status == 400, "far above the band"
        assert (frame["id"], frame["error"]["code"]) == (2, 10007)

        async def scenario() -> None:
            async with connected(ready["ws"]) as client:
                await rest(client, 2)
                listed = f"{api}/private/get_open_orders"
                _, frame = await asyncio.to_thread(ask, listed, Authorization=bearer)
                assert frame["result"] == await open_orders(client)
                cancel = f"{api}/private/cancel_all"
                _, frame = await asyncio.to_thread(ask, cancel, Authorization=bearer)
                assert frame["result"] == 2
                assert await open_orders(client) == []

        asyncio.run(scenario())


def test_one_connection_many_requests_and_no_client_hurts_another() -> None:
    with running() as (process, ready):
        host, _, path = ready["http"].removeprefix("http://").partition("/")
        line = http.client.HTTPConnection(host, timeout=WAIT_S)
        headers = {"Authorization": basic("taker", "taker-secret")}
        for number in range(20):
            line.request("GET", f"/{path}/private/get_positions", headers=headers)
            answer = line.getresponse()
            assert (answer.status, json.load(answer)["result"]) == (200, []), number
        line.request("GET", "/favicon.ico")
        answer = line.getresponse()
        assert (answer.status, answer.will_close) == (404, False)
        assert "/api/v2" in answer.read().decode()
        line.close()
        port = int(host.rpartition(":")[2])
        for junk in (b"\x16\x03\x01", b"GET", b"\x00" * 100_000):
            with socket.create_connection(("127.0.0.1", port), WAIT_S) as stranger:
                stranger.sendall(junk)
        assert ask(f"{ready['http']}/public/test")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b"", "strangers are no news"


def test_a_public_address_is_refused() -> None:
    process = start("--listen", "0.0.0.0:0")
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 2
    assert b"--public" in errors


async def rest(client: Client, count: int) -> None:
    """Log in as the maker, switch COD on and leave some orders in the market."""
    await client.log_in("maker", "maker-secret")
    await client.call("private/enable_cancel_on_disconnect", scope="connection")
    for number in range(count):
        await client.call(
            "private/buy",
            instrument_name=PERPETUAL,
            amount=10,
            price=1_000.0 + number,
            label=f"order-{number}",
        )


async def open_orders(client: Client) -> list[dict[str, Any]]:
    rows = await client.call("private/get_open_orders")
    assert isinstance(rows, list)
    return rows


def test_a_killed_socket_takes_its_orders_with_it() -> None:
    with running() as (_, ready):

        async def scenario() -> None:
            async with connected(ready["ws"]) as watcher:
                await watcher.log_in("maker", "maker-secret")
                channel = f"user.orders.{PERPETUAL}.raw"
                await watcher.call("private/subscribe", channels=[channel])
                async with connected(ready["ws"]) as client:
                    await rest(client, 5)
                    assert len(await open_orders(watcher)) == 5
                    client.socket.transport.abort()  # no close frame: the line is cut
                    told = watcher.messages[channel]
                    await watcher.until(lambda: len(told) == 10)
                assert await open_orders(watcher) == []
                reasons = {order.get("cancel_reason") for order in told[5:]}
                assert reasons == {"cancel_on_disconnect"}

        asyncio.run(scenario())


def test_orders_without_cod_outlive_their_socket() -> None:
    with running() as (_, ready):

        async def scenario() -> None:
            async with connected(ready["ws"]) as client:
                await rest(client, 1)
                await client.call(
                    "private/disable_cancel_on_disconnect", scope="connection"
                )
            async with connected(ready["ws"]) as client:
                await client.log_in("maker", "maker-secret")
                assert len(await open_orders(client)) == 1
                assert await client.call("private/cancel_all") == 1

        asyncio.run(scenario())


def test_a_client_killed_with_its_process_takes_its_orders_with_it() -> None:
    script = """
import asyncio, os, signal, sys
from tests.conformance.client import connected
from tests.loopback.test_sim_server import rest
async def main():
    async with connected(sys.argv[1]) as client:
        await rest(client, 3)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    with running() as (_, ready):

        async def scenario() -> None:
            async with connected(ready["ws"]) as watcher:
                await watcher.log_in("maker", "maker-secret")
                channel = f"user.orders.{PERPETUAL}.raw"
                await watcher.call("private/subscribe", channels=[channel])
                victim = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", script, ready["ws"], cwd=ROOT
                )
                assert await asyncio.wait_for(victim.wait(), WAIT_S) < 0
                told = watcher.messages[channel]
                await watcher.until(lambda: len(told) == 6)
                assert await open_orders(watcher) == []

        asyncio.run(scenario())
