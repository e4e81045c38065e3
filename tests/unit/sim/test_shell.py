"""The WebSocket shell around a stand-in world."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from engine.errors import ConfigError
from engine.sim import shell
from engine.sim.settings import SimConfig
from engine.sim.shell import Shell, WallClock


class FakeWorld:
    """Answers every frame as the test says; counts what happened."""

    def __init__(self, answers: Callable[[bytes], list[bytes]]) -> None:
        self.now_ns = WallClock()()
        self.out: dict[int, list[bytes]] = defaultdict(list)
        self.lost: list[int] = []
        self.to_close: list[tuple[int, int, str]] = []
        self.timers: list[int] = []
        self.timer_ns = 0
        self.skipped = 0
        self._answers = answers

    def connection_made(self, conn: int, t_ns: int) -> None:
        self.now_ns = t_ns

    def receive_data(self, conn: int, t_ns: int, payload: bytes) -> None:
        assert t_ns >= self.now_ns
        self.now_ns = t_ns
        if payload == b"close me":
            self.to_close.append((conn, 1008, "as you like"))
        if payload == b"bug":
            raise ZeroDivisionError
        self.out[conn] += self._answers(payload)

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


def served(
    world: Any, scenario: Callable[[ClientConnection, Shell], Awaitable[None]]
) -> None:
    async def run() -> None:
        driver = Shell(world, WallClock())
        async with serve(
            driver.serve_socket, "127.0.0.1", 0, compression=None, close_timeout=1
        ) as listening:
            port = next(iter(listening.sockets)).getsockname()[1]
            url = f"ws://127.0.0.1:{port}"
            async with connect(url, compression=None, max_size=None) as client:
                await asyncio.wait_for(scenario(client, driver), 10)
        driver.stop()

    asyncio.run(run())


async def receive_for_ever(client: ClientConnection) -> None:
    while True:
        await client.recv()


def test_payloads_of_a_turn_arrive_as_messages_in_order() -> None:
    async def scenario(client: ClientConnection, _driver: Shell) -> None:
        await client.send("one")
        await client.send(b"two")
        got = [await client.recv() for _ in range(4)]
        assert got == ["one", "one again", "two", "two again"]

    served(FakeWorld(lambda text: [text, text + b" again"]), scenario)


def test_the_world_closes_a_connection_with_its_reason() -> None:
    world = FakeWorld(lambda _: [b"last words"])

    async def scenario(client: ClientConnection, _driver: Shell) -> None:
        await client.send("close me")
        assert await client.recv() == "last words"
        await client.wait_closed()
        assert (client.close_code, client.close_reason) == (1008, "as you like")

    served(world, scenario)
    assert world.lost == [1]


def test_a_reader_that_does_not_read_is_cut_off() -> None:
    world = FakeWorld(lambda _: [bytes(b"x" * (1 << 20))] * 48)

    async def scenario(client: ClientConnection, driver: Shell) -> None:
        client.transport.pause_reading()
        await client.send("flood me")
        while not world.lost:
            await asyncio.sleep(0)
        client.transport.resume_reading()
        with pytest.raises(ConnectionClosed):
            await receive_for_ever(client)
        assert not driver.failure.done()

    served(world, scenario)


def test_a_timer_runs_when_it_is_due() -> None:
    world = FakeWorld(lambda _: [])

    async def scenario(client: ClientConnection, driver: Shell) -> None:
        due_ns = WallClock()() + 5_000_000
        world.timer_ns = due_ns
        driver.start()
        while not world.timers:
            await asyncio.sleep(0)
        assert abs(world.timers[0] - due_ns) < 1_000_000_000

    served(world, scenario)


def test_time_slept_by_the_host_is_skipped_once() -> None:
    world = FakeWorld(lambda text: [text])
    world.now_ns -= 3_600_000_000_000

    async def scenario(client: ClientConnection, _driver: Shell) -> None:
        await client.send("hello")
        assert await client.recv() == "hello"

    served(world, scenario)
    assert world.skipped == 1


def test_a_bug_in_the_world_ends_the_service() -> None:
    async def scenario(client: ClientConnection, driver: Shell) -> None:
        await client.send("bug")
        with pytest.raises(ZeroDivisionError):
            await driver.failure

    served(FakeWorld(lambda _: []), scenario)


def test_a_bug_in_a_timer_ends_the_service() -> None:
    world = FakeWorld(lambda _: [])
    world.handle_timer = lambda t_ns: 1 // 0  # type: ignore[assignment]
    world.timer_ns = 1

    async def scenario(client: ClientConnection, driver: Shell) -> None:
        driver.start()
        with pytest.raises(ZeroDivisionError):
            await driver.failure

    served(world, scenario)


def test_a_connection_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "CONNECTIONS_MAX", 2)
    world = FakeWorld(lambda text: [text])

    async def scenario(client: ClientConnection, _driver: Shell) -> None:
        url = f"ws://127.0.0.1:{client.remote_address[1]}"
        async with connect(url) as second:
            await second.send("fits")
            assert await second.recv() == "fits"
            async with connect(url) as third:
                await third.wait_closed()
                assert third.close_code == 1013

    served(world, scenario)
    assert sorted(world.lost) == [1, 2]


def test_a_taken_port_is_a_config_error() -> None:
    async def scenario(client: ClientConnection, _driver: Shell) -> None:
        port = client.remote_address[1]
        with pytest.raises(ConfigError):
            async with shell.serving("127.0.0.1", port, SimConfig(), 1):
                pass

    served(FakeWorld(lambda _: []), scenario)
