"""A stand-in world, and a port in front of it, for the tests of the shell."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import connect

from engine.sim.shell import limits
from engine.sim.shell.clock import WallClock
from engine.sim.shell.driver import Driver
from engine.sim.shell.line import Line
from engine.sim.venue.api.rest import HttpRequest

TIMEOUT_S = 10

HttpAnswer = tuple[int, bytes] | None


def echo(payload: bytes) -> list[bytes]:
    """Answer a message with itself."""
    return [payload]


def tell(http: HttpRequest) -> HttpAnswer:
    """Answer a request with what it was."""
    return 200, f"{http.method} {http.target} ".encode() + http.body


class FakeWorld:
    """Answers every frame and request as the test says; counts what happened.

    A request answered with None is answered later, by the test.
    """

    def __init__(
        self,
        answers: Callable[[bytes], list[bytes]] = echo,
        http: Callable[[HttpRequest], HttpAnswer] = tell,
    ) -> None:
        self.now_ns = WallClock()()
        self.made: list[tuple[int, str]] = []
        self.asked: list[tuple[int, HttpRequest, str]] = []
        self.got: list[bytes] = []
        self.out: dict[int, list[bytes]] = defaultdict(list)
        self.replies: list[tuple[int, int, bytes]] = []
        self.lost: list[int] = []
        self.to_close: list[tuple[int, int, str]] = []
        self.timers: list[int] = []
        self.timer_ns = 0
        self.skipped = 0
        self._answers, self._http = answers, http

    def connection_made(self, conn: int, t_ns: int, peer: str = "") -> None:
        self.now_ns = t_ns
        self.made.append((conn, peer))

    def receive_data(self, conn: int, t_ns: int, payload: bytes) -> None:
        assert t_ns >= self.now_ns
        self.now_ns = t_ns
        self.got.append(payload)
        if payload.startswith(b"close me"):
            reason = payload.removeprefix(b"close me").decode()
            self.to_close.append((conn, 1008, reason or "as you like"))
        if payload == b"bug":
            raise ZeroDivisionError
        self.out[conn] += self._answers(payload)

    def request_made(
        self, conn: int, t_ns: int, http: HttpRequest, peer: str = ""
    ) -> None:
        assert t_ns >= self.now_ns
        self.now_ns = t_ns
        self.asked.append((conn, http, peer))
        if http.target == "/bug":
            raise ZeroDivisionError
        answer = self._http(http)
        if answer is not None:
            self.replies.append((conn, *answer))
        if http.target.startswith("/close"):
            self.to_close.append((conn, 1008, "as you like"))

    def responses(self) -> list[tuple[int, int, bytes]]:
        taken, self.replies = self.replies, []
        return taken

    def connection_lost(self, conn: int, t_ns: int) -> None:
        self.lost.append(conn)

    def handle_timer(self, t_ns: int) -> None:
        self.timers.append(t_ns)
        self.now_ns, self.timer_ns = t_ns, 0

    def next_timer_ns(self) -> int:
        return self.timer_ns

    def data_to_send(self, conn: int) -> list[bytes]:
        return self.out.pop(conn, [])

    def connections_to_close(self) -> list[tuple[int, int, str]]:
        taken, self.to_close = self.to_close, []
        return taken

    def skip_to(self, t_ns: int) -> None:
        self.skipped += 1
        self.now_ns = t_ns


class Port:
    """A driver and the port it listens on."""

    def __init__(self, driver: Driver, number: int) -> None:
        self.driver, self.number = driver, number
        self.url = f"ws://127.0.0.1:{number}/ws/api/v2"
        self._writers: list[asyncio.StreamWriter] = []

    def socket(self, **more: Any) -> connect:
        """Return a WebSocket client to be awaited or entered."""
        return connect(self.url, compression=None, max_size=None, **more)

    async def raw(self, data: bytes = b"", host: str = "127.0.0.1") -> Raw:
        """Return a TCP connection on which these bytes have been sent."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.number, local_addr=(host, 0)
        )
        self._writers.append(writer)
        writer.write(data)
        return Raw(reader, writer)

    async def exchange(self, data: bytes) -> bytes:
        """Send bytes and return everything that comes until the server ends it."""
        raw = await self.raw(data)
        return await raw.rest()

    async def close(self) -> None:
        """Cut every TCP connection of the test."""
        for writer in self._writers:
            if not writer.is_closing():
                writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def turn(self) -> None:
        """Let the world speak, as after a timer."""
        self.driver.start()
        await asyncio.sleep(0)


class Raw:
    """One TCP connection of a test."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of one answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.rstrip().split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split()[1]), headers, body

    def reset(self) -> None:
        """Cut the connection in both directions at once."""
        tcp = self.writer.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def rest(self) -> bytes:
        """Return what comes until the end; a reset is one too."""
        got = b""
        with suppress(ConnectionError):
            while more := await self.reader.read(65_536):
                got += more
        self.writer.close()
        return got


def served(
    world: FakeWorld,
    scenario: Callable[[Port], Awaitable[None]],
    per_address: int = limits.PER_ADDRESS,
) -> None:
    """Run a scenario against a port in front of a world."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        driver = Driver(world, WallClock(), per_address)
        server = await loop.create_server(lambda: Line(driver), "127.0.0.1", 0)
        port = Port(driver, server.sockets[0].getsockname()[1])
        try:
            await asyncio.wait_for(scenario(port), TIMEOUT_S)
        finally:
            await port.close()
            server.close()
            await driver.stop()
            await server.wait_closed()

    asyncio.run(run())


async def until(holds: Callable[[], object]) -> None:
    """Let the loop run until something holds."""
    while not holds():
        await asyncio.sleep(0)


def request(
    target: str = "/", method: str = "GET", body: bytes = b"", **headers: str
) -> bytes:
    """Return the bytes of one request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def handshake(path: str = "/ws/api/v2", **headers: str) -> bytes:
    """Return the bytes of a WebSocket handshake; "" leaves a header out."""
    fields = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec_WebSocket_Version": "13",
    }
    fields |= headers
    return request(path, **{name: value for name, value in fields.items() if value})
