"""The plain connection beside the engine, against servers of all sorts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from engine.errors import ProtocolError, RequestRejected, VenueError
from engine.live.dialogue import Dialogue
from engine.live.secrets import Credentials, Signer, sign

pytestmark = pytest.mark.loopback

T = TypeVar("T")
Request = dict[str, Any]
SECRET = "my-own-secret"


def talk(
    answer: Callable[[ServerConnection, Request], Awaitable[None]],
    then: Callable[[Dialogue], Awaitable[T]],
    **options: Any,
) -> T:
    """Log in at a server that answers as told, and have a talk."""

    async def handle(socket: ServerConnection) -> None:
        async for message in socket:
            await answer(socket, orjson.loads(message))

    async def run() -> T:
        async with serve(handle, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            signer = Signer(Credentials("me", SECRET))
            url = f"ws://127.0.0.1:{port}"
            async with Dialogue(url, signer, **options) as venue:
                return await then(venue)

    return asyncio.run(run())


async def reply(socket: ServerConnection, request: Request, **body: Any) -> None:
    await socket.send(orjson.dumps({"id": request["id"], **body}))


def test_login_by_signature_sends_no_secret() -> None:
    seen: list[Request] = []

    async def answer(socket: ServerConnection, request: Request) -> None:
        seen.append(request)
        await reply(socket, request, result="ok")

    assert talk(answer, lambda venue: venue.call("public/test")) == "ok"
    params = seen[0]["params"]
    assert seen[0]["method"] == "public/auth"
    assert params["client_id"] == "me"
    assert params["signature"] == sign(SECRET, params["timestamp"], params["nonce"])
    assert SECRET not in repr(seen)


def test_login_by_credentials() -> None:
    seen: list[Request] = []

    async def answer(socket: ServerConnection, request: Request) -> None:
        seen.append(request)
        await reply(socket, request, result={})

    talk(answer, lambda venue: venue.call("x"), grant="client_credentials")
    assert seen[0]["params"] == {
        "grant_type": "client_credentials",
        "client_id": "me",
        "client_secret": SECRET,
    }


def test_answers_in_any_order_find_their_requests() -> None:
    waiting: list[Request] = []

    async def answer(socket: ServerConnection, request: Request) -> None:
        if request["method"] == "public/auth":
            await reply(socket, request, result={})
            return
        waiting.append(request)
        if len(waiting) == 3:
            await socket.send(b"noise")
            await socket.send(b'{"method":"subscription","params":{}}')
            for each in reversed(waiting):
                await reply(socket, each, result=each["params"]["n"])

    async def three(venue: Dialogue) -> list[Any]:
        return await asyncio.gather(*(venue.call("x", {"n": n}) for n in range(3)))

    assert talk(answer, three) == [0, 1, 2]


def test_an_error_answer_is_a_rejection() -> None:
    async def answer(socket: ServerConnection, request: Request) -> None:
        if request["method"] == "public/auth":
            await reply(socket, request, result={})
        else:
            await reply(socket, request, error={"code": 10041, "message": "settlement"})

    with pytest.raises(RequestRejected, match="x was rejected: 10041 settlement"):
        talk(answer, lambda venue: venue.call("x"))


def test_a_refused_login_is_a_rejection() -> None:
    async def answer(socket: ServerConnection, request: Request) -> None:
        await reply(socket, request, error={"code": 13004, "message": "no"})

    with pytest.raises(RequestRejected, match="public/auth was rejected: 13004"):
        talk(answer, lambda venue: venue.call("never asked"))


def test_silence_is_an_error_in_time() -> None:
    async def answer(socket: ServerConnection, request: Request) -> None:
        if request["method"] == "public/auth":
            await reply(socket, request, result={})

    with pytest.raises(ProtocolError, match="no answer within"):
        talk(answer, lambda venue: venue.call("x"), timeout_s=0.05)


def test_a_lost_line_is_an_error_at_once() -> None:
    async def answer(socket: ServerConnection, request: Request) -> None:
        if request["method"] == "public/auth":
            await reply(socket, request, result={})
        else:
            socket.transport.abort()

    with pytest.raises(VenueError, match="connection lost"):
        talk(answer, lambda venue: venue.call("x"), timeout_s=10)
