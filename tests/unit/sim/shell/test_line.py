"""One TCP connection: how it ends, whoever speaks on it."""

from __future__ import annotations

import socket
import struct

import pytest

from engine.sim.shell import limits
from tests.unit.sim.shell.stand_in import FakeWorld, Port, request, served, until


def test_an_http_reader_that_does_not_read_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "SEND_QUEUE_MAX", 1 << 20)
    world = FakeWorld(http=lambda _: (200, bytes(8 << 20)))

    async def scenario(port: Port) -> None:
        raw = await port.raw()
        raw.writer.transport.pause_reading()
        raw.writer.write(request("/1") * 4)
        await until(lambda: world.asked)
        await until(lambda: not port.driver._lines)

    served(world, scenario)
    assert len(world.asked) < 4


def test_a_last_answer_survives_what_is_left_unread() -> None:
    async def scenario(port: Port) -> None:
        got = await port.exchange(b"garbage\r\n\r\n" + bytes(4 << 20))
        assert got.startswith(b"HTTP/1.1 400 "), "no reset has overtaken it"

    served(FakeWorld(), scenario)


def test_a_peer_that_has_just_gone_is_no_failure() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        peer = socket.create_connection(("127.0.0.1", port.number))
        await until(lambda: port.driver._lines)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()  # a reset is under way, and has not been noticed
        world.to_close.append((1, 1008, "enough"))
        port.driver.start()
        await until(lambda: not port.driver._lines)
        assert not port.driver.failure.done()

    served(world, scenario)


def test_one_who_does_not_go_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLOSE_TIMEOUT_S", 0.01)

    async def scenario(port: Port) -> None:
        raw = await port.raw(request(Connection="close"))
        assert (await raw.rest()).startswith(b"HTTP/1.1 200 OK")
        await until(lambda: not port.driver._lines)

    served(FakeWorld(), scenario)


def test_a_cut_line_ends_without_a_word() -> None:
    world = FakeWorld(http=lambda _: None)

    async def scenario(port: Port) -> None:
        async with port.socket() as socket:
            await until(lambda: world.made)
            world.to_close.append((1, 1006, "fault"))
            await port.turn()
            await socket.wait_closed()
            assert socket.close_code == 1006
        raw = await port.raw(request())
        await until(lambda: world.asked)
        world.to_close.append((2, 1006, "fault"))
        await port.turn()
        assert await raw.rest() == b""

    served(world, scenario)
