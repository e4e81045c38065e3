"""A sleep that ends at the lines, in a loop that is asyncio's in everything else."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable

import pytest

from engine.live.loop import Loop
from engine.live.pace import Pace
from tests.unit.live.wire import FakeTransport, Line, frame

TIMEOUT_S = 30
SOON_S = 0.01


class Heard(Line):
    """A line that says when something came."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    def on_payloads(self, payloads: list[bytes]) -> None:
        super().on_payloads(payloads)
        self.heard.set()


class Scene:
    """A line on a socket the loop wakes for, and who else heard of it."""

    def __init__(self, kind: type[Heard]) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        self.loop = loop
        self.pace = Pace(loop, "sleep", 0)
        loop.sleep_by(self.pace)
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.line = kind()
        self.line.start(FakeTransport(), self.near.fileno(), b"")
        self.line.deliver()
        self.pace.watch(self.line)
        self.reads = 0
        loop.add_reader(self.near, self.read)

    def send_from_aside(self, data: bytes) -> None:
        """Send soon, from a thread: the loop sleeps until it comes."""
        threading.Timer(SOON_S, self.far.send, [data]).start()

    def read(self) -> None:
        """Take what the line has left, as the transport would."""
        self.reads += 1
        self.near.recv(1 << 16)


def play(talk: Callable[[Scene], Awaitable[None]], kind: type[Heard] = Heard) -> None:
    async def run() -> None:
        async with asyncio.timeout(TIMEOUT_S):
            scene = Scene(kind)
            with scene.near, scene.far:
                await talk(scene)
                scene.loop.remove_reader(scene.near)

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(run())


def test_what_wakes_the_loop_is_read_before_the_loop_hears_of_it():
    async def talk(scene: Scene) -> None:
        scene.send_from_aside(frame(b"one") + frame(b"two"))
        await scene.line.heard.wait()
        assert scene.line.lists == [[b"one", b"two"]]
        assert scene.reads == 0

    play(talk)


def test_what_comes_while_the_loop_is_busy_is_the_loops():
    async def talk(scene: Scene) -> None:
        scene.far.send(frame(b"one"))
        while not scene.reads:
            await asyncio.sleep(0)
        assert scene.line.lists == []

    play(talk)


def test_timers_and_other_threads_wake_it():
    async def talk(scene: Scene) -> None:
        due_s = scene.loop.time() + SOON_S
        await asyncio.sleep(SOON_S)
        assert scene.loop.time() >= due_s
        assert await asyncio.to_thread(lambda: 7) == 7

    play(talk)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal")
def test_a_signal_wakes_it():
    async def talk(scene: Scene) -> None:
        heard = asyncio.Event()
        scene.loop.add_signal_handler(signal.SIGUSR1, heard.set)
        scene.loop.call_later(SOON_S, os.kill, os.getpid(), signal.SIGUSR1)
        await heard.wait()
        scene.loop.remove_signal_handler(signal.SIGUSR1)

    play(talk)


def test_a_line_that_fails_does_not_end_the_loop():
    class Broken(Heard):
        def on_payloads(self, payloads: list[bytes]) -> None:
            raise RuntimeError("broken")

    async def talk(scene: Scene) -> None:
        told: list[dict] = []
        failed = asyncio.Event()

        def note(loop: asyncio.AbstractEventLoop, context: dict) -> None:
            told.append(context)
            failed.set()

        scene.loop.set_exception_handler(note)
        scene.send_from_aside(frame(b"one"))
        await failed.wait()
        assert str(told[0]["exception"]) == "broken"

    play(talk, Broken)


def test_without_a_pace_it_is_asyncios():
    async def run() -> str:
        await asyncio.sleep(SOON_S)
        return "done"

    with asyncio.Runner(loop_factory=Loop) as runner:
        assert runner.run(run()) == "done"
