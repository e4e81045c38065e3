"""How the loop waits: asleep, awake, awake for a while, asleep when it is crowded."""

import asyncio
import multiprocessing
import multiprocessing.synchronize
import os
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from engine._core.core import Core
from engine.live.pace import Pace, ask_for_slice
from engine.live.rehearsal import Rehearsal
from tests.unit.live.wire import FakeTransport, Line, arrive, frame

LONG_NS = 60 * 10**9
TIMEOUT_S = 30


class Scene:
    """A line on a socket nobody but the pace looks at."""

    def __init__(self, policy: str, spin_ns: int, rehearse_ns: int = LONG_NS) -> None:
        self.rehearsal = Rehearsal(Core(7))
        self.pace = Pace(
            asyncio.get_running_loop(), policy, spin_ns, self.rehearsal, rehearse_ns
        )
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.line = Line()
        self.transport = FakeTransport()
        self.line.start(self.transport, self.near.fileno(), b"")
        self.line.deliver()
        self.pace.watch(self.line)

    async def heard(self, messages: int) -> None:
        """Wait until so many messages have come."""
        async with asyncio.timeout(TIMEOUT_S):
            while sum(map(len, self.line.lists)) < messages:
                await asyncio.sleep(0)

    async def rounds(self) -> int:
        """Let the loop turn a few times; return the pace's turns in that."""
        before = self.pace.turns
        for _ in range(20):
            await asyncio.sleep(0)
        return self.pace.turns - before


def play(
    policy: str,
    spin_ns: int,
    talk: Callable[[Scene], Awaitable[None]],
    rehearse_ns: int = LONG_NS,
) -> None:
    async def run() -> None:
        scene = Scene(policy, spin_ns, rehearse_ns)
        with scene.near, scene.far:
            await talk(scene)
            scene.pace.stop()
            scene.rehearsal.close()

    asyncio.run(run())


def test_spinning_reads_past_the_loop_until_it_is_stopped() -> None:
    async def talk(scene: Scene) -> None:
        scene.far.send(frame(b"one") + frame(b"two"))
        await scene.heard(2)
        assert scene.line.lists == [[b"one", b"two"]]
        scene.pace.rest(time.monotonic_ns())  # it has been told to have the core
        scene.far.send(frame(b"three"))
        await scene.heard(3)
        scene.pace.stop()
        await asyncio.sleep(0)
        assert await scene.rounds() == 0

    play("spin", 0, talk)


def test_who_is_awake_rehearses_while_nothing_comes() -> None:
    async def talk(scene: Scene) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while scene.rehearsal.plays < 20:
                await asyncio.sleep(0)
        assert scene.rehearsal.stopped == ""
        scene.far.send(frame(b"one"))
        await scene.heard(1)
        assert scene.line.lists == [[b"one"]]

    play("spin", 0, talk, rehearse_ns=1_000)


@pytest.mark.parametrize(
    ("policy", "spin_ns"), [("sleep", LONG_NS), ("adaptive", LONG_NS), ("spin", 0)]
)
def test_nothing_is_rehearsed_asleep_or_before_its_time(
    policy: str, spin_ns: int
) -> None:
    async def talk(scene: Scene) -> None:
        await scene.rounds()
        assert scene.rehearsal.plays == 0

    # An adaptive one sleeps until the first bytes come.
    play(policy, spin_ns, talk, rehearse_ns=LONG_NS if policy == "spin" else 1_000)


@pytest.mark.parametrize("ends", ["venue", "stop", "shut"])
def test_who_spins_reads_alone_until_it_ends(ends: str) -> None:
    async def talk(scene: Scene) -> None:
        assert scene.transport.calls == ["pause"]
        scene.far.send(frame(b"one"))
        await scene.heard(1)
        assert await scene.rounds() > 0
        assert scene.transport.calls == ["pause"]
        if ends == "venue":
            scene.far.close()
        elif ends == "stop":
            scene.pace.stop()
        else:
            scene.line.shut()
        await scene.rounds()
        assert scene.transport.calls == ["pause", "resume"]

    play("spin", 0, talk)


@pytest.mark.parametrize("policy", ["sleep", "adaptive"])
def test_who_sleeps_lets_the_transport_read(policy: str) -> None:
    async def talk(scene: Scene) -> None:
        arrive(scene.line, frame(b"one"))
        await scene.rounds()
        assert scene.transport.calls == []

    play(policy, LONG_NS, talk)


def test_asleep_nothing_is_looked_at() -> None:
    async def talk(scene: Scene) -> None:
        arrive(scene.line, frame(b"by the loop"))
        assert await scene.rounds() == 0

    play("sleep", LONG_NS, talk)


def test_adaptive_stays_awake_after_bytes_came() -> None:
    async def talk(scene: Scene) -> None:
        scene.far.send(frame(b"second"))
        assert await scene.rounds() == 0
        arrive(scene.line, frame(b"first"))
        await scene.heard(2)
        assert scene.line.lists == [[b"first"], [b"second"]]

    play("adaptive", LONG_NS, talk)


def test_adaptive_sleeps_when_its_time_is_over() -> None:
    async def talk(scene: Scene) -> None:
        arrive(scene.line, frame(b"first"))
        assert await scene.rounds() == 1

    play("adaptive", 1, talk)


def test_while_it_rests_bytes_do_not_wake_it() -> None:
    async def talk(scene: Scene) -> None:
        scene.pace.rest(time.monotonic_ns() + LONG_NS)
        arrive(scene.line, frame(b"first"))
        assert await scene.rounds() == 0
        assert scene.pace.rests == 1

    play("adaptive", LONG_NS, talk)


def test_rests_double_to_ten_seconds_and_begin_anew_after_a_peace() -> None:
    async def talk(scene: Scene) -> None:
        now_ns, rests_ms = LONG_NS, []
        for _ in range(9):
            scene.pace.rest(now_ns)
            rests_ms.append((scene.pace.resting_until_ns - now_ns) / 1e6)
            now_ns = scene.pace.resting_until_ns + 10 * 10**9
        assert rests_ms == [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
        scene.pace.rest(now_ns + 1)
        assert scene.pace.resting_until_ns - now_ns - 1 == 100 * 10**6

    play("adaptive", LONG_NS, talk)


def test_a_line_that_is_down_or_closing_is_not_read() -> None:
    async def talk(scene: Scene) -> None:
        scene.line.write_close(1000)
        scene.far.recv(100)
        scene.far.send(frame(b"late"))
        assert await scene.rounds() > 0
        scene.line.drop()
        assert await scene.rounds() > 0
        assert scene.line.lists == []

    play("spin", 0, talk)


@pytest.mark.parametrize("policy", ["sleep", "adaptive", "spin"])
def test_lines_that_went_down_are_not_kept(policy: str) -> None:
    async def talk(scene: Scene) -> None:
        for _ in range(50):
            line = Line()
            line.start(FakeTransport(), -1, b"")
            scene.pace.watch(line)
            line.drop()
        assert scene.pace.watched() == 1

    play(policy, 1, talk)


def test_the_end_of_a_socket_is_left_to_the_transport() -> None:
    async def talk(scene: Scene) -> None:
        scene.far.close()
        assert await scene.rounds() > 0
        assert (scene.line.lists, scene.line.said) == ([], [])

    play("spin", 0, talk)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="no policy often"):
        Pace(None, "often", 1)  # type: ignore[arg-type]


def _busy(cpu: int, ready: multiprocessing.synchronize.Event) -> None:
    os.sched_setaffinity(0, {cpu})
    ready.set()
    while True:
        pass


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no pinning here")
def test_adaptive_notices_that_somebody_else_wants_the_core() -> None:
    async def talk(scene: Scene) -> None:
        arrive(scene.line, frame(b"first"))
        async with asyncio.timeout(TIMEOUT_S):
            while scene.pace.rests == 0:
                await asyncio.sleep(0)
        assert await scene.rounds() == 0

    before = os.sched_getaffinity(0)
    cpu = min(before)
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=_busy, args=(cpu, ready), daemon=True)
    other.start()
    try:
        assert ready.wait(TIMEOUT_S)
        os.sched_setaffinity(0, {cpu})
        play("adaptive", LONG_NS, talk)
    finally:
        os.sched_setaffinity(0, before)
        other.kill()
        other.join()


def test_short_turns_are_asked_for_without_harm() -> None:
    number = ask_for_slice(100_000)
    assert number >= 0
    if number:
        assert os.strerror(number)
