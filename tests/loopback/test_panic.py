"""The panic button against the simulated venue, and against venues that do not help."""

import argparse
import asyncio
from collections.abc import Iterator

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from engine.errors import VenueError
from engine.live.panic import (
    Target,
    add_arguments,
    cancel_all,
    describe,
    main,
)
from engine.live.secrets import Credentials, Signer
from tests.loopback.processes import ENV, MAKER, ask, open_orders, place, running_venue

pytestmark = pytest.mark.loopback


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.fixture(scope="module")
def venue_url() -> Iterator[str]:
    with running_venue() as url:
        yield url


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
    assert "public/auth was rejected" in printed
    assert "a-wrong-secret" not in printed


def test_unreachable_venue_fails_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(parsed("--url", "ws://127.0.0.1:1/ws/api/v2", "--timeout", "0.3"))
    assert code == VenueError.exit_code
    assert "cannot be reached" in capsys.readouterr().out


def test_orders_that_come_back_are_reported_as_open() -> None:
    """A venue that says "cancelled" and still shows the order."""
    order = {"order_id": "1", "instrument_name": "X", "label": "hs-1-0-0"}
    asked: list[str] = []

    async def stubborn(socket: ServerConnection) -> None:
        async for message in socket:
            request = orjson.loads(message)
            asked.append(request["method"])
            listed = "open_orders" in request["method"]
            result: object = [order] if listed else {}
            await socket.send(orjson.dumps({"id": request["id"], "result": result}))

    async def scenario() -> str:
        async with serve(stubborn, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            target = Target([f"ws://127.0.0.1:{port}"], "client_credentials", 1.5)
            outcome = await cancel_all(target, Signer(Credentials(*MAKER)))
            assert list(outcome.left or ()) == ["1"]
            return describe(outcome)

    text = asyncio.run(scenario())
    assert asked.count("private/cancel_all") >= 2
    assert "OPEN       X" in text
    assert "1 order still open" in text
    assert "cancelled  X" not in text
