"""A plain JSON-RPC client over ``websockets`` that records every frame it sees."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TIMEOUT_S = 30.0

Record = tuple[str, dict[str, Any]]


class RefusedError(Exception):
    """The venue answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.code: int = error["code"]
        self.data: Any = error.get("data")
        super().__init__(f"{error['code']} {error['message']}")


class Client:
    """One connection. ``records`` holds every frame as (direction, frame)."""

    def __init__(self, socket: ClientConnection, records: list[Record]) -> None:
        self.socket, self.records = socket, records
        self.messages: dict[str, list[Any]] = defaultdict(list)
        self.heartbeats: list[str] = []
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._last_id = 0
        self._arrived = asyncio.Event()

    async def call(self, method: str, **params: Any) -> Any:
        """Send one request and return its result; raise RefusedError on an error."""
        frame = await self.ask(method, **params)
        if "error" in frame:
            raise RefusedError(frame["error"])
        return frame["result"]

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one request and return the whole answer."""
        answer = asyncio.get_running_loop().create_future()
        self._answers[self._last_id + 1] = answer
        await self.tell(method, **params)
        return await asyncio.wait_for(answer, TIMEOUT_S)

    async def tell(self, method: str, **params: Any) -> None:
        """Send one request and do not wait for its answer."""
        self._last_id += 1
        request = {
            "jsonrpc": "2.0",
            "id": self._last_id,
            "method": method,
            "params": params,
        }
        self.records.append(("out", request))
        await self.socket.send(json.dumps(request))

    async def refused(self, method: str, **params: Any) -> int:
        """Send a request that must be refused; return the error code."""
        answer = await self.ask(method, **params)
        assert "error" in answer, answer
        return int(answer["error"]["code"])

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until the frames received so far make the condition true."""
        async with asyncio.timeout(TIMEOUT_S):
            while not (value := condition()):
                self._arrived.clear()
                await self._arrived.wait()
        return value

    async def log_in(self, name: str, secret: str, scope: str = "") -> dict[str, Any]:
        """Authenticate by client_credentials; scope "" asks for all the key has."""
        more = {"scope": scope} if scope else {}
        result = await self.call(
            "public/auth",
            grant_type="client_credentials",
            client_id=name,
            client_secret=secret,
            **more,
        )
        assert isinstance(result, dict)
        return result

    async def read(self) -> None:
        """Read until the connection ends."""
        try:
            async for text in self.socket:
                frame = json.loads(text)
                self.records.append(("in", frame))
                self._take(frame)
                self._arrived.set()
        except ConnectionClosed:
            pass
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("closed before the answer"))
                answer.exception()

    def _take(self, frame: dict[str, Any]) -> None:
        if "id" in frame and frame["id"] in self._answers:
            answer = self._answers.pop(frame["id"])
            if not answer.done():
                answer.set_result(frame)
        elif frame.get("method") == "subscription":
            params = frame["params"]
            self.messages[params["channel"]].append(params["data"])
        elif frame.get("method") == "heartbeat":
            self.heartbeats.append(frame["params"]["type"])


@asynccontextmanager
async def connected(
    url: str, records: list[Record] | None = None
) -> AsyncIterator[Client]:
    """Open a connection for as long as the context lasts."""
    async with connect(url, compression=None, max_size=None) as socket:
        client = Client(socket, records if records is not None else [])
        reader = asyncio.create_task(client.read())
        try:
            yield client
        finally:
            await socket.close()
            await reader


def signature(secret: str, timestamp_ms: int, nonce: str, extra: str = "") -> str:
    """Return what ``client_signature`` wants."""
    text = f"{timestamp_ms}\n{nonce}\n{extra}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
