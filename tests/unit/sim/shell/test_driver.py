"""Turns: what comes in, what goes out, who may come, how it ends."""

from __future__ import annotations

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.sim.shell import limits
from engine.sim.shell.clock import WallClock
from engine.sim.shell.driver import Driver
from engine.sim.shell.line import Line
from tests.unit.sim.shell.frames import TEXT, frame
from tests.unit.sim.shell.stand_in import FakeWorld, Port, request, served, until


def test_payloads_of_a_turn_arrive_as_messages_in_order() -> None:
    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await client.send("one")
            await client.send(b"two")
            got = [await client.recv() for _ in range(4)]
        assert got == ["one", "one again", "two", "two again"]

    served(FakeWorld(lambda text: [text, text + b" again"]), scenario)


def test_the_world_closes_a_connection_with_its_reason() -> None:
    world = FakeWorld(lambda _: [b"last words"])

    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await client.send("close me")
            assert await client.recv() == "last words"
            await client.wait_closed()
            assert (client.close_code, client.close_reason) == (1008, "as you like")
        await until(lambda: world.lost)

    served(world, scenario)
    assert world.lost == [1]


def test_every_line_has_a_number_of_its_own() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        async with port.socket() as first:
            await first.send("1")
            await first.recv()
            raw = await port.raw(request("/a"))
            await raw.answer()
            raw.writer.write(request("/b"))
            await raw.answer()
            async with port.socket() as second:
                await second.send("2")
                await second.recv()
        await until(lambda: len(world.lost) == 2)

    served(world, scenario)
    assert world.made == [(1, "127.0.0.1"), (3, "127.0.0.1")]
    assert [(conn, peer) for conn, _, peer in world.asked] == [(2, "127.0.0.1")] * 2
    assert sorted(world.lost) == [1, 3], "nobody waited on the HTTP line"


def test_a_timer_runs_when_it_is_due() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        due_ns = WallClock()() + 5_000_000
        world.timer_ns = due_ns
        port.driver.start()
        await until(lambda: world.timers)
        assert abs(world.timers[0] - due_ns) < 1_000_000_000

    served(world, scenario)


def test_time_slept_by_the_host_is_skipped_once() -> None:
    world = FakeWorld()
    world.now_ns -= 3_600_000_000_000

    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await client.send("hello")
            assert await client.recv() == "hello"

    served(world, scenario)
    assert world.skipped == 1


def test_a_bug_in_the_world_ends_the_service() -> None:
    async def by_socket(port: Port) -> None:
        async with port.socket() as client:
            await client.send("bug")
            with pytest.raises(ZeroDivisionError):
                await port.driver.failure

    async def by_http(port: Port) -> None:
        await port.raw(request("/bug"))
        with pytest.raises(ZeroDivisionError):
            await port.driver.failure

    served(FakeWorld(), by_socket)
    served(FakeWorld(), by_http)


def test_a_bug_in_a_timer_ends_the_service() -> None:
    world = FakeWorld()
    world.handle_timer = lambda t_ns: 1 // 0  # type: ignore[assignment]
    world.timer_ns = 1

    async def scenario(port: Port) -> None:
        port.driver.start()
        with pytest.raises(ZeroDivisionError):
            await port.driver.failure

    served(world, scenario)


def test_an_answer_may_come_turns_later() -> None:
    world = FakeWorld(http=lambda http: None)

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/slow"))
        await until(lambda: world.asked)
        await port.turn()
        world.replies.append((1, 400, b"sorry"))
        await port.turn()
        status, _, body = await raw.answer()
        assert (status, body) == (400, b"sorry")

    served(world, scenario)


def test_the_world_learns_that_nobody_waits_any_more() -> None:
    world = FakeWorld(http=lambda http: None)

    async def scenario(port: Port) -> None:
        raw = await port.raw(request("/slow"))
        await until(lambda: world.asked)
        raw.reset()
        await until(lambda: world.lost)
        world.replies.append((1, 200, b"too late"))
        await port.turn()
        assert not port.driver.failure.done()

    served(world, scenario)
    assert world.lost == [1]


# The time of a turn.


class Wound:
    """A driver whose clock a test turns, and a line to talk on."""

    def __init__(self) -> None:
        self.world = FakeWorld(lambda _: [])
        self.now_ns = self.world.now_ns
        self.driver = Driver(self.world, lambda: self.now_ns)
        self.line = Line(self.driver)

    async def say(self, *payloads: bytes) -> int:
        """Bring messages in one turn; return the world's time after it."""
        for payload in payloads:
            self.driver.received(self.line, payload)
            self.now_ns += 1_000
        await asyncio.sleep(0)
        return self.world.now_ns


def test_a_turn_has_one_time() -> None:
    async def scenario() -> None:
        wound = Wound()
        start_ns = wound.now_ns
        assert await wound.say(b"1", b"2", b"3") == start_ns
        assert await wound.say(b"4") == start_ns + 3_000

    asyncio.run(scenario())


def test_a_turn_makes_up_only_so_much() -> None:
    async def scenario() -> None:
        wound = Wound()
        start_ns = wound.now_ns
        wound.world.timer_ns = start_ns + 10
        wound.now_ns += limits.ASLEEP_NS
        due_ns = start_ns + 10 + limits.CATCH_UP_NS
        assert await wound.say(b"late") == due_ns
        assert wound.world.skipped == 0
        wound.world.timer_ns = start_ns + 2 * limits.ASLEEP_NS
        now_ns = wound.now_ns
        assert await wound.say(b"nothing is due any more") == now_ns
        wound.now_ns += limits.ASLEEP_NS
        await wound.say(b"too late")
        assert wound.world.skipped == 1

    asyncio.run(scenario())


# How many may come.


def test_an_address_has_only_so_many_connections() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        idle = await port.raw(request("/a"))
        await idle.answer()
        async with port.socket() as fits:
            await fits.send("fits")
            assert await fits.recv() == "fits"
            with pytest.raises(InvalidStatus) as refused:
                await port.socket()
            assert refused.value.response.status_code == 429
            answer = await port.exchange(request("/a"))
            assert answer.startswith(b"HTTP/1.1 429 ")
            elsewhere = await port.raw(request("/a"), host="127.0.0.2")
            assert (await elsewhere.answer())[0] == 200
        await until(lambda: world.lost)
        async with port.socket() as again:
            await again.send("again")
            assert await again.recv() == "again"

    served(world, scenario, per_address=2)
    assert len(world.asked) == 2, "the world never met the refused"


def test_all_addresses_together_have_only_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS_MAX", 1)

    async def scenario(port: Port) -> None:
        fits = await port.raw(request("/a"))
        assert (await fits.answer())[0] == 200
        answer = await port.exchange(request("/a"))
        assert answer.startswith(b"HTTP/1.1 503 ")

    served(FakeWorld(), scenario)


def test_only_so_many_wait_to_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REFUSED_MAX", 1)

    async def scenario(port: Port) -> None:
        fits = await port.raw(request("/a"))
        await fits.answer()
        waits = await port.raw()
        assert await port.exchange(b"") == b"", "cut at once"
        waits.writer.write(request("/a"))
        assert (await waits.answer())[0] == 429

    served(FakeWorld(), scenario, per_address=1)


# The end.


def test_stopping_closes_sockets_with_a_handshake_and_the_rest() -> None:
    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await client.send("hello")
            await client.recv()
            idle = await port.raw(request("/a"))
            await idle.answer()
            half = await port.raw(b"GET /a HT")
            await port.driver.stop()
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert client.close_code == 1001
            assert await idle.rest() == await half.rest() == b""

    served(FakeWorld(), scenario)


def test_what_stopping_brings_about_does_not_start_the_world_again() -> None:
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await client.send("hello")
            await client.recv()
            world.timer_ns = 1
            await port.driver.stop()
        await until(lambda: world.lost)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    served(world, scenario)
    assert world.timers == []


def test_stopping_does_not_wait_for_those_who_do_not_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CLOSE_TIMEOUT_S", 0.01)
    world = FakeWorld()

    async def scenario(port: Port) -> None:
        async with port.socket(close_timeout=0.01) as client:
            await client.send("hello")
            await client.recv()
            client.transport.pause_reading()
            await port.driver.stop()
            client.transport.resume_reading()
            assert world.lost == [1]

    served(world, scenario)


def test_a_turn_is_asked_for_once() -> None:
    world = FakeWorld()
    turns = []
    world.connections_to_close = lambda: turns.append(1) or []  # type: ignore[assignment]

    async def scenario(port: Port) -> None:
        async with port.socket() as client:
            await asyncio.sleep(0)
            turns.clear()
            await until(lambda: not turns)
            client.transport.write(b"".join(frame(TEXT, x) for x in (b"a", b"b", b"c")))
            assert [await client.recv() for _ in range(3)] == ["a", "b", "c"]
            assert len(turns) == 1

    served(world, scenario)
