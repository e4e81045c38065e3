"""The panic button against the simulated venue, and against venues that do not help."""

import argparse
import asyncio
import socket
from pathlib import Path

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from engine.errors import VenueError
from engine.live.panic import Venues, add_arguments, cancel_all, describe, main
from engine.live.roads import Attempt, Target
from engine.live.secrets import Credentials
from tests.loopback.processes import (
    ENV,
    MAKER,
    ask,
    open_orders,
    place,
    write_config,
)
from tests.unit.live.http_server import result, serving

pytestmark = pytest.mark.loopback


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


def test_nothing_is_left_and_it_says_what_went(
    venue_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(venue_url, lambda venue: place(venue, "BTC-PERPETUAL", 3))
    assert main(parsed("--url", venue_url)) == 0
    assert ask(venue_url, open_orders) == []
    printed = capsys.readouterr().out
    assert printed.count("cancelled  BTC-PERPETUAL buy 10") == 3
    assert "done: 3 orders cancelled, none is open" in printed


def test_nothing_to_do_is_done(
    venue_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(parsed("--url", venue_url)) == 0
    assert "done: 0 orders cancelled" in capsys.readouterr().out


@pytest.mark.parametrize(
    "only", [("--instrument", "BTC-PERPETUAL"), ("--currency", "BTC")]
)
def test_a_filter_leaves_the_rest_alone(venue_url: str, only: tuple[str, str]) -> None:
    ask(venue_url, lambda venue: place(venue, "BTC-PERPETUAL"))
    ask(venue_url, lambda venue: place(venue, "ETH-PERPETUAL"))
    assert main(parsed("--url", venue_url, *only)) == 0
    left = ask(venue_url, open_orders)
    assert [order["instrument_name"] for order in left] == ["ETH-PERPETUAL"]
    assert main(parsed("--url", venue_url)) == 0


def test_wrong_key_is_said_at_once(
    venue_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HALFSPREAD_CLIENT_SECRET", "a-wrong-secret")
    assert main(parsed("--url", venue_url)) == VenueError.exit_code
    printed = capsys.readouterr().out
    assert "FAILED" in printed
    assert "websocket: public/auth was rejected: 13004" in printed
    assert "http: private/" in printed
    assert "a-wrong-secret" not in printed


def test_unreachable_venue_fails_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(parsed("--url", "ws://127.0.0.1:1/ws/api/v2", "--timeout", "0.3"))
    assert code == VenueError.exit_code
    assert "cannot be reached" in capsys.readouterr().out


def test_orders_that_come_back_are_reported_as_open() -> None:
    """A venue that says "cancelled" and still shows the order, on both roads."""
    order = {"order_id": "1", "instrument_name": "X", "label": "hs-1-0-0"}
    asked: list[str] = []

    def stubborn(method: str) -> object:
        asked.append(method)
        return [order] if "open_orders" in method else {}

    async def on_socket(socket: ServerConnection) -> None:
        async for message in socket:
            request = orjson.loads(message)
            said = {"id": request["id"], "result": stubborn(request["method"])}
            await socket.send(orjson.dumps(said))

    async def scenario(rest_url: str) -> str:
        async with serve(on_socket, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            urls = [f"ws://127.0.0.1:{port}"]
            venues = Venues(urls, [rest_url], "client_credentials", 1.0)
            attempt = Attempt(Target(), 1.5)
            await cancel_all(venues, Credentials(*MAKER), attempt)
            assert list(attempt.left or ()) == ["1"]
            assert not attempt.is_done
            return describe(attempt)

    with serving(lambda method, params: result(stubborn(method))) as web:
        text = asyncio.run(scenario(web.url))
    assert asked.count("private/cancel_all") >= 4
    assert "OPEN       X" in text
    assert "1 order still open" in text
    assert "cancelled  X" not in text


def test_http_is_enough_where_the_websocket_refuses_connections(
    venue_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ask(venue_url, lambda venue: place(venue, "BTC-PERPETUAL", 2))
    path = write_config(tmp_path)
    rest_url = venue_url.replace("ws://", "http://").replace("/ws/", "/")
    text = path.read_text().replace("127.0.0.1:8765", "127.0.0.1:1")
    path.write_text(text.replace("[venue]", f'[venue]\nrest_url = "{rest_url}"'))
    assert main(parsed(str(path))) == 0
    assert ask(venue_url, open_orders) == []
    printed = capsys.readouterr().out
    assert "done: 2 orders cancelled, none is open, read back by http" in printed
    assert "websocket: ws://127.0.0.1:1" in printed


def test_the_websocket_is_enough_where_http_does_not_answer(
    venue_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ask(venue_url, lambda venue: place(venue, "BTC-PERPETUAL", 2))
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        rest_url = f"http://127.0.0.1:{deaf.getsockname()[1]}/api/v2"
        path = write_config(tmp_path)
        text = path.read_text().replace("ws://127.0.0.1:8765/ws/api/v2", venue_url)
        path.write_text(text.replace("[venue]", f'[venue]\nrest_url = "{rest_url}"'))
        assert main(parsed(str(path))) == 0
    assert ask(venue_url, open_orders) == []
    assert "read back by websocket" in capsys.readouterr().out
