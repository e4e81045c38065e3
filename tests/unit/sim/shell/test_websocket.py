"""A line that speaks WebSocket: frames of every kind, and every way to end."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from engine.sim.shell import limits
from tests.unit.sim.shell.frames import BINARY, CLOSE, CONTINUE, PING, PONG, TEXT, frame
from tests.unit.sim.shell.stand_in import (
    FakeWorld,
    Port,
    Raw,
    handshake,
    served,
    until,
)


async def opened(port: Port) -> Raw:
    """Return a raw connection that has shaken hands."""
    raw = await port.raw(handshake())
    assert (await raw.answer())[0] == 101
    return raw


async def receive_for_ever(client: ClientConnection) -> None:
    while True:
        await client.recv()


async def closing(raw: Raw) -> tuple[int, str]:
    """Return code and reason of the closing frame that comes before the end."""
    rest = await raw.rest()
    at = rest.rindex(b"\x88")
    return int.from_bytes(rest[at + 2 : at + 4], "big"), rest[at + 4 :].decode()


def test_messages_in_frames_of_every_kind() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        raw.writer.write(
            frame(TEXT, b"text")
            + frame(BINARY, b"binary")
            + frame(TEXT, b"frag", fin=False)
            + frame(PING, b"between")
            + frame(CONTINUE, b"", fin=False)
            + frame(CONTINUE, b"men")
            + frame(PONG, b"unasked")
            + frame(TEXT, b"\xff\xfe not text")
            + frame(TEXT)
        )
        await until(lambda: len(world.got) == 5)
        assert await raw.reader.readexactly(9) == b"\x8a\x07between"

    served(world, scenario)
    assert world.got == [b"text", b"binary", b"fragmen", b"\xff\xfe not text", b""]


def test_a_frame_byte_by_byte() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        for byte in frame(TEXT, b"x" * 200):
            raw.writer.write(bytes([byte]))
            await raw.writer.drain()
            await asyncio.sleep(0)
        await until(lambda: world.got)

    served(world, scenario)
    assert world.got == [b"x" * 200]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 300_000])
def test_answers_of_every_size_are_not_masked(size: int) -> None:
    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await client.send(b"x" * size)
            assert await client.recv() == "x" * size

    served(FakeWorld(), scenario)


def test_what_everybody_gets_is_framed_once() -> None:
    world = FakeWorld(lambda _: [])
    shared = b"to all"

    async def scenario(port: Port) -> None:
        async with port.socket() as one, port.socket() as two:
            await until(lambda: len(world.made) == 2)
            world.out = {1: [shared, b"to one"], 2: [b"to two", shared]}  # type: ignore[assignment]
            await port.turn()
            assert [await one.recv(), await one.recv()] == ["to all", "to one"]
            assert [await two.recv(), await two.recv()] == ["to two", "to all"]

    served(world, scenario)


def test_a_message_at_the_limit_and_one_past_it() -> None:
    world = FakeWorld(lambda _: [])

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        raw.writer.write(frame(TEXT, b"x" * limits.FRAME_MAX))
        await until(lambda: world.got)
        raw.writer.write(frame(TEXT, b"x" * limits.FRAME_MAX, fin=False))
        raw.writer.write(frame(CONTINUE, b"x"))
        assert (await closing(raw))[0] == 1009
        raw = await opened(port)
        raw.writer.write(frame(TEXT, b"x" * (limits.FRAME_MAX + 1)))
        assert (await closing(raw))[0] == 1009

    served(world, scenario)
    assert len(world.got) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\x02hi",  # not masked
        frame(3, b"unknown opcode"),
        frame(CONTINUE, b"continues nothing"),
        frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"),
        frame(PING, b"x" * 126),
        frame(PING, b"x", fin=False),
        frame(CLOSE, b"x"),
        frame(CLOSE, b"\x03\xe7"),  # 999
        frame(TEXT, b"a", fin=False) + frame(CLOSE, b"\x03\xe8"),
        b"\xc1" + frame(TEXT, b"x")[1:],  # compressed, which nobody agreed to
        b"GET / HTTP/1.1\r\nHost: t\r\n\r\n",
    ],
)
def test_a_broken_frame_is_1002(data: bytes) -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        raw.writer.write(data)
        assert (await closing(raw))[0] == 1002
        await until(lambda: world.lost)

    served(world, scenario)
    assert (world.got, world.lost) == ([], [1])


def test_a_closing_frame_is_answered_and_what_follows_is_not_read() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        bye = frame(CLOSE, b"\x03\xe8bye")
        raw.writer.write(frame(TEXT, b"first") + bye + frame(TEXT, b"never"))
        assert await closing(raw) == (1000, "bye")
        await until(lambda: world.lost)
        raw = await opened(port)
        raw.writer.write(frame(CLOSE))
        assert await raw.rest() == b"\x88\x00"

    served(world, scenario)
    assert world.got == [b"first"]


def test_a_client_that_closes_its_half_is_gone() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        raw.writer.write(frame(TEXT, b"half"))
        raw.writer.write_eof()
        await until(lambda: world.lost)
        await raw.rest()

    served(world, scenario)
    assert world.got == [b"half"]


def test_a_cut_line_is_lost_once() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        await until(lambda: world.made)
        raw.writer.transport.abort()
        await until(lambda: world.lost)

    served(world, scenario)
    assert world.lost == [1]


def test_a_reader_that_does_not_read_is_cut_off() -> None:
    world = FakeWorld(lambda _: [bytes(b"x" * (1 << 20))] * 48)

    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            client.transport.pause_reading()
            await client.send("flood me")
            await until(lambda: world.lost)
            client.transport.resume_reading()
            with pytest.raises(ConnectionClosed):
                await receive_for_ever(client)
            assert not port.driver.failure.done()

    served(world, scenario)


def test_one_who_answers_no_closing_frame_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CLOSE_TIMEOUT_S", 0.01)
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        raw = await opened(port)
        raw.writer.write(frame(TEXT, b"close me"))
        await until(lambda: world.to_close or world.lost or world.got)
        raw.writer.write(frame(TEXT, b"I will not go"))
        await until(lambda: world.lost)
        code, reason = await closing(raw)
        assert (code, reason) == (1008, "as you like")

    served(world, scenario)


def test_a_long_reason_is_cut_to_what_a_frame_holds() -> None:
    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await client.send("close me" + "é" * 100)
            await client.wait_closed()
            assert client.close_reason == "é" * 61

    served(FakeWorld(lambda _: []), scenario)
